# The Glue job that explodes raw JSON into the tables. It may also be started by hand, from the console or by
# `aws glue start-job-run`: all arguments have defaults here.

locals {
  code = {
    script = var.script
    zip    = var.zip
  }
  log_prefix = "/aws-glue/jobs/${var.name}"
}

# Under their content's hash: a run that is starting finds the code it was started with, and a job is updated only when
# its code has changed.
resource "aws_s3_object" "code" {
  for_each = local.code

  bucket     = var.bucket_name
  key        = "code/${substr(filesha256(each.value), 0, 16)}/${basename(each.value)}"
  source     = each.value
  kms_key_id = var.kms_key_arn

  # The new code is there before the job is pointed at it, the old one goes afterwards.
  lifecycle {
    create_before_destroy = true
  }
}

# A run that is starting when the job is updated still gets the old code: it is deleted only after a run must have begun.
# Terraform destroys this, and so waits, after the update of the job and before it deletes the old code.
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
  max_retries       = 0 # what failed stays pending, and the next event or the daily start takes it

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
    "--job-bookmark-option" = "job-bookmark-disable" # the commit log knows what was taken

    "--enable-metrics"                   = "true"
    "--enable-observability-metrics"     = "true"
    "--enable-continuous-cloudwatch-log" = "true" # Glue 5 does so anyway; this says that it is intended
    "--custom-logGroup-prefix"           = local.log_prefix

    # Outside of the prefixes that the job lists.
    "--enable-spark-ui"       = "true"
    "--spark-event-logs-path" = "${var.lake_uri}/spark-ui/"
  }

  depends_on = [aws_cloudwatch_log_group.transform, aws_iam_role_policy.transform, terraform_data.old_code]
}

# output: what the job prints, with one line of JSON at the end; error: Spark's own log.
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
  description          = "The job: takes raw objects, publishes tables"

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
  # import/ is for `--source`: its objects are read and left in place.
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
        # Published files, rejects, archived raw objects and log entries are not among them.
        Sid      = "Deletes"
        Effect   = "Allow"
        Action   = "s3:DeleteObject"
        Resource = [for prefix in local.deletes : "${var.bucket_arn}/${prefix}*"]
      },
      {
        # Whatever else is allowed, here or by another policy: the job never deletes what it has published.
        Sid      = "NeverDeletes"
        Effect   = "Deny"
        Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        Resource = "${var.bucket_arn}/processed/*"
      },
      {
        # IfExists: a GetObject has no s3:prefix, and without ListBucket S3 answers 403 instead of 404 for an
        # object that does not exist. The commit log asks for entries and files that may not be there yet.
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
        # Glue checks for the log groups by creating them.
        Sid    = "OwnLogs"
        Effect = "Allow"
        Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [
          "arn:${var.place.partition}:logs:${var.place.region}:${var.place.account}:log-group:${local.log_prefix}/*"
        ]
      },
      {
        # PutMetricData has no resources; only the namespace can be restricted.
        Sid       = "JobMetrics"
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringEquals = { "cloudwatch:namespace" = "Glue" } }
      },
    ]
  })
}
