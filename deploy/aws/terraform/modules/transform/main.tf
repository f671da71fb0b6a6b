# The Glue job that explodes raw JSON into the tables. It may also be started by hand, in the console or with
# `aws glue start-job-run`: all arguments have defaults here.

locals {
  code = {
    script = var.script
    zip    = var.zip
  }
  log_prefix = "/aws-glue/jobs/${var.name}"
}

# Each key contains a hash of the content. So a run that is starting finds the code that it was started with, and the job is
# updated only when its code has changed.
resource "aws_s3_object" "code" {
  for_each = local.code

  bucket     = var.bucket_name
  key        = "code/${substr(filesha256(each.value), 0, 16)}/${basename(each.value)}"
  source     = each.value
  kms_key_id = var.kms_key_arn

  # The new code is uploaded before the job is pointed at it. The old code is deleted afterwards.
  lifecycle {
    create_before_destroy = true
  }
}

# A run that is starting while the job is updated still downloads the old code, so the deletion waits until such a run must
# have begun. Terraform destroys this resource, which waits, after it has updated the job and before it deletes the old code.
resource "terraform_data" "old_code" {
  triggers_replace = [for object in aws_s3_object.code : object.key]
  input            = var.code_linger_seconds

  provisioner "local-exec" {
    when    = destroy
    command = "sleep $${CODE_LINGER_SECONDS:-${self.input}}"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_glue_job" "transform" {
  name              = var.name
  description       = "Explodes what is pending in the lake into its tables, each raw object exactly once"
  role_arn          = aws_iam_role.transform.arn
  glue_version      = var.glue_version
  worker_type       = var.worker_type
  execution_class   = var.execution_class
  number_of_workers = var.workers
  timeout           = var.timeout_minutes
  max_retries       = 0 # objects of a failed run stay pending; the next event or the daily schedule starts a run for them

  execution_property {
    max_concurrent_runs = 1 # a second run would find nothing; the machine waits instead
  }

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = "s3://${var.bucket_name}/${aws_s3_object.code["script"].key}"
  }

  default_arguments = {
    "--lake"            = var.lake_uri
    "--timeout-minutes" = tostring(var.timeout_minutes)
    "--extra-py-files"  = "s3://${var.bucket_name}/${aws_s3_object.code["zip"].key}"
    "--job-language"    = "python"

    "--enable-auto-scaling" = tostring(var.auto_scaling)
    "--job-bookmark-option" = "job-bookmark-disable" # the commit log records which objects were processed

    "--enable-metrics"                   = "true"
    "--enable-observability-metrics"     = "true"
    "--enable-continuous-cloudwatch-log" = "true" # the default of Glue 5; written here to show that it is intended
    "--custom-logGroup-prefix"           = local.log_prefix

    # The job searches no raw objects below this prefix.
    "--enable-spark-ui"       = "true"
    "--spark-event-logs-path" = "${var.lake_uri}/spark-ui/"
  }

  depends_on = [aws_cloudwatch_log_group.transform, aws_iam_role_policy.transform, terraform_data.old_code]
}

# output has what the job prints, with one line of JSON at the end; error has Spark's own log.
resource "aws_cloudwatch_log_group" "transform" {
  for_each = toset(["output", "error"])

  name              = "${local.log_prefix}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "transform" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = var.name
  description          = "The job: reads raw objects, publishes tables"

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
  # import/ is for `--source`: the job reads its objects and leaves them in place.
  reads   = ["code/", "import/", "raw/", "staging/", "processed/", "rejects/", "log/", "spark-ui/"]
  writes  = ["raw/processed/", "raw/quarantine/", "staging/", "processed/", "rejects/", "log/", "spark-ui/"]
  deletes = ["raw/pending/", "raw/quiet/", "staging/", "log/attempts/", "log/more.json", "spark-ui/"]
}

resource "aws_iam_role_policy" "transform" {
  name = "transform"
  role = aws_iam_role.transform.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Reads"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = [for prefix in local.reads : "${var.bucket_arn}/${prefix}*"]
      },
      {
        Sid      = "Writes"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = [for prefix in local.writes : "${var.bucket_arn}/${prefix}*"]
      },
      {
        # The job may not delete published files, rejects, archived raw objects and log entries.
        Sid      = "Deletes"
        Effect   = "Allow"
        Action   = "s3:DeleteObject"
        Resource = [for prefix in local.deletes : "${var.bucket_arn}/${prefix}*"]
      },
      {
        # The job may never delete published files, even if another policy allows it.
        Sid      = "NeverDeletes"
        Effect   = "Deny"
        Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        Resource = "${var.bucket_arn}/processed/*"
      },
      {
        # IfExists: a GetObject has no s3:prefix, and without ListBucket S3 answers 403 instead of 404 for an
        # object that does not exist. The commit log reads entries and files that may not exist yet.
        Sid       = "Lists"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.bucket_arn
        Condition = { StringLikeIfExists = { "s3:prefix" = concat([for prefix in local.reads : "${prefix}*"], [for prefix in local.reads : trimsuffix(prefix, "/")]) } }
      },
      {
        Sid       = "KeyOfBucket"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.kms_key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.place.region}.amazonaws.com" } }
      },
      {
        # Glue calls CreateLogGroup to check whether the log groups exist.
        Sid    = "OwnLogs"
        Effect = "Allow"
        Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [
          "arn:${var.place.partition}:logs:${var.place.region}:${var.place.account}:log-group:${local.log_prefix}/*"
        ]
      },
      {
        # PutMetricData supports no resources, so only the namespace can be restricted.
        Sid       = "JobMetrics"
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringEquals = { "cloudwatch:namespace" = "Glue" } }
      },
    ]
  })
}
