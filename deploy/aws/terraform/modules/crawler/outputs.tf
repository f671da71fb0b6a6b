output "name" {
  description = "Name of the crawler."
  value       = aws_glue_crawler.published.name
}

output "database" {
  description = "Name of the database with the tables that the crawler infers."
  value       = aws_glue_catalog_database.crawled.name
}
