# The dashboard: alarms, ages, counts of what was read, and the time that runs took.

locals {
  charts = [
    { title = "Seconds since the last successful check, since the last commit, and that the oldest object has been pending", stat = "Minimum", metrics = [for name in ["SecondsSinceLastSuccess", "SecondsSinceLastCommit", "OldestPendingSeconds"] : [local.metrics, name, "service", local.emitted.service]] },
    { title = "Playlists by result of the check", stat = "Sum", metrics = [for name in ["PlaylistsRead", "PlaylistsSkipped", "PlaylistsFailed", "PlaylistsGone", "PlaylistsLeft"] : [local.metrics, name, "service", local.emitted.service]] },
    { title = "Spotify: calls, throttled answers, calls left", stat = "Maximum", metrics = [for name in ["Calls", "Throttled", "QuotaLeft"] : [local.metrics, name, "service", local.emitted.service]] },
    { title = "Items read, age of the login in days", stat = "Maximum", metrics = [for name in ["Items", "TokenAgeDays"] : [local.metrics, name, "service", local.emitted.service]] },
    { title = "Lambda: errors, throttles, dropped events", stat = "Sum", metrics = [for name in ["Errors", "Throttles", "AsyncEventsDropped", "DestinationDeliveryFailures"] : ["AWS/Lambda", name, "FunctionName", var.extract_function_name]] },
    { title = "Lambda: milliseconds", stat = "Maximum", metrics = [["AWS/Lambda", "Duration", "FunctionName", var.extract_function_name]] },
    { title = "State machine: executions that succeeded, failed, timed out, were stopped", stat = "Sum", metrics = [for name in ["ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"] : ["AWS/States", name, "StateMachineArn", var.state_machine_arn]] },
    { title = "Job: seconds of a run; its timeout is ${var.job_timeout_minutes * 60}", stat = "Maximum", metrics = [[local.metrics, "JobSeconds"]] },
    { title = "Job: total seconds, on ${var.job_workers} DPUs (3600 seconds are ${var.job_workers} DPU-hours)", stat = "Sum", metrics = [[local.metrics, "JobSeconds"]] },
    { title = "Job: failed runs, batches with many rejects, entries left undone", stat = "Sum", metrics = concat([["AWS/Events", "Invocations", "RuleName", "${var.name}-job-failed"]], [for name in ["BatchesWithManyRejects", "EntriesLeftUndone"] : [local.metrics, name]]) },
    { title = "Queues: messages", stat = "Maximum", metrics = [for queue in [var.pending_queue_name, var.undelivered_queue_name] : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]] },
    { title = "Age of the oldest message that waits to start the state machine; lost events", stat = "Maximum", metrics = [["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", var.pending_queue_name], ["AWS/Events", "InvocationsFailedToBeSentToDlq", "RuleName", "${var.name}-pending"], ["AWS/Events", "InvocationsFailedToBeSentToDlq", "RuleName", "${var.name}-job-failed"], ["AWS/Scheduler", "InvocationsFailedToBeSentToDeadLetterCount", "ScheduleGroup", var.schedule_group_name]] },
  ]

  widgets = concat(
    [
      {
        type = "alarm", x = 0, y = 0, width = 24, height = 4
        properties = {
          title  = "Alarms"
          alarms = concat([aws_cloudwatch_composite_alarm.page.arn], [for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.arn])
        }
      },
      {
        type = "text", x = 0, y = 4, width = 24, height = 2
        properties = {
          markdown = "What each alarm means and what to do: docs/runbooks. Snowflake's pipes report files that they refuse to the topic of the alarms. `make snowflake-status` compares Snowflake with the lake. AWS Budgets shows this month's cost and its budget of $${var.monthly_budget_usd}: ${var.name}."
        }
      },
    ],
    [
      for index, chart in local.charts : {
        type       = "metric", x = index % 2 * 12, y = 6 + floor(index / 2) * 6, width = 12, height = 6
        properties = { region = var.place.region, title = chart.title, stat = chart.stat, period = 3600, metrics = chart.metrics }
      }
    ],
  )
}

resource "aws_cloudwatch_dashboard" "suite" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
