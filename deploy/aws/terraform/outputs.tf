output "bucket" {
  description = "Name of the lake's bucket."
  value       = module.storage.bucket_name
}

output "lake_uri" {
  description = "URI of the lake, s3://bucket, as job and Lambda expect it."
  value       = module.storage.lake_uri
}

output "region" {
  description = "AWS region of the stack."
  value       = local.place.region
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts bucket, secret, topics and logs."
  value       = module.storage.kms_key_arn
}

output "secret_arn" {
  description = "ARN of the secret for the Spotify login. The secret is empty until the login command fills it."
  value       = module.secrets.secret_arn
}

output "extract_function_name" {
  description = "Name of the Lambda that reads Spotify."
  value       = module.extract.function_name
}

output "glue_job_name" {
  description = "Name of the job that builds the tables from raw JSON. It may also be started by hand."
  value       = module.transform.job_name
}

output "state_machine_arn" {
  description = "ARN of the state machine that starts the job when raw objects are pending."
  value       = module.events.state_machine_arn
}

output "schedule_name" {
  description = "Name of the schedule of the extraction."
  value       = module.events.schedule_name
}

output "schedule_group_name" {
  description = "Name of the group of both schedules."
  value       = module.events.schedule_group_name
}

output "daily_schedule_name" {
  description = "Name of the schedule that starts the state machine once a day, in case an event was lost."
  value       = module.events.daily_schedule_name
}

output "undelivered_queue_url" {
  description = "URL of the queue for events that could not be delivered."
  value       = module.events.undelivered_queue_url
}

output "alert_topic_arn" {
  description = "ARN of the topic that every alarm is sent to."
  value       = module.monitoring.alert_topic_arn
}

output "processed_topic_arn" {
  description = "ARN of the topic that announces every published file. Snowflake's pipes subscribe to it."
  value       = module.storage.processed_topic_arn
}

output "snowflake_role_arn" {
  description = "ARN of the role for Snowflake's storage integration (STORAGE_AWS_ROLE_ARN)."
  value       = module.snowflake.role_arn
}

output "snowflake_external_id" {
  description = "External id for Snowflake's storage integration (STORAGE_AWS_EXTERNAL_ID)."
  value       = module.snowflake.external_id
}

output "snowflake_error_role_arn" {
  description = "ARN of the role for Snowflake's notification integration (AWS_SNS_ROLE_ARN)."
  value       = module.snowflake.error_role_arn
}

output "athena_workgroup" {
  description = "Name of the Athena workgroup. It limits the bytes that a query may scan."
  value       = module.catalog.workgroup
}

output "lake_database" {
  description = "Name of the database with every published row."
  value       = module.catalog.lake_database
}

output "current_database" {
  description = "Name of the database with the current views. People read these."
  value       = module.catalog.current_database
}

output "crawler_name" {
  description = "Name of the crawler; null unless `crawler` is true."
  value       = one(module.crawler[*].name)
}

output "crawled_database" {
  description = "Name of the crawler's database; null unless `crawler` is true."
  value       = one(module.crawler[*].database)
}

output "reader_policy_arn" {
  description = "ARN of the policy that lets a person or a tool read the tables with Athena. Attach it to them."
  value       = module.catalog.reader_policy_arn
}

output "dashboard_url" {
  description = "URL of the dashboard."
  value       = module.monitoring.dashboard_url
}

output "pages_topic_arn" {
  description = "ARN of the topic of the composite alarm. Subscribe a pager to it."
  value       = module.monitoring.pages_topic_arn
}
