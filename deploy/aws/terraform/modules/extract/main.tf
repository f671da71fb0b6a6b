# The Lambda that reads Spotify and writes raw JSON into the lake.

resource "aws_lambda_function" "extract" {
  function_name    = var.name
  description      = "Reads changed playlists into raw/pending/ of the lake"
  role             = aws_iam_role.extract.arn
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  handler          = "extract_lambda.handler.handle"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  memory_size      = 512
  publish          = true # a version for each deploy, so that the alias can go back to an earlier one
  timeout          = 900  # Lambda's maximum; a run stops before it, and the next run continues

  # Two runs at once would share Spotify's rate limit and read the same playlists.
  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = merge(
      {
        LAKE_URI              = var.lake_uri
        METRICS_NAMESPACE     = var.metrics_namespace
        SPOTIFY_SECRET_ARN    = var.secret_arn
        SPOTIFY_LIKED_SONGS   = var.liked_songs ? "yes" : "no"
        FORCE_FULL_EVERY_DAYS = tostring(var.force_full_every_days)
      },
      length(var.playlists) > 0 ? { SPOTIFY_PLAYLISTS = join(",", var.playlists) } : {},
      var.environment,
    )
  }

  # Otherwise Lambda creates the log group itself, unencrypted and without retention.
  depends_on = [aws_cloudwatch_log_group.extract, aws_iam_role_policy.extract]
}

# The schedule invokes this alias. To go back to an earlier version:
# aws lambda update-alias --name live --function-version N (docs/operate.md).
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that the schedule invokes"
  function_name    = aws_lambda_function.extract.function_name
  function_version = aws_lambda_function.extract.version
}

# A run's id is the scheduled time, so a retry of an event continues where the first attempt stopped. After an hour an hourly
# schedule has sent the next event.
resource "aws_lambda_function_event_invoke_config" "extract" {
  function_name                = aws_lambda_function.extract.function_name
  qualifier                    = aws_lambda_alias.live.name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 3600

  destination_config {
    on_failure {
      destination = var.undelivered_queue_arn
    }
  }
}

resource "aws_cloudwatch_log_group" "extract" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "extract" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = var.name
  description          = "The extractor: writes raw objects, reads the Spotify login"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "extract" {
  name = "extract"
  role = aws_iam_role.extract.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "OwnObjects"
        Effect = "Allow"
        Action = ["s3:GetObject", "s3:PutObject"]
        Resource = [
          for prefix in ["raw/pending/run=*", "raw/quiet/run=*", "state/*"] : "${var.bucket_arn}/${prefix}"
        ]
      },
      {
        # IfExists: a GetObject has no s3:prefix, and without ListBucket S3 answers 403 instead of 404 for an
        # object that does not exist. The extractor reads manifests and state that may not exist yet.
        # It lists the last two prefixes to measure the ages of the oldest pending object and of the last commit.
        Sid       = "OwnPrefixes"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.bucket_arn
        Condition = { StringLikeIfExists = { "s3:prefix" = ["raw/pending/run=*", "raw/quiet/run=*", "state/*", "raw/pending/", "log/frontier.json"] } }
      },
      {
        # PutSecretValue, because Spotify rotates refresh tokens.
        Sid      = "SpotifyLogin"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
        Resource = var.secret_arn
      },
      {
        Sid      = "KeyOfBucketAndLogin"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.kms_key_arn
        Condition = {
          StringEquals = {
            "kms:ViaService" = [for service in ["s3", "secretsmanager"] : "${service}.${var.place.region}.amazonaws.com"]
          }
        }
      },
      {
        Sid      = "OwnLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${var.place.partition}:logs:${var.place.region}:${var.place.account}:log-group:/aws/lambda/${var.name}:*"
      },
      {
        Sid      = "FailedForGood"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = var.undelivered_queue_arn
      },
    ]
  })
}
