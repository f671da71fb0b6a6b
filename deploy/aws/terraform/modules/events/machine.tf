# The machine that starts the job. Each event starts one execution, which checks for pending objects. Doubled,
# late and lost events do no harm, since the job itself takes each pending object exactly once.

locals {
  # Keys that the job never takes (shared/store, is_hidden and checked_key): folder markers, hidden and unfinished files,
  # empty parts and dots. They start no run, which would be billed for nothing. JSONPath has no patterns, so the machine
  # goes over them key by key; a run of the job names those that a person should copy to another key.
  never_taken = [
    "*/", "*_$folder$", "*/.*", "*//*", "*/_temporary*", "*.part", "*.part/*", "*.tmp", "*.tmp/*", "*.crc", "*.crc/*"
  ]
  from_the_first_key  = { found = ["raw/pending/"] }
  tries_after_timeout = 3

  # JSONPath, not JSONata. Each task keeps only what the next state needs: whole answers could outgrow 256 KB.
  machine = {
    Comment        = "Starts the job when something is pending, one run at a time"
    StartAt        = "Begin"
    TimeoutSeconds = 12 * 3600 # of a backfill in several runs

    States = {
      # Instead of the input, which from the pipe is a list.
      Begin = {
        Type   = "Pass"
        Result = { timeouts = 0, pending = local.from_the_first_key }
        Next   = "Runs"
      }

      # While the job is busy: check again for pending objects instead of retrying, since a second run right after the
      # first would cost money and find nothing.
      Gather = {
        Type    = "Wait"
        Seconds = var.busy_wait_seconds
        Next    = "From the first key"
      }

      "From the first key" = {
        Type       = "Pass"
        Result     = local.from_the_first_key
        ResultPath = "$.pending"
        Next       = "Runs"
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

      # The next key. $.Contents[*].Key is an empty list where there is none, $.Contents[0].Key would be an error.
      Pending = {
        Type     = "Task"
        Resource = "arn:${var.place.partition}:states:::aws-sdk:s3:listObjectsV2"
        Parameters = {
          Bucket         = var.bucket_name
          Prefix         = "raw/pending/"
          MaxKeys        = 1
          "StartAfter.$" = "$.pending.found[0]"
        }
        ResultSelector = { "count.$" = "$.KeyCount", "found.$" = "$.Contents[*].Key" }
        ResultPath     = "$.pending"
        Retry          = local.retry_calls
        Next           = "Is anything pending?"
      }

      # Copies come before archiving: what a killed run left undone when nothing is pending any more is only a mark.
      "Is anything pending?" = {
        Type = "Choice"
        Choices = concat(
          [{ Variable = "$.pending.count", NumericEquals = 0, Next = "Nothing to do" }],
          [for pattern in local.never_taken : { Variable = "$.pending.found[0]", StringMatches = pattern, Next = "Pending" }],
        )
        Default = "Run"
      }

      "Nothing to do" = { Type = "Succeed" }

      Run = {
        Type           = "Task"
        Resource       = "arn:${var.place.partition}:states:::glue:startJobRun.sync"
        Parameters     = { JobName = var.job_name }
        ResultSelector = { "id.$" = "$.Id", "state.$" = "$.JobRunState" }
        ResultPath     = "$.run"
        # Only what says that no run was started. Throttling comes as AWSGlueException. A failed run is not repeated:
        # what it did not take is still pending.
        Retry = [{
          ErrorEquals     = concat(local.glue_is_busy, ["Glue.OperationTimeoutException", "Glue.InternalServiceException"])
          IntervalSeconds = 10
          BackoffRate     = 2
          MaxAttempts     = 6
          MaxDelaySeconds = 300
          JitterStrategy  = "FULL"
        }]
        Catch = [
          {
            ErrorEquals = concat(["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"], local.glue_is_busy)
            ResultPath  = "$.busy"
            Next        = "Gather"
          },
          { ErrorEquals = ["States.TaskFailed"], ResultPath = "$.error", Next = "How did the run end?" },
        ]
        Next = "Did it stop early?"
      }

      # A run that stopped within its budget leaves this object.
      "Did it stop early?" = {
        Type           = "Task"
        Resource       = "arn:${var.place.partition}:states:::aws-sdk:s3:listObjectsV2"
        Parameters     = { Bucket = var.bucket_name, Prefix = "log/more.json", MaxKeys = 1 }
        ResultSelector = { "count.$" = "$.KeyCount" }
        ResultPath     = "$.more"
        Retry          = local.retry_calls
        Next           = "Is there more?"
      }

      "Is there more?" = {
        Type    = "Choice"
        Choices = [{ Variable = "$.more.count", NumericGreaterThan = 0, Next = "From the first key" }]
        Default = "Done"
      }

      Done = { Type = "Succeed" }

      # The cause is the run, as JSON, if there was a run.
      "How did the run end?" = {
        Type    = "Choice"
        Choices = [{ Variable = "$.error.Cause", StringMatches = "*\"JobRunState\":*\"TIMEOUT\"*", Next = "Count the timeout" }]
        Default = "Was there a run?"
      }

      "Count the timeout" = {
        Type       = "Pass"
        Parameters = { "timeouts.$" = "States.MathAdd($.timeouts, 1)", pending = local.from_the_first_key }
        Next       = "Once more?"
      }

      # The next run tries the largest objects alone, so it may well get through.
      "Once more?" = {
        Type    = "Choice"
        Choices = [{ Variable = "$.timeouts", NumericLessThan = local.tries_after_timeout, Next = "Runs" }]
        Default = "Left to the job's alert"
      }

      "Was there a run?" = {
        Type    = "Choice"
        Choices = [{ Variable = "$.error.Cause", StringMatches = "*\"JobRunState\":*", Next = "Left to the job's alert" }]
        Default = "Not started"
      }

      # The rule on the job's state has sent why: one failure is one message.
      "Left to the job's alert" = { Type = "Succeed" }

      "Not started" = {
        Type      = "Fail"
        ErrorPath = "$.error.Error"
        CausePath = "$.error.Cause"
      }
    }
  }

  glue_is_busy = ["Glue.AWSGlueException", "Glue.ThrottlingException"]
  # Throttled or not there for a moment.
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
  path                 = var.roles.path
  permissions_boundary = var.roles.boundary
  name                 = "${var.name}-machine"
  description          = "The machine: checks for pending objects, starts the job"

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
        Condition = { StringEquals = { "s3:prefix" = ["raw/pending/", "log/more.json"] } }
      },
    ]
  })
}
