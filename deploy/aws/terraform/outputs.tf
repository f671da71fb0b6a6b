output "bucket" {
  description = "Name of the lake's bucket."
  value       = module.storage.bucket_name
}

output "lake_uri" {
  description = "The lake as job and Lambda take it: s3://bucket."
  value       = module.storage.lake_uri
}

output "region" {
  description = "AWS region of the stack."
  value       = local.place.region
}

output "kms_key_arn" {
  description = "Key that bucket, secret, topics and logs are encrypted with."
  value       = module.storage.kms_key_arn
}

output "secret_arn" {
  description = "Secret for the Spotify login; empty until the login command fills it."
  value       = module.secrets.secret_arn
}

output "extract_function_name" {
  description = "The Lambda that reads Spotify."
  value       = module.extract.function_name
}

output "glue_job_name" {
  description = "The job that makes tables from raw JSON; it may also be started by hand."
  value       = module.transform.job_name
}

output "state_machine_arn" {
  description = "The machine that starts the job when something is pending."
  value       = module.events.state_machine_arn
}

output "schedule_name" {
  description = "Schedule of the extraction."
  value       = module.events.schedule_name
}

output "schedule_group_name" {
  description = "Group that both schedules are in."
  value       = module.events.schedule_group_name
}

output "daily_schedule_name" {
  description = "Schedule of the safety net, which starts the machine once a day."
  value       = module.events.daily_schedule_name
}

output "undelivered_queue_url" {
  description = "Queue for events that could not be delivered."
  value       = module.events.undelivered_queue_url
}

output "alert_topic_arn" {
  description = "Topic that every alarm is sent to."
  value       = module.monitoring.alert_topic_arn
}

output "processed_topic_arn" {
  description = "Topic that announces every published file; Snowflake's pipes subscribe to it."
  value       = module.storage.processed_topic_arn
}

output "snowflake_role_arn" {
  description = "Role for Snowflake's storage integration (STORAGE_AWS_ROLE_ARN)."
  value       = module.snowflake.role_arn
}

output "snowflake_external_id" {
  description = "External id for Snowflake's storage integration (STORAGE_AWS_EXTERNAL_ID)."
  value       = module.snowflake.external_id
}

output "snowflake_error_role_arn" {
  description = "Role for Snowflake's notification integration (AWS_SNS_ROLE_ARN)."
  value       = module.snowflake.error_role_arn
}

output "athena_workgroup" {
  description = "Athena's workgroup, with a limit per query."
  value       = module.catalog.workgroup
}

output "lake_database" {
  description = "Database of every published row."
  value       = module.catalog.lake_database
}

output "current_database" {
  description = "Database of the current views, which people read."
  value       = module.catalog.current_database
}

output "crawler_name" {
  description = "Crawler over the published files, if there is one."
  value       = one(module.crawler[*].name)
}

output "crawled_database" {
  description = "Database of the tables that the crawler infers, if there is one."
  value       = one(module.crawler[*].database)
}

output "reader_policy_arn" {
  description = "Policy that lets a person or a tool read the tables by Athena: attach it."
  value       = module.catalog.reader_policy_arn
}

output "dashboard_url" {
  description = "The dashboard."
  value       = module.monitoring.dashboard_url
}

output "pages_topic_arn" {
  description = "Topic of the composite alarm: subscribe a pager."
  value       = module.monitoring.pages_topic_arn
}
