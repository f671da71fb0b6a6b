# The lake: one bucket, one key, and the topic that announces published files.

resource "aws_s3_bucket" "lake" {
  bucket        = var.bucket_name
  force_destroy = var.force_destroy

  # If a destroy stops because the bucket is not empty, the key of its objects must still exist.
  depends_on = [aws_kms_key.lake]
}

# --- No public access ------------------------------------------------------------------------------------

resource "aws_s3_bucket_public_access_block" "lake" {
  bucket                  = aws_s3_bucket.lake.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    object_ownership = "BucketOwnerEnforced" # disables ACLs
  }
}

locals {
  # Keys of log entries begin with 0, completion markers are under done/. Attempt markers, the watermark, retention.json and
  # more.json change, so they are not included.
  created_once = ["processed/*", "log/0*", "log/done/*"]

  # PutObject and CopyObject must send If-None-Match. A multipart upload sends it when it is completed:
  # s3:ObjectCreationOperation is false for its start and its parts. Off by default, because AWS's texts disagree: its guide
  # says that CopyObject with the header fails under such a policy (501), its announcement of October 2025 says that it works.
  # docs/operate.md has the check.
  immutability = [
    for place in var.immutable_lake ? ["CreatedOnce"] : [] : {
      Sid       = place
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:PutObject"
      Resource  = [for prefix in local.created_once : "${aws_s3_bucket.lake.arn}/${prefix}"]
      Condition = merge(
        {
          Null = { "s3:if-none-match" = "true" }
          Bool = { "s3:ObjectCreationOperation" = "true" }
        },
        # The commands forget and retention run with these roles.
        length(var.operator_role_arns) > 0 ? { ArnNotLike = { "aws:PrincipalArn" = var.operator_role_arns } } : {},
      )
    }
  ]
}

resource "aws_s3_bucket_policy" "lake" {
  bucket = aws_s3_bucket.lake.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "OnlyByTls"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = [aws_s3_bucket.lake.arn, "${aws_s3_bucket.lake.arn}/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }
      ],
      local.immutability,
    )
  })

  # S3 refuses two changes of a bucket's settings at a time.
  depends_on = [aws_s3_bucket_public_access_block.lake]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    bucket_key_enabled = true # one call to KMS for many objects

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = local.kms_key_arn
    }
  }
}

# An overwritten log entry or a file deleted by mistake can be restored.
resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id

  versioning_configuration {
    status = "Enabled"
  }
}

# --- Expiry; objects under log/, processed/, rejects/ and raw/quarantine/ never expire --------------------

resource "aws_s3_bucket_lifecycle_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    id     = "leftovers"
    status = "Enabled"
    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_retention_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  # Leftovers of killed runs; nothing else deletes them.
  rule {
    id     = "staging"
    status = "Enabled"

    filter {
      prefix = "staging/"
    }

    expiration {
      days = 30
    }
  }

  # One small object per run. It is needed for an hour at most, because an event is not repeated for longer.
  rule {
    id     = "run-marks"
    status = "Enabled"

    filter {
      prefix = "state/runs/"
    }

    expiration {
      days = 90
    }
  }

  rule {
    id     = "spark-ui"
    status = "Enabled"

    filter {
      prefix = "spark-ui/"
    }

    expiration {
      days = 30
    }
  }

  rule {
    id     = "query-results"
    status = "Enabled"

    filter {
      prefix = "athena-results/"
    }

    expiration {
      days = 14
    }
  }

  rule {
    id     = "raw-retention"
    status = var.raw_retention_days > 0 ? "Enabled" : "Disabled"

    filter {
      prefix = "raw/processed/"
    }

    expiration {
      days = max(1, var.raw_retention_days)
    }
  }

  # Below 128 KB S3 leaves objects where they are: moving them would cost more than it saves.
  rule {
    id     = "old-raw-cheaper"
    status = var.raw_archive_days > 0 ? "Enabled" : "Disabled"

    filter {
      prefix = "raw/processed/"
    }

    transition {
      days          = max(1, var.raw_archive_days)
      storage_class = "GLACIER_IR"
    }
  }

  depends_on = [aws_s3_bucket_versioning.lake]
}

# --- Notifications of new objects --------------------------------------------------------------------------------

# A bucket has one notification configuration: a second resource would replace this one.
resource "aws_s3_bucket_notification" "lake" {
  bucket      = aws_s3_bucket.lake.id
  eventbridge = true # the rules in module events

  # The job copies published files into place, large ones by multipart upload, so every kind of creation is announced.
  topic {
    id            = "published-files"
    topic_arn     = aws_sns_topic.processed.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "processed/"
    filter_suffix = ".parquet"
  }

  depends_on = [aws_sns_topic_policy.processed]
}

resource "aws_sns_topic" "processed" {
  name              = "${var.name}-processed"
  kms_master_key_id = local.kms_key_arn
}

resource "aws_sns_topic_policy" "processed" {
  arn = aws_sns_topic.processed.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "BucketTells"
          Effect    = "Allow"
          Principal = { Service = "s3.amazonaws.com" }
          Action    = "sns:Publish"
          Resource  = aws_sns_topic.processed.arn
          Condition = {
            ArnEquals    = { "aws:SourceArn" = aws_s3_bucket.lake.arn }
            StringEquals = { "aws:SourceAccount" = var.place.account }
          }
        }
      ],
      # As SYSTEM$GET_AWS_SNS_IAM_POLICY demands: Snowflake subscribes its own queue.
      [
        for principal in compact([var.snowflake_principal_arn]) : {
          Sid       = "SnowflakeSubscribes"
          Effect    = "Allow"
          Principal = { AWS = principal }
          Action    = "sns:Subscribe"
          Resource  = aws_sns_topic.processed.arn
        }
      ],
    )
  })
}
