# The state machine that starts the job. Each execution checks for pending objects. Events that arrive twice, late or never do
# no harm, because the job itself processes each pending object exactly once.

locals {
  # Keys that the job never reads (shared/store, is_hidden and checked_key): folder markers, hidden and unfinished files,
  # and keys with `//`. They start no run, which would cost money and find nothing. JSONPath has no patterns, so the machine
  # skips them key by key. A run of the job names the keys that a person should copy to another key.
  never_taken = [
    "*/", "*_$folder$", "*/.*", "*//*", "*/_temporary*", "*.part", "*.part/*", "*.tmp", "*.tmp/*", "*.crc", "*.crc/*"
  ]
  from_the_first_key  = { found = ["raw/pending/"] }
  tries_after_timeout = 3

  # JSONPath, not JSONata. Each task keeps only what the next state needs, because whole answers could exceed 256 KB.
  machine = {
    Comment        = "Starts the job when something is pending, one run at a time"
    StartAt        = "Begin"
    TimeoutSeconds = 12 * 3600 # enough for a backfill in several runs

    States = {
      # Replaces the input: the pipe sends a list.
      Begin = {
        Type   = "Pass"
        Result = { timeouts = 0, pending = local.from_the_first_key }
        Next   = "Runs"
      }

      # While the job is busy, wait and check again for pending objects instead of retrying the start: a second run right
      # after the first would cost money and find nothing.
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

      # A RUNNING run does not end this execution: it may already have listed the pending objects for the last time.
      "Will a run list later?" = {
        Type = "Choice"
        Choices = [
          { Variable = "$.runs.is_starting", BooleanEquals = true, Next = "Left to that run" },
          { Variable = "$.runs.is_waiting", BooleanEquals = true, Next = "Left to that run" },
        ]
        Default = "Pending"
      }

      "Left to that run" = { Type = "Succeed" }

      # The next key. If there is none, $.Contents[*].Key is an empty list; $.Contents[0].Key would be an error.
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

      # A run copies published files before it archives raw objects. So if a run was killed and nothing is pending, only its
      # completion marker is missing.
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
        # Only errors which mean that no run was started. Throttling is an AWSGlueException. A failed run is not repeated:
        # the objects that it did not process are still pending.
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

      # A run that reached its time budget before the end leaves this object.
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

      # If a run was started, the cause is its description as JSON.
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

      # The next run tries the largest objects alone, so it may succeed.
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

      # The rule on the job's state has already sent the reason: each failure sends one message.
      "Left to the job's alert" = { Type = "Succeed" }

      "Not started" = {
        Type      = "Fail"
        ErrorPath = "$.error.Error"
        CausePath = "$.error.Cause"
      }
    }
  }

  glue_is_busy = ["Glue.AWSGlueException", "Glue.ThrottlingException"]
  # For throttling and short outages.
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
