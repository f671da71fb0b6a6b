# Athena's databases, tables and views, generated from the contracts: a new column of a contract needs no change here. Athena
# computes the partitions from the date, so nothing adds them and no crawler runs.

locals {
  lake_database    = replace("${var.name}_lake", "-", "_")
  current_database = replace(var.name, "-", "_")

  # The generated file has placeholders for names that only the stack knows. The lake is the whole bucket, so the prefix is empty.
  text = replace(replace(replace(replace(
    file(var.file),
    "{{ bucket }}", var.bucket_name),
    "{{ prefix }}", ""),
    "{{ database }}", local.current_database),
    "{{ lake_database }}", local.lake_database,
  )
  catalog = jsondecode(local.text)
  tables  = { for table in local.catalog.tables : table.name => table }
  views   = { for view in local.catalog.views : view.name => view }
}

# A query without a date lists each projected day of each table. So the projection begins with the day of the first
# deployment, which stays in the state.
resource "terraform_data" "first_day" {
  input = formatdate("YYYY-MM-DD", plantimestamp())

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  first_day = coalesce(var.projection_start, terraform_data.first_day.output)
}

# Every published row.
resource "aws_glue_catalog_database" "lake" {
  name        = local.lake_database
  description = "Every published row of the lake; read the current views instead unless you want history"
}

resource "aws_glue_catalog_table" "lake" {
  for_each = local.tables

  database_name = aws_glue_catalog_database.lake.name
  name          = each.key
  description   = each.value.description
  table_type    = "EXTERNAL_TABLE"
  parameters    = merge(each.value.parameters, { "projection.ingest_date.range" = "${local.first_day},NOW" })

  dynamic "partition_keys" {
    for_each = each.value.partition_keys

    content {
      name    = partition_keys.value.name
      type    = partition_keys.value.type
      comment = partition_keys.value.comment
    }
  }

  storage_descriptor {
    location      = each.value.location
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    dynamic "columns" {
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }
}

# The current rows. People read these.
resource "aws_glue_catalog_database" "current" {
  name        = local.current_database
  description = "Current rows of every table, as views of ${local.lake_database}"
}

resource "aws_glue_catalog_table" "current" {
  for_each = merge(
    {
      for name, table in local.tables : name => {
        description = table.description
        # Views of history also have the partition column ingest_date.
        columns = [for column in concat(table.columns, table.partition_keys) : column if contains(table.view.columns[*].name, column.name)]
        view    = table.view
      }
    },
    { for name, view in local.views : name => { description = view.description, columns = view.columns, view = view.view } },
  )

  database_name = aws_glue_catalog_database.current.name
  name          = each.key
  description   = each.value.description
  table_type    = "VIRTUAL_VIEW"
  parameters    = { presto_view = "true", comment = "Presto View" }

  # Athena itself stores a view like this: the select and its columns' types, as JSON in base64.
  view_expanded_text = "/* Presto View */"
  view_original_text = format("/* Presto View: %s */", base64encode(jsonencode({
    originalSql = each.value.view.sql
    catalog     = "awsdatacatalog"
    schema      = local.current_database
    columns     = each.value.view.columns
  })))

  storage_descriptor {
    dynamic "columns" {
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }

  depends_on = [aws_glue_catalog_table.lake]
}

# Saved queries for Athena's console, from deploy/athena/queries/.
resource "aws_athena_named_query" "saved" {
  for_each = { for query in local.catalog.queries : query.name => query }

  name        = each.key
  description = each.value.description
  workgroup   = aws_athena_workgroup.readers.name
  database    = aws_glue_catalog_database.current.name
  query       = each.value.sql
}

resource "aws_athena_workgroup" "readers" {
  name          = var.name
  description   = "Queries of the lake's tables"
  force_destroy = var.force_delete

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = 10 * 1024 * 1024 * 1024 # 5 cents at 5 dollars a TB

    result_configuration {
      output_location = "s3://${var.bucket_name}/athena-results/"

      encryption_configuration {
        encryption_option = "SSE_KMS"
        kms_key_arn       = var.kms_key_arn
      }
    }
  }
}

# --- Readers -----------------------------------------------------------------------------------------------------

# Attach this policy to people and tools that read. The stack does not know them, so it does not attach the policy itself.
resource "aws_iam_policy" "reader" {
  name        = "${var.name}-reader"
  description = "Read the tables of ${var.name} by Athena; neither raw objects nor rejects"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Queries"
        Effect = "Allow"
        Action = [
          "athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution",
          "athena:BatchGetQueryExecution", "athena:ListQueryExecutions", "athena:GetQueryResults",
          "athena:GetQueryResultsStream", "athena:GetWorkGroup", "athena:GetNamedQuery", "athena:BatchGetNamedQuery",
          "athena:ListNamedQueries",
        ]
        Resource = aws_athena_workgroup.readers.arn
      },
      {
        Sid      = "Names"
        Effect   = "Allow"
        Action   = ["athena:GetDataCatalog", "athena:GetDatabase", "athena:ListDatabases", "athena:GetTableMetadata", "athena:ListTableMetadata"]
        Resource = "arn:${var.place.partition}:athena:${var.place.region}:${var.place.account}:datacatalog/AwsDataCatalog"
      },
      {
        # AWS has no narrower resource for these actions. Drivers and the console list catalogs and workgroups first.
        Sid      = "CatalogsAndWorkgroups"
        Effect   = "Allow"
        Action   = ["athena:ListDataCatalogs", "athena:ListWorkGroups", "athena:ListEngineVersions"]
        Resource = "*"
      },
      {
        # Athena reads the database `default` before each query, even if the query uses another database.
        Sid    = "DefaultDatabase"
        Effect = "Allow"
        Action = "glue:GetDatabase"
        Resource = [
          for what in ["catalog", "database/default"] : "arn:${var.place.partition}:glue:${var.place.region}:${var.place.account}:${what}"
        ]
      },
      {
        Sid    = "Catalog"
        Effect = "Allow"
        Action = ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"]
        Resource = concat(
          ["arn:${var.place.partition}:glue:${var.place.region}:${var.place.account}:catalog"],
          flatten([
            for database in [local.lake_database, local.current_database] : [
              "arn:${var.place.partition}:glue:${var.place.region}:${var.place.account}:database/${database}",
              "arn:${var.place.partition}:glue:${var.place.region}:${var.place.account}:table/${database}/*",
            ]
          ]),
        )
      },
      {
        Sid      = "PublishedFiles"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "${var.bucket_arn}/processed/*"
      },
      {
        Sid      = "Results"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = "${var.bucket_arn}/athena-results/*"
      },
      {
        Sid      = "Place"
        Effect   = "Allow"
        Action   = "s3:GetBucketLocation"
        Resource = var.bucket_arn
      },
      {
        Sid       = "Lists"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.bucket_arn
        Condition = { StringLike = { "s3:prefix" = ["processed/*", "athena-results/*"] } }
      },
      {
        Sid       = "KeyOfBucket"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.kms_key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.place.region}.amazonaws.com" } }
      },
    ]
  })
}
