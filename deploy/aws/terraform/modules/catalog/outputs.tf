output "workgroup" {
  description = "Name of the Athena workgroup."
  value       = aws_athena_workgroup.readers.name
}

output "lake_database" {
  description = "Name of the database with every published row."
  value       = aws_glue_catalog_database.lake.name
}

output "locations" {
  description = "S3 URI of each table's published files."
  value       = [for table in local.catalog.tables : table.location]
}

output "current_database" {
  description = "Name of the database with the current views."
  value       = aws_glue_catalog_database.current.name
}

output "reader_policy_arn" {
  description = "ARN of the policy for readers."
  value       = aws_iam_policy.reader.arn
}
