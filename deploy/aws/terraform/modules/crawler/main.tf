# A Glue crawler for the published files, for people who know crawlers from tutorials. Nothing depends on it: the catalog is
# generated from the contracts. The crawler has its own database and no schedule. It only logs changes of a schema.
#
# AWS bills it by the DPU-hour, with a minimum for each run. Start it by hand:
#
#   aws glue start-crawler --name spotify-playlists-dev-crawler

resource "aws_glue_catalog_database" "crawled" {
  name        = "${replace(var.name, "-", "_")}_crawled"
  description = "Tables as a crawler infers them from the published files; for comparison with the generated ones"
}

resource "aws_glue_crawler" "published" {
  name          = "${var.name}-crawler"
  description   = "Infers tables from the published files, on demand"
  database_name = aws_glue_catalog_database.crawled.name
  role          = aws_iam_role.crawler.arn

  # One target for each table: the table is named for its folder, and the folders below it are its partitions.
  dynamic "s3_target" {
    for_each = var.locations

    content {
      path = s3_target.value
    }
  }

  configuration = jsonencode({
    Version       = 1
    Grouping      = { TableGroupingPolicy = "CombineCompatibleSchemas" }
    CrawlerOutput = { Partitions = { AddOrUpdateBehavior = "InheritFromTable" } }
  })

  # The crawler logs changes of a schema and does not change its tables.
  schema_change_policy {
    update_behavior = "LOG"
    delete_behavior = "LOG"
  }

  depends_on = [aws_iam_role_policy.crawler]
}

resource "aws_iam_role" "crawler" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.name}-crawler"
  description          = "The crawler: reads published files, writes its own database of the catalog"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "glue.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.place.account } }
    }]
  })
}

locals {
  glue = "arn:${var.place.partition}:glue:${var.place.region}:${var.place.account}"
}

resource "aws_iam_role_policy" "crawler" {
  name = "crawler"
  role = aws_iam_role.crawler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PublishedFiles"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "${var.bucket_arn}/processed/*"
      },
      {
        Sid       = "TheirNames"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.bucket_arn
        Condition = { StringLike = { "s3:prefix" = ["processed/*"] } }
      },
      {
        Sid      = "Place"
        Effect   = "Allow"
        Action   = "s3:GetBucketLocation"
        Resource = var.bucket_arn
      },
      {
        Sid       = "KeyOfBucket"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.kms_key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.place.region}.amazonaws.com" } }
      },
      {
        Sid    = "OwnDatabase"
        Effect = "Allow"
        Action = [
          "glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:CreateTable", "glue:UpdateTable",
          "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition", "glue:CreatePartition",
          "glue:BatchCreatePartition", "glue:UpdatePartition", "glue:BatchUpdatePartition",
        ]
        Resource = [
          "${local.glue}:catalog",
          "${local.glue}:database/${aws_glue_catalog_database.crawled.name}",
          "${local.glue}:table/${aws_glue_catalog_database.crawled.name}/*",
        ]
      },
      {
        # All crawlers of an account share this log group. Glue creates it.
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${var.place.partition}:logs:${var.place.region}:${var.place.account}:log-group:/aws-glue/crawlers*"
      },
    ]
  })
}
