output "role_arn" {
  description = "ARN of the role for the storage integration."
  value       = aws_iam_role.files.arn
}

output "external_id" {
  description = "External id for the storage integration."
  value       = local.external_id
}

output "error_role_arn" {
  description = "ARN of the role for the notification integration."
  value       = aws_iam_role.errors.arn
}
