# Topics, the message of a failed run, log filters and the budget; alarms.tf has the alarms, dashboard.tf the dashboard.

# --- Where alarms go ---------------------------------------------------------------------------------------------

resource "aws_sns_topic" "alerts" {
  name              = "${var.name}-alerts"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "mail" {
  count = var.alert_email == "" ? 0 : 1

  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn

  # Snowflake publishes by its role. EventBridge sends no source: SNS allows no condition for it, and the key's policy
  # says which topic it may publish to.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        for who, source in local.alert_sources : {
          Sid       = who
          Effect    = "Allow"
          Principal = { Service = source.service }
          Action    = "sns:Publish"
          Resource  = aws_sns_topic.alerts.arn
          Condition = {
            ArnLike      = { "aws:SourceArn" = source.arn }
            StringEquals = { "aws:SourceAccount" = var.place.account }
          }
        }
      ],
      [
        {
          Sid       = "Rules"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sns:Publish"
          Resource  = aws_sns_topic.alerts.arn
        }
      ],
    )
  })
}

locals {
  here = "${var.place.region}:${var.place.account}"
  alert_sources = {
    Alarms = { service = "cloudwatch.amazonaws.com", arn = "arn:${var.place.partition}:cloudwatch:${local.here}:alarm:${var.name}-*" }
    Budget = { service = "budgets.amazonaws.com", arn = "arn:${var.place.partition}:budgets::${var.place.account}:*" }
  }
}

# --- A run of the job failed, however it was started -------------------------------------------------------------

# An event, not a metric: it comes at once, and says why.
resource "aws_cloudwatch_event_rule" "job_failed" {
  name        = "${var.name}-job-failed"
  description = "A run of the job did not succeed"

  event_pattern = jsonencode({
    source        = ["aws.glue"]
    "detail-type" = ["Glue Job State Change"]
    detail        = { jobName = [var.job_name], state = ["FAILED", "TIMEOUT", "ERROR", "STOPPED"] }
  })
}

resource "aws_cloudwatch_event_target" "job_failed" {
  rule      = aws_cloudwatch_event_rule.job_failed.name
  target_id = "alerts"
  arn       = aws_sns_topic.alerts.arn

  # Written out, not by jsonencode, which spells < as \u003c, and then nothing is filled in.
  input_transformer {
    input_paths = {
      job   = "$.detail.jobName"
      run   = "$.detail.jobRunId"
      state = "$.detail.state"
      why   = "$.detail.message"
    }
    # EventBridge does not escape what it fills in, and Python's errors have quotes: values are where JSON has values.
    input_template = trimspace(<<-EOT
      {"severity": "error", "job": <job>, "run": <run>, "state": <state>, "why": <why>, "what to do": "Nothing half done was published, and what was not taken is still under raw/pending/: the next run takes it. If the same comes again, read the end of the run's log (Output logs in the Glue console)."}
    EOT
    )
  }

  dead_letter_config {
    arn = var.undelivered_queue_arn
  }
}

# --- Metrics of the job ------------------------------------------------------------------------------------------

locals {
  metrics = "SpotifyPlaylistSuite/${var.name}" # the Lambda's own too (extract_lambda/metrics.py)
  # Of the one line of JSON that a run of the job ends with (glue_jobs/summary.py).
  filters = {
    EntriesLeftUndone      = { pattern = "{ ($.job = \"explode_playlists\") && ($.finished_earlier[0] >= 1) }", value = "1" }
    BatchesWithManyRejects = { pattern = "{ ($.job = \"explode_playlists\") && ($.alarms[0].batch >= 1) }", value = "1" }
    JobSeconds             = { pattern = "{ ($.job = \"explode_playlists\") && ($.seconds >= 0) }", value = "$.seconds" }
  }
}

resource "aws_cloudwatch_log_metric_filter" "job" {
  for_each = local.filters

  name           = "${var.name}-${each.key}"
  log_group_name = var.job_output_log_group
  pattern        = each.value.pattern

  metric_transformation {
    namespace = local.metrics
    name      = each.key
    value     = each.value.value
  }
}

# --- Money -------------------------------------------------------------------------------------------------------

resource "aws_budgets_budget" "month" {
  count = var.monthly_budget_usd > 0 ? 1 : 0

  name         = var.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_unit   = "USD"
  limit_amount = tostring(var.monthly_budget_usd)

  cost_filter {
    name = var.budget_by_tag ? "TagKeyValue" : "Service"
    values = var.budget_by_tag ? [format("user:stack$%s", var.name)] : [
      "AWS Glue",
      "AWS Lambda",
      "Amazon Simple Storage Service",
      "AWS Step Functions",
      "AmazonCloudWatch",
      "AWS Key Management Service",
      "AWS Secrets Manager",
      "Amazon Athena",
    ]
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type         = notification.key
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [aws_sns_topic.alerts.arn]
    }
  }

  depends_on = [aws_sns_topic_policy.alerts]
}
