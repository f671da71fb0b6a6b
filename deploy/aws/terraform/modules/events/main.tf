# Triggers. A schedule starts the Lambda. A new manifest or dropped object starts the state machine through a queue and a pipe
# (pipe.tf). A second schedule starts the state machine once a day.

locals {
  machine_arn = "arn:${var.place.partition}:states:${var.place.region}:${var.place.account}:stateMachine:${var.name}"
  group_arn   = "arn:${var.place.partition}:scheduler:${var.place.region}:${var.place.account}:schedule-group/${var.name}"
  state       = var.schedule_enabled ? "ENABLED" : "DISABLED"
}

# --- New pending objects > the queue ---------------------------------------------------------------------------

resource "aws_cloudwatch_event_rule" "pending" {
  name        = "${var.name}-pending"
  description = "New manifest of an extraction, which writes it last, or new object dropped by hand"

  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail = {
      bucket = { name = [var.bucket_name] }
      object = { key = [{ wildcard = "raw/pending/run=*/_manifest.json" }, { prefix = "raw/pending/drop/" }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "pending" {
  rule      = aws_cloudwatch_event_rule.pending.name
  target_id = "pending"
  arn       = aws_sqs_queue.pending.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}

# --- Schedules > the Lambda, and once a day the machine ----------------------------------------------------------

resource "aws_scheduler_schedule_group" "suite" {
  name = var.name
}

resource "aws_scheduler_schedule" "extract" {
  name                         = "${var.name}-extract"
  description                  = "Checks the playlists"
  group_name                   = aws_scheduler_schedule_group.suite.name
  state                        = local.state
  schedule_expression          = var.schedule
  schedule_expression_timezone = var.schedule_time_zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.extract_function_arn
    role_arn = aws_iam_role.scheduler.arn

    # The scheduled time is the run's id, so an event that is delivered twice is one run. The JSON is written out because
    # jsonencode writes < as \u003c, and Scheduler would then not replace the placeholder.
    input = trimspace(<<-EOT
      {"scheduled_at": "<aws.scheduler.scheduled-time>"}
    EOT
    )

    retry_policy {
      maximum_event_age_in_seconds = 3600 # by then an hourly schedule has sent the next event
      maximum_retry_attempts       = 10
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }
}

# The safety net: if an event was lost or a run failed, this schedule starts a run that processes what is still pending.
resource "aws_scheduler_schedule" "daily" {
  name                = "${var.name}-daily"
  description         = "Starts the state machine for objects that are still pending"
  group_name          = aws_scheduler_schedule_group.suite.name
  state               = local.state
  schedule_expression = "cron(30 3 * * ? *)"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 30
  }

  target {
    arn      = aws_sfn_state_machine.machine.arn
    role_arn = aws_iam_role.scheduler.arn
    input = trimspace(<<-EOT
      {"why": "daily", "at": "<aws.scheduler.scheduled-time>"}
    EOT
    )

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }
}

resource "aws_iam_role" "scheduler" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.name}-scheduler"
  description          = "The schedules: invoke the extractor, start the machine"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.place.account }
        ArnEquals    = { "aws:SourceArn" = local.group_arn }
      }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "scheduler"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = var.extract_function_arn
      },
      {
        Effect   = "Allow"
        Action   = "states:StartExecution"
        Resource = aws_sfn_state_machine.machine.arn
      },
      {
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.undelivered.arn
      },
    ]
  })
}

# --- Events that could not be delivered ---------------------------------------------------------------------------------

# One queue for all targets; each message names its target. An alarm is raised while it holds any.
resource "aws_sqs_queue" "undelivered" {
  name                      = "${var.name}-undelivered"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true # messages hold object keys and times only, so SQS's own key suffices
}

resource "aws_sqs_queue_policy" "queue" {
  for_each = { undelivered = aws_sqs_queue.undelivered, pending = aws_sqs_queue.pending }

  queue_url = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RulesOfThisStack"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = each.value.arn
        Condition = {
          ArnLike      = { "aws:SourceArn" = "arn:${var.place.partition}:events:${var.place.region}:${var.place.account}:rule/${var.name}-*" }
          StringEquals = { "aws:SourceAccount" = var.place.account }
        }
      },
      {
        Sid       = "OnlyByTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = each.value.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
