output "state_machine_arn" {
  description = "ARN of the machine."
  value       = aws_sfn_state_machine.machine.arn
}

output "schedule_name" {
  description = "Schedule of the extraction."
  value       = aws_scheduler_schedule.extract.name
}

output "daily_schedule_name" {
  description = "Schedule of the safety net."
  value       = aws_scheduler_schedule.daily.name
}

output "schedule_group_name" {
  description = "Group of both schedules."
  value       = aws_scheduler_schedule_group.suite.name
}

output "undelivered_queue_arn" {
  description = "Queue of what could not be delivered."
  value       = aws_sqs_queue.undelivered.arn
}

output "undelivered_queue_name" {
  description = "Name of that queue."
  value       = aws_sqs_queue.undelivered.name
}

output "undelivered_queue_url" {
  description = "URL of that queue."
  value       = aws_sqs_queue.undelivered.id
}

output "pending_queue_name" {
  description = "Queue of what is pending."
  value       = aws_sqs_queue.pending.name
}
