# Alarms on metrics. Each alarm's name begins with its severity, so the subject of its mail shows it. Each alarm has a page in
# docs/runbooks. Every error alarm also raises the composite alarm, which pages a person.
#
# Each failure sends one message: the rule in main.tf reports a failed run of the job, and an alarm reports a message in the
# queue of undelivered events.

locals {
  lambda   = { FunctionName = var.extract_function_name }
  emitted  = { service = "extract_lambda" } # extract_lambda/metrics.py
  hour     = 3600
  day      = 86400
  above    = "GreaterThanThreshold"
  reaching = "GreaterThanOrEqualToThreshold"

  alarms = {
    error-no-success = {
      says = "No check of a playlist succeeded for ${var.success_within_hours} hours, or no check was made."
      of   = [{ namespace = local.metrics, name = "SecondsSinceLastSuccess", dimensions = local.emitted }]
      stat = "Minimum", comparison = local.above, threshold = 3600, period = local.hour, periods = var.success_within_hours
      # A new stack begins in INSUFFICIENT_DATA and sends nothing before its first success; an alarm that goes back to
      # that state sends a message (insufficient_data_actions).
      missing = "missing"
    }
    error-undelivered = {
      says    = "An event could not be delivered, or an extraction failed after all retries: see the queue ${var.undelivered_queue_name}."
      of      = [{ namespace = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = var.undelivered_queue_name } }]
      stat    = "Maximum", comparison = local.above, threshold = 0, period = 300, periods = 1
      missing = "notBreaching" # SQS sends nothing for a queue that was empty for six hours
    }
    error-events-lost = {
      says = "An event was lost: it could be delivered neither to its target nor to the queue ${var.undelivered_queue_name}."
      of = [
        { namespace = "AWS/Events", name = "InvocationsFailedToBeSentToDlq", dimensions = { RuleName = "${var.name}-pending" } },
        { namespace = "AWS/Events", name = "InvocationsFailedToBeSentToDlq", dimensions = { RuleName = "${var.name}-job-failed" } },
        { namespace = "AWS/Scheduler", name = "InvocationsFailedToBeSentToDeadLetterCount", dimensions = { ScheduleGroup = var.schedule_group_name } },
        { namespace = "AWS/Lambda", name = "AsyncEventsDropped", dimensions = local.lambda },
        { namespace = "AWS/Lambda", name = "DestinationDeliveryFailures", dimensions = local.lambda },
      ]
      stat    = "Sum", comparison = local.above, threshold = 0, period = 300, periods = 1
      missing = "notBreaching" # these are sent only when it happens
    }
    error-pending-queue-stuck = {
      says    = "Events of pending objects wait in the queue ${var.pending_queue_name}, and the state machine is not started."
      of      = [{ namespace = "AWS/SQS", name = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = var.pending_queue_name } }]
      stat    = "Maximum", comparison = local.above, threshold = 1800, period = 300, periods = 3
      missing = "notBreaching" # no message, no age
    }
    error-pending-old = {
      says    = "The oldest pending object has waited for more than 6 hours: runs of the job fail, or none is started."
      of      = [{ namespace = local.metrics, name = "OldestPendingSeconds", dimensions = local.emitted }]
      stat    = "Minimum", comparison = local.above, threshold = 6 * 3600, period = local.hour, periods = 2
      missing = "ignore" # the Lambda reports it; error-no-success covers a Lambda that does not run
    }
    error-job-fails-again = {
      says    = "Three runs of the job failed within a day. Each has sent a message with the reason."
      of      = [{ namespace = "AWS/Events", name = "Invocations", dimensions = { RuleName = "${var.name}-job-failed" } }]
      stat    = "Sum", comparison = local.reaching, threshold = 3, period = local.day, periods = 1
      missing = "notBreaching" # sent only when the rule fires
    }
    error-machine-failed = {
      says = "An execution of the state machine failed, timed out or was stopped."
      of = [
        for name in ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"] :
        { namespace = "AWS/States", name = name, dimensions = { StateMachineArn = var.state_machine_arn } }
      ]
      stat    = "Sum", comparison = local.above, threshold = 0, period = 300, periods = 1
      missing = "notBreaching" # sent only when there are executions
    }
    warning-login-ends = {
      says    = "The Spotify login is 150 days old. It expires after six months."
      of      = [{ namespace = local.metrics, name = "TokenAgeDays", dimensions = local.emitted }]
      stat    = "Maximum", comparison = local.reaching, threshold = 150, period = local.day, periods = 1
      missing = "ignore" # a day without a run says nothing about the login
    }
    warning-quota-left = {
      says    = "Fewer than 10 calls of a kind are left of the quota for 24 hours: the next runs read only part of the playlists."
      of      = [{ namespace = local.metrics, name = "QuotaLeft", dimensions = local.emitted }]
      stat    = "Minimum", comparison = "LessThanThreshold", threshold = 10, period = local.hour, periods = 1
      missing = "ignore" # a run without calls reports no quota
    }
    warning-lambda-errors = {
      says    = "The extraction failed in each of three hours."
      of      = [{ namespace = "AWS/Lambda", name = "Errors", dimensions = local.lambda }]
      stat    = "Sum", comparison = local.above, threshold = 0, period = local.hour, periods = 3
      missing = "notBreaching" # no invocation, no error
    }
    warning-lambda-slow = {
      says    = "An extraction took nearly 15 minutes in each of three hours. Lambda stops it after 15 minutes."
      of      = [{ namespace = "AWS/Lambda", name = "Duration", dimensions = local.lambda }]
      stat    = "Maximum", comparison = local.above, threshold = 880000, period = local.hour, periods = 3
      missing = "notBreaching" # no invocation, no duration
    }
    warning-lambda-throttled = {
      says    = "An extraction could not start in each of three hours: another was running, or the account's quota is used up."
      of      = [{ namespace = "AWS/Lambda", name = "Throttles", dimensions = local.lambda }]
      stat    = "Sum", comparison = local.above, threshold = 0, period = local.hour, periods = 3
      missing = "notBreaching" # no invocation, no throttle
    }
    warning-commit-old = {
      says    = "Nothing was committed for ${var.force_full_every_days + 2} days, although every playlist is read at least every ${var.force_full_every_days} days."
      of      = [{ namespace = local.metrics, name = "SecondsSinceLastCommit", dimensions = local.emitted }]
      stat    = "Minimum", comparison = local.above, threshold = (var.force_full_every_days + 2) * local.day, period = local.day, periods = 1
      missing = "ignore" # before the first commit there is no age
    }
    warning-job-slow = {
      says    = "A run of the job took more than 80 % of its timeout of ${var.job_timeout_minutes} minutes."
      of      = [{ namespace = local.metrics, name = "JobSeconds", dimensions = {} }]
      stat    = "Maximum", comparison = local.above, threshold = var.job_timeout_minutes * 60 * 0.8, period = local.hour, periods = 1
      missing = "notBreaching" # no run, no duration
    }
    warning-dpu-hours = {
      says    = "The job used more than ${var.dpu_hours_a_day} DPU-hours in a day."
      of      = [{ namespace = local.metrics, name = "JobSeconds", dimensions = {} }]
      stat    = "Sum", comparison = local.above, threshold = var.dpu_hours_a_day * 3600 / var.job_workers, period = local.day, periods = 1
      missing = "notBreaching" # no run, no cost
    }
    warning-entry-undone = {
      says    = "A run found a committed batch that an earlier run had left undone, and finished it."
      of      = [{ namespace = local.metrics, name = "EntriesLeftUndone", dimensions = {} }]
      stat    = "Sum", comparison = local.above, threshold = 0, period = 300, periods = 1
      missing = "notBreaching" # the filter sends only what it finds
    }
    warning-many-rejects = {
      says    = "A batch had more rejects than the job's --alarm-rejects allows."
      of      = [{ namespace = local.metrics, name = "BatchesWithManyRejects", dimensions = {} }]
      stat    = "Sum", comparison = local.above, threshold = 0, period = 300, periods = 1
      missing = "notBreaching" # the filter sends only what it finds
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.says} What to do: docs/runbooks/${each.key}.md"
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing

  # An alarm on several metrics uses their sum.
  namespace   = length(each.value.of) == 1 ? each.value.of[0].namespace : null
  metric_name = length(each.value.of) == 1 ? each.value.of[0].name : null
  dimensions  = length(each.value.of) == 1 ? each.value.of[0].dimensions : null
  statistic   = length(each.value.of) == 1 ? each.value.stat : null
  period      = length(each.value.of) == 1 ? each.value.period : null

  dynamic "metric_query" {
    for_each = length(each.value.of) == 1 ? [] : [each.value.says]

    content {
      id          = "all"
      expression  = "SUM(METRICS())"
      label       = metric_query.value
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = length(each.value.of) == 1 ? [] : each.value.of

    content {
      id = "m${metric_query.key}"

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        period      = each.value.period
        stat        = each.value.stat
      }
    }
  }

  # While the schedules are disabled, no success is expected.
  actions_enabled           = each.key != "error-no-success" || var.schedule_enabled
  alarm_actions             = local.alarm_actions
  ok_actions                = each.key == "error-no-success" ? local.alarm_actions : []
  insufficient_data_actions = each.key == "error-no-success" ? local.alarm_actions : []
}

locals {
  alarm_actions = concat([aws_sns_topic.alerts.arn], var.alarm_target_arns)
}

# --- The composite alarm ------------------------------------------------------------------------------------------

# A separate topic, so that subscribers of the alert topic do not receive this alarm as well.
resource "aws_sns_topic" "pages" {
  name              = "${var.name}-pages"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_policy" "pages" {
  arn = aws_sns_topic.pages.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = local.alert_sources.Alarms.service }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.pages.arn
      Condition = {
        ArnLike      = { "aws:SourceArn" = local.alert_sources.Alarms.arn }
        StringEquals = { "aws:SourceAccount" = var.place.account }
      }
    }]
  })
}

resource "aws_cloudwatch_composite_alarm" "page" {
  alarm_name        = "${var.name}-critical-page"
  alarm_description = "At least one alarm of severity error is in state ALARM. What to do: docs/runbooks/critical-page.md"
  alarm_rule = join(" OR ", [
    for key in keys(local.alarms) : "ALARM(\"${var.name}-${key}\")" if startswith(key, "error-") && (key != "error-no-success" || var.schedule_enabled)
  ])
  alarm_actions = concat([aws_sns_topic.pages.arn], var.page_target_arns)

  depends_on = [aws_cloudwatch_metric_alarm.alarm]
}
