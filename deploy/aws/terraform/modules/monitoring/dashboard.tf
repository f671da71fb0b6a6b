# One page: is it well, what was read, what did it cost in runs.

locals {
  region = { region = var.place.region }

  widgets = [
    {
      type = "alarm", x = 0, y = 0, width = 24, height = 3
      properties = {
        title  = "Alarms"
        alarms = concat([for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.arn], [aws_cloudwatch_metric_alarm.machine_failed.arn])
      }
    },
    {
      type = "metric", x = 0, y = 3, width = 12, height = 6
      properties = merge(local.region, {
        title  = "Playlists by how the look ended"
        stat   = "Sum"
        period = 3600
        metrics = [
          for name in ["PlaylistsRead", "PlaylistsSkipped", "PlaylistsFailed", "PlaylistsGone", "PlaylistsLeft"] :
          [local.lambda_metrics, name, "service", local.lambda_service.service]
        ]
      })
    },
    {
      type = "metric", x = 12, y = 3, width = 12, height = 6
      properties = merge(local.region, {
        title  = "Spotify: calls, throttled answers, calls left"
        stat   = "Maximum"
        period = 3600
        metrics = [
          for name in ["Calls", "Throttled", "QuotaLeft"] :
          [local.lambda_metrics, name, "service", local.lambda_service.service]
        ]
      })
    },
    {
      type = "metric", x = 0, y = 9, width = 12, height = 6
      properties = merge(local.region, {
        title  = "Looks of the machine, and those that failed"
        stat   = "Sum"
        period = 3600
        metrics = [
          for name in ["ExecutionsSucceeded", "ExecutionsFailed"] :
          ["AWS/States", name, "StateMachineArn", var.state_machine_arn]
        ]
      })
    },
    {
      type = "metric", x = 12, y = 9, width = 12, height = 6
      properties = merge(local.region, {
        title  = "Seconds since a look last went well"
        stat   = "Minimum"
        period = 3600
        metrics = [
          [local.lambda_metrics, "SecondsSinceLastSuccess", "service", local.lambda_service.service]
        ]
      })
    },
  ]
}

resource "aws_cloudwatch_dashboard" "suite" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
