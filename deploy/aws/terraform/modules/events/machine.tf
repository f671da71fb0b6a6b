# The machine that starts the job. An execution of it is one look, by whatever event: doubled, late and lost ones do no
# harm, since the job itself takes what is pending exactly once.

locals {
  # JSONPath, not JSONata. Each task keeps only what the next state needs: whole answers could outgrow 256 KB.
  machine = {
    Comment        = "Starts the job when something is pending, one run at a time"
    StartAt        = "Gather"
    TimeoutSeconds = 4 * 3600

    States = {
      # What arrives together is one run: of a thousand drops the first look starts it, the others end there.
      Gather = {
        Type    = "Wait"
        Seconds = var.busy_wait_seconds
        Next    = "Runs"
      }

      Runs = {
        Type       = "Task"
        Resource   = "arn:${var.place.partition}:states:::aws-sdk:glue:getJobRuns"
        Parameters = { JobName = var.job_name, MaxResults = 20 }
        ResultSelector = {
          "is_starting.$" = "States.ArrayContains($.JobRuns[*].JobRunState, 'STARTING')"
          "is_waiting.$"  = "States.ArrayContains($.JobRuns[*].JobRunState, 'WAITING')"
        }
        ResultPath = "$.runs"
        Retry      = local.retry_calls
        Catch      = local.catch_all
        Next       = "Will a run list later?"
      }

      # A RUNNING run is no reason to end: its last listing may be past.
      "Will a run list later?" = {
        Type = "Choice"
        Choices = [
          { Variable = "$.runs.is_starting", BooleanEquals = true, Next = "Left to that run" },
          { Variable = "$.runs.is_waiting", BooleanEquals = true, Next = "Left to that run" },
        ]
        Default = "Pending"
      }

      "Left to that run" = { Type = "Succeed" }

      Pending = {
        Type           = "Task"
        Resource       = "arn:${var.place.partition}:states:::aws-sdk:s3:listObjectsV2"
        Parameters     = { Bucket = var.bucket_name, Prefix = "raw/pending/", MaxKeys = 1 }
        ResultSelector = { "count.$" = "$.KeyCount" }
        ResultPath     = "$.pending"
        Retry          = local.retry_calls
        Catch          = local.catch_all
        Next           = "Is anything pending?"
      }

      # Copies come before archiving: what a killed run left undone when nothing is pending any more is only a mark.
      "Is anything pending?" = {
        Type    = "Choice"
        Choices = [{ Variable = "$.pending.count", NumericGreaterThan = 0, Next = "Run" }]
        Default = "Nothing to do"
      }

      "Nothing to do" = { Type = "Succeed" }

      Run = {
        Type           = "Task"
        Resource       = "arn:${var.place.partition}:states:::glue:startJobRun.sync"
        Parameters     = { JobName = var.job_name }
        ResultSelector = { "id.$" = "$.Id", "state.$" = "$.JobRunState" }
        ResultPath     = "$.run"
        # Only what says that no run was started. A failed run is not repeated: what it did not take is still pending.
        Retry = [{
          ErrorEquals     = ["Glue.ThrottlingException", "Glue.OperationTimeoutException", "Glue.InternalServiceException"]
          IntervalSeconds = 10
          BackoffRate     = 2
          MaxAttempts     = 6
          JitterStrategy  = "FULL"
        }]
        # Busy: look again, not try again, since a second run right after the first would be paid for finding nothing.
        Catch = concat(
          [{ ErrorEquals = ["Glue.ConcurrentRunsExceededException"], ResultPath = "$.busy", Next = "Gather" }],
          local.catch_all,
        )
        End = true
      }

      Tell = {
        Type     = "Task"
        Resource = "arn:${var.place.partition}:states:::sns:publish"
        Parameters = {
          TopicArn    = var.alert_topic_arn
          Subject     = "${var.name}: the machine failed"
          "Message.$" = "States.Format('Execution {} of ${var.name} failed with {}. Nothing is lost: what was not taken is still under raw/pending/ and is taken by the next run. If this comes again, look at the run of ${var.job_name} in the Glue console. Cause: {}', $$.Execution.Name, $.error.Error, $.error.Cause)"
        }
        ResultPath = null
        Retry      = local.retry_calls
        Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = null, Next = "Failed" }]
        Next       = "Failed"
      }

      Failed = {
        Type  = "Fail"
        Error = "NotTransformed"
        Cause = "The alert topic was told why; see the failed state before this one."
      }
    }
  }

  catch_all = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.error", Next = "Tell" }]
  # Throttled or not there for a moment. A thousand looks at once do throttle Glue's GetJobRuns.
  retry_calls = [{
    ErrorEquals     = ["States.TaskFailed"]
    IntervalSeconds = 2
    BackoffRate     = 2
    MaxAttempts     = 8
    MaxDelaySeconds = 60
    JitterStrategy  = "FULL"
  }]
}

resource "aws_sfn_state_machine" "machine" {
  name       = var.name
  role_arn   = aws_iam_role.machine.arn
  definition = jsonencode(local.machine)

  depends_on = [aws_iam_role_policy.machine]
}

resource "aws_iam_role" "machine" {
  name        = "${var.name}-machine"
  description = "The machine: looks what is pending, starts the job"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.place.account }
        ArnLike      = { "aws:SourceArn" = local.machine_arn }
      }
    }]
  })
}

resource "aws_iam_role_policy" "machine" {
  name = "machine"
  role = aws_iam_role.machine.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "TheJob"
        Effect   = "Allow"
        Action   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
        Resource = var.job_arn
      },
      {
        Sid       = "WhatIsPending"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.bucket_arn
        Condition = { StringEquals = { "s3:prefix" = "raw/pending/" } }
      },
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
