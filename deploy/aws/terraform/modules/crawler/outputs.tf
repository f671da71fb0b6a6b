output "name" {
  description = "Name of the crawler."
  value       = aws_glue_crawler.published.name
}

output "database" {
  description = "Database of the tables that it infers."
  value       = aws_glue_catalog_database.crawled.name
}
