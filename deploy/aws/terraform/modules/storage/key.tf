# One key for bucket, secret, topics and logs. If you use an existing key instead, its policy must have the statements below:
# without them AWS refuses logs, alarms and the notifications of published files (docs/deploy.md).

locals {
  # Services that publish to encrypted topics on this account's behalf. Roles are not listed: the first statement lets IAM
  # policies grant use of the key, and the roles of Lambda, job, Snowflake and readers have such policies.
  from_this_account = { StringEquals = { "aws:SourceAccount" = var.place.account } }
  senders = {
    # Rules publish to the alert topic. EventBridge sends no aws:SourceAccount to KMS: a condition on it would refuse each
    # delivery to the encrypted topic. The encryption context has the topic's ARN.
    events = {
      service   = "events.amazonaws.com"
      condition = { ArnLike = { "kms:EncryptionContext:aws:sns:topicArn" = var.alert_topic_arn } }
    }
    cloudwatch = { service = "cloudwatch.amazonaws.com", condition = local.from_this_account } # alarms publish to the alert topic
    budgets    = { service = "budgets.amazonaws.com", condition = local.from_this_account }    # the budget publishes to the alert topic
    s3         = { service = "s3.amazonaws.com", condition = local.from_this_account }         # the bucket publishes to the topic of published files
  }
}

locals {
  kms_key_arn = coalesce(var.kms_key_arn, one(aws_kms_key.lake[*].arn))
}

resource "aws_kms_key" "lake" {
  count = var.kms_key_arn == null ? 1 : 0

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
        for who, sender in local.senders : {
          Sid       = "Sender${title(who)}"
          Effect    = "Allow"
          Principal = { Service = sender.service }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = "*"
          Condition = sender.condition
        }
      ],
    )
  })
}

# Before an existing key could be used, the key and its alias had these addresses.
moved {
  from = aws_kms_key.lake
  to   = aws_kms_key.lake[0]
}

moved {
  from = aws_kms_alias.lake
  to   = aws_kms_alias.lake[0]
}

resource "aws_kms_alias" "lake" {
  count = var.kms_key_arn == null ? 1 : 0

  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.lake[0].key_id
}
