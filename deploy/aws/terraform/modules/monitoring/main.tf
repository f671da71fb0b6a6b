# Topics, the message about a failed run, log filters and the budget. alarms.tf has the alarms, dashboard.tf the dashboard.

# --- Alert topic -------------------------------------------------------------------------------------------------

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

  # Snowflake publishes with its role. SNS supports no condition for EventBridge, which sends no source. The key's policy
  # restricts EventBridge to this topic instead.
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

# --- Message about a failed run of the job -----------------------------------------------------------------------

# An event, not a metric: it arrives at once and has the reason. It does not matter how the run was started.
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

  # The JSON is written out because jsonencode writes < as \u003c, and EventBridge would then not replace the placeholders.
  input_transformer {
    input_paths = {
      job   = "$.detail.jobName"
      run   = "$.detail.jobRunId"
      state = "$.detail.state"
      why   = "$.detail.message"
    }
    # EventBridge does not escape text that it inserts into a string, and Python's errors have quotes. So each placeholder is
    # a whole JSON value.
    input_template = trimspace(<<-EOT
      {"severity": "error", "job": <job>, "run": <run>, "state": <state>, "why": <why>, "what to do": "No unfinished batch was published. Objects that were not processed are still under raw/pending/: the next run processes them. If the run fails again, read the end of its log (Output logs in the Glue console)."}
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
  # The filters read the line of JSON with which each run of the job ends (glue_jobs/summary.py).
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

# --- Budget ------------------------------------------------------------------------------------------------------

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
