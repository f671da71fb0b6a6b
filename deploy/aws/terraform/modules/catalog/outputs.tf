output "workgroup" {
  description = "Athena's workgroup."
  value       = aws_athena_workgroup.readers.name
}

output "lake_database" {
  description = "Database of every published row."
  value       = aws_glue_catalog_database.lake.name
}

output "locations" {
  description = "S3 URI of each table's published files."
  value       = [for table in local.catalog.tables : table.location]
}

output "current_database" {
  description = "Database of the current views."
  value       = aws_glue_catalog_database.current.name
}

output "reader_policy_arn" {
  description = "Policy for readers."
  value       = aws_iam_policy.reader.arn
}
