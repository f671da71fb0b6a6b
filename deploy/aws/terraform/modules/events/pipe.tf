# Events that arrive together start one execution. A thousand dropped objects fill the queue, and the pipe starts the state
# machine with all of them when its window ends. AWS may use several pollers, so very many events can start a few executions.
# The first that starts the job processes everything, and the others find nothing.

resource "aws_sqs_queue" "pending" {
  name                       = "${var.name}-pending"
  message_retention_seconds  = 24 * 3600 # the daily start covers messages that were not delivered by then
  visibility_timeout_seconds = 600       # longer than the pipe's longest window
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.undelivered.arn
    maxReceiveCount     = 5
  })
}

resource "aws_pipes_pipe" "pending" {
  name        = "${var.name}-pending"
  description = "Starts the machine when something is pending"
  role_arn    = aws_iam_role.pipe.arn
  source      = aws_sqs_queue.pending.arn
  target      = aws_sfn_state_machine.machine.arn

  source_parameters {
    sqs_queue_parameters {
      batch_size                         = 10000
      maximum_batching_window_in_seconds = min(300, var.busy_wait_seconds)
    }
  }

  target_parameters {
    # Sent for each event, so it is short: an execution's input holds 256 KB. The machine lists pending objects itself.
    input_template = jsonencode("put")

    step_function_state_machine_parameters {
      invocation_type = "FIRE_AND_FORGET"
    }
  }

  depends_on = [aws_iam_role_policy.pipe]
}

resource "aws_iam_role" "pipe" {
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.name}-pipe"
  description          = "The pipe of pending objects: empties its queue, starts the machine"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pipes.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.place.account }
        ArnEquals    = { "aws:SourceArn" = "arn:${var.place.partition}:pipes:${var.place.region}:${var.place.account}:pipe/${var.name}-pending" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "pipe" {
  name = "pipe"
  role = aws_iam_role.pipe.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.pending.arn
      },
      {
        Effect   = "Allow"
        Action   = "states:StartExecution"
        Resource = aws_sfn_state_machine.machine.arn
      },
    ]
  })
}
