variable "name" {
  description = "<project>-<env>, first part of the names."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type        = object({ account = string, partition = string, region = string })
}

variable "file" {
  description = "Path of the generated catalog: tables with their columns, and the current views."
  type        = string
}

variable "bucket_name" {
  description = "Name of the lake's bucket."
  type        = string
}

variable "bucket_arn" {
  description = "ARN of the lake's bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts bucket and query results."
  type        = string
}

variable "force_delete" {
  description = "Whether destroying the workgroup also deletes its query history."
  type        = bool
}

variable "projection_start" {
  description = "First ingest_date that Athena reads, such as 2026-11-20; null means the day of the first deployment."
  type        = string
}
