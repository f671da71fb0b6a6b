# IAM roles for Snowflake. They are applied twice: first without trusted users, so that Snowflake's integrations can refer to
# the roles; then with the users that DESC INTEGRATION shows.

locals {
  # We may choose the external id, and it is the same on every apply. It prevents other customers of Snowflake from using this
  # role. It is not a secret.
  external_id = var.external_id != "" ? var.external_id : "${var.name}-${substr(sha256("${var.place.account}/${var.name}"), 0, 16)}"

  trusts = {
    files  = { principal = var.principal_arn, external_id = local.external_id }
    errors = { principal = var.error_principal_arn, external_id = var.error_external_id }
  }

  trust_none = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = { AWS = "arn:${var.place.partition}:iam::${var.place.account}:root" }
      Action    = "sts:AssumeRole"
    }]
  })

  # A role trusts no user while its user or its external id is missing.
  trust = {
    for what, who in local.trusts : what => who.principal == "" || who.external_id == "" ? local.trust_none : jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { AWS = who.principal }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "sts:ExternalId" = who.external_id } }
      }]
    })
  }
}

resource "aws_iam_role" "files" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = var.name
  description          = "Snowflake: reads published files"
  assume_role_policy   = local.trust["files"]
}

resource "aws_iam_role_policy" "files" {
  name = "files"
  role = aws_iam_role.files.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PublishedFiles"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = "${var.bucket_arn}/processed/*"
      },
      {
        Sid       = "TheirNames"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.bucket_arn
        Condition = { StringLike = { "s3:prefix" = ["processed", "processed/*"] } }
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
    ]
  })
}

resource "aws_iam_role" "errors" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.name}-errors"
  description          = "Snowflake: reports what its pipes could not load"
  assume_role_policy   = local.trust["errors"]
}

resource "aws_iam_role_policy" "errors" {
  name = "errors"
  role = aws_iam_role.errors.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Alerts"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = var.alert_topic_arn
      },
      {
        Sid       = "KeyOfAlerts"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.kms_key_arn
        Condition = { StringEquals = { "kms:ViaService" = "sns.${var.place.region}.amazonaws.com" } }
      },
    ]
  })
}
