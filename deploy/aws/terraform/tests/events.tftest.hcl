# The machine, the rule and the schedules: what is written there is what AWS reads.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:suite" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:suite-undelivered" }
  }
  override_resource {
    target = aws_sqs_queue.pending
    values = { arn = "arn:aws:sqs:eu-west-1:123456789012:suite-pending" }
  }
}

variables {
  name                 = "suite"
  place                = { account = "123456789012", partition = "aws", region = "eu-west-1" }
  roles                = { path = "/", boundary = null }
  bucket_name          = "lake"
  bucket_arn           = "arn:aws:s3:::lake"
  extract_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:extract"
  job_name             = "transform"
  job_arn              = "arn:aws:glue:eu-west-1:123456789012:job/transform"
  schedule             = "cron(0 6 * * ? *)"
  schedule_time_zone   = "Europe/Berlin"
  schedule_enabled     = true
  busy_wait_seconds    = 60
}

run "events" {
  command = apply

  module {
    source = "./modules/events"
  }

  # --- The rule

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.pending.event_pattern) == {
      source        = ["aws.s3"]
      "detail-type" = ["Object Created"]
      detail = {
        bucket = { name = ["lake"] }
        object = { key = [{ wildcard = "raw/pending/run=*/_manifest.json" }, { prefix = "raw/pending/drop/" }] }
      }
    }
    error_message = "A run's manifest or a drop starts the machine, and no other object."
  }
  assert {
    condition     = aws_cloudwatch_event_target.pending.arn == "arn:aws:sqs:eu-west-1:123456789012:suite-pending" && aws_pipes_pipe.pending.source == "arn:aws:sqs:eu-west-1:123456789012:suite-pending"
    error_message = "What is pending goes by the queue."
  }
  assert {
    condition     = aws_pipes_pipe.pending.source_parameters[0].sqs_queue_parameters[0].batch_size == 10000 && aws_pipes_pipe.pending.source_parameters[0].sqs_queue_parameters[0].maximum_batching_window_in_seconds == 60
    error_message = "A thousand drops start one execution."
  }
  assert {
    condition     = 10000 * (length(aws_pipes_pipe.pending.target_parameters[0].input_template) + 1) < 256 * 1024
    error_message = "A whole batch fits into the input of an execution."
  }
  assert {
    condition     = aws_pipes_pipe.pending.target_parameters[0].step_function_state_machine_parameters[0].invocation_type == "FIRE_AND_FORGET"
    error_message = "A standard machine can only be started."
  }
  assert {
    condition     = aws_sqs_queue.pending.visibility_timeout_seconds > 300
    error_message = "A message is not seen twice within one window."
  }

  # --- The schedules

  assert {
    condition     = aws_scheduler_schedule.extract.target[0].input == "{\"scheduled_at\": \"<aws.scheduler.scheduled-time>\"}"
    error_message = "The extractor gets the scheduled time, which EventBridge Scheduler fills in only where the < is a <."
  }
  assert {
    condition     = aws_scheduler_schedule.extract.schedule_expression == "cron(0 6 * * ? *)" && aws_scheduler_schedule.extract.schedule_expression_timezone == "Europe/Berlin"
    error_message = "The schedule is the one that was asked for."
  }
  assert {
    condition     = aws_scheduler_schedule.daily.target[0].arn == "arn:aws:states:eu-west-1:123456789012:stateMachine:suite"
    error_message = "The safety net starts the machine."
  }
  assert {
    condition = alltrue([
      for target in [aws_scheduler_schedule.extract.target[0], aws_scheduler_schedule.daily.target[0], aws_cloudwatch_event_target.pending] :
      target.dead_letter_config[0].arn == "arn:aws:sqs:eu-west-1:123456789012:suite-undelivered"
    ])
    error_message = "What cannot be delivered is kept."
  }

  # --- The machine

  assert {
    condition     = jsondecode(aws_sfn_state_machine.machine.definition).States.Begin == { Type = "Pass", Result = { timeouts = 0, pending = { found = ["raw/pending/"] } }, Next = "Runs" }
    error_message = "The input, which may be a list, is replaced first."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.machine.definition).States.Gather == { Type = "Wait", Seconds = 60, Next = "From the first key" }
    error_message = "It waits a number of seconds, no text."
  }
  assert {
    condition = [
      for choice in jsondecode(aws_sfn_state_machine.machine.definition).States["Will a run list later?"].Choices :
      "${choice.Variable} ${choice.Next}"
    ] == ["$.runs.is_starting Left to that run", "$.runs.is_waiting Left to that run"]
    error_message = "A run that has not begun lists later; a RUNNING one is no reason to end."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.machine.definition).States.Run.Resource == "arn:aws:states:::glue:startJobRun.sync"
    error_message = "It waits for the run's end."
  }
  assert {
    condition     = !contains(flatten([for retry in jsondecode(aws_sfn_state_machine.machine.definition).States.Run.Retry : retry.ErrorEquals]), "States.TaskFailed")
    error_message = "A run that failed is not started again."
  }
  assert {
    condition = alltrue([
      for name, state in jsondecode(aws_sfn_state_machine.machine.definition).States :
      state.Type != "Task" || contains(keys(state), "ResultSelector")
    ])
    error_message = "Each task keeps only what the next state needs."
  }
}
