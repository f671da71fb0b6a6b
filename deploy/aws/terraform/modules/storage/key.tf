# One key for bucket, secret, topics and logs.

locals {
  # Services that send something through what the key encrypts, on this account's behalf. Roles are not listed: the first
  # statement leaves them to their own policies (Lambda, job, Snowflake's role and readers say there what they may decrypt).
  senders = {
    events     = "events.amazonaws.com"     # rules publish to the alert topic
    cloudwatch = "cloudwatch.amazonaws.com" # alarms publish to the alert topic
    budgets    = "budgets.amazonaws.com"    # the budget publishes to the alert topic
    s3         = "s3.amazonaws.com"         # the bucket publishes to the topic of published files
  }
}

resource "aws_kms_key" "lake" {
  description             = "${var.name}: lake, login, topics and logs"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "AccountDecidesByItsPolicies"
          Effect    = "Allow"
          Principal = { AWS = "arn:${var.place.partition}:iam::${var.place.account}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "LogsOfThisStack"
          Effect    = "Allow"
          Principal = { Service = "logs.${var.place.region}.amazonaws.com" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            ArnLike = {
              "kms:EncryptionContext:aws:logs:arn" = [
                for group in ["/aws/lambda/${var.name}-*", "/aws-glue/jobs/${var.name}-*"] :
                "arn:${var.place.partition}:logs:${var.place.region}:${var.place.account}:log-group:${group}"
              ]
            }
          }
        },
      ],
      [
        for who, service in local.senders : {
          Sid       = "Sender${title(who)}"
          Effect    = "Allow"
          Principal = { Service = service }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceAccount" = var.place.account } }
        }
      ],
    )
  })
}

resource "aws_kms_alias" "lake" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.lake.key_id
}
