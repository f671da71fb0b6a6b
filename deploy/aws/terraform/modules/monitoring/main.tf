# What a person is told, in the order in which it matters, and each with what to do about it.

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

# --- A run of the job failed, whoever started it -----------------------------------------------------------------

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

# --- Alarms ------------------------------------------------------------------------------------------------------

locals {
  lambda_metrics = "SpotifyPlaylistSuite"             # extract_lambda/metrics.py
  lambda_service = { service = "extract_lambda" }     # likewise
  job_metrics    = "SpotifyPlaylistSuite/${var.name}" # the filters below

  alarms = {
    no-success = {
      description         = "No look at a playlist went well for ${var.success_within_hours} hours. Read the last lines of the log /aws/lambda/${var.extract_function_name}: a dead login needs the login command, a cool-down of Spotify's only time; if there are no lines, see whether the schedule is enabled."
      namespace           = local.lambda_metrics
      metric_name         = "SecondsSinceLastSuccess"
      dimensions          = local.lambda_service
      statistic           = "Minimum"
      comparison_operator = "GreaterThanThreshold"
      # An hour is well when a look in it went well. No data is as bad: nothing ran.
      threshold          = 3600
      period             = 3600
      evaluation_periods = var.success_within_hours
      treat_missing_data = "breaching"
    }
    undelivered = {
      description         = "An event could not be delivered or an extraction failed for good: look at the messages of queue ${var.undelivered_queue_name} (each names its target and error), mend the cause, purge the queue. What is pending is taken by the next run."
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = { QueueName = var.undelivered_queue_name }
      statistic           = "Maximum"
      comparison_operator = "GreaterThanThreshold"
      threshold           = 0
      period              = 300
      evaluation_periods  = 1
      treat_missing_data  = "notBreaching"
    }
    login-ends = {
      description         = "The Spotify login is 150 days old, and Spotify ends it after six months: run the login command with this stack's secret."
      namespace           = local.lambda_metrics
      metric_name         = "TokenAgeDays"
      dimensions          = local.lambda_service
      statistic           = "Maximum"
      comparison_operator = "GreaterThanOrEqualToThreshold"
      threshold           = 150
      period              = 86400
      evaluation_periods  = 1
      treat_missing_data  = "ignore" # a day without a run says nothing about the login
    }
    entry-undone = {
      description         = "A run found a committed batch that an earlier run had left undone, and finished it. Nothing is lost; look why the earlier run died (its alert came then). A batch that cannot be finished fails the job each time."
      namespace           = local.job_metrics
      metric_name         = "EntriesLeftUndone"
      dimensions          = {}
      statistic           = "Sum"
      comparison_operator = "GreaterThanThreshold"
      threshold           = 0
      period              = 300
      evaluation_periods  = 1
      treat_missing_data  = "notBreaching"
    }
    many-rejects = {
      description         = "A batch had more rejects than the job's --alarm-rejects allows: read the reasons at the end of the run's output log and in rejects/. Spotify may have changed its answers; the raw objects are kept and can be replayed."
      namespace           = local.job_metrics
      metric_name         = "BatchesWithManyRejects"
      dimensions          = {}
      statistic           = "Sum"
      comparison_operator = "GreaterThanThreshold"
      threshold           = 0
      period              = 300
      evaluation_periods  = 1
      treat_missing_data  = "notBreaching"
    }
  }

  # Of the one line of JSON that a run of the job ends with (glue_jobs/explode_playlists.py, Summary.as_json).
  filters = {
    EntriesLeftUndone      = "{ ($.job = \"explode_playlists\") && ($.finished_earlier[0] >= 1) }"
    BatchesWithManyRejects = "{ ($.job = \"explode_playlists\") && ($.alarms[0].batch >= 1) }"
  }
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric_name
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison_operator
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.evaluation_periods
  treat_missing_data  = each.value.treat_missing_data
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = each.key == "no-success" ? [aws_sns_topic.alerts.arn] : []
}

# Also when it could not tell: timed out, stopped by hand, or a state that no catch sees.
resource "aws_cloudwatch_metric_alarm" "machine_failed" {
  alarm_name          = "${var.name}-machine-failed"
  alarm_description   = "An execution of the machine failed, timed out or was stopped: look at it in the Step Functions console. What is pending is taken by the next one, at the latest by the daily start."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]

  metric_query {
    id          = "all"
    expression  = "SUM(METRICS())"
    label       = "executions that did not succeed"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { failed = "ExecutionsFailed", timed_out = "ExecutionsTimedOut", stopped = "ExecutionsAborted" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/States"
        metric_name = metric_query.value
        dimensions  = { StateMachineArn = var.state_machine_arn }
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "job" {
  for_each = local.filters

  name           = "${var.name}-${each.key}"
  log_group_name = var.job_output_log_group
  pattern        = each.value

  metric_transformation {
    namespace = local.job_metrics
    name      = each.key
    value     = "1"
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
