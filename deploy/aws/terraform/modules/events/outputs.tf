output "state_machine_arn" {
  description = "ARN of the state machine."
  value       = aws_sfn_state_machine.machine.arn
}

output "schedule_name" {
  description = "Name of the schedule of the extraction."
  value       = aws_scheduler_schedule.extract.name
}

output "daily_schedule_name" {
  description = "Name of the daily schedule of the state machine."
  value       = aws_scheduler_schedule.daily.name
}

output "schedule_group_name" {
  description = "Name of the group of both schedules."
  value       = aws_scheduler_schedule_group.suite.name
}

output "undelivered_queue_arn" {
  description = "ARN of the queue for events that could not be delivered."
  value       = aws_sqs_queue.undelivered.arn
}

output "undelivered_queue_name" {
  description = "Name of the queue for events that could not be delivered."
  value       = aws_sqs_queue.undelivered.name
}

output "undelivered_queue_url" {
  description = "URL of the queue for events that could not be delivered."
  value       = aws_sqs_queue.undelivered.id
}

output "pending_queue_name" {
  description = "Name of the queue for events of new pending objects."
  value       = aws_sqs_queue.pending.name
}
