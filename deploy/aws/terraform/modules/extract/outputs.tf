output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.extract.function_name
}

output "function_arn" {
  description = "ARN of the alias that the schedule invokes."
  value       = aws_lambda_alias.live.arn
}
