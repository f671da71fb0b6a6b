output "job_name" {
  description = "Name of the job."
  value       = aws_glue_job.transform.name
}

output "job_arn" {
  description = "ARN of the job."
  value       = aws_glue_job.transform.arn
}

output "output_log_group" {
  description = "Name of the log group of the job's output."
  value       = aws_cloudwatch_log_group.transform["output"].name
}
