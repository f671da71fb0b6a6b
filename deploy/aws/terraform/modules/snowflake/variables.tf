variable "name" {
  description = "Name of the role; fixed, since Snowflake's integration names it before it is trusted."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type        = object({ account = string, partition = string, region = string })
}

variable "bucket_arn" {
  description = "ARN of the lake's bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of bucket and alert topic."
  type        = string
}

variable "alert_topic_arn" {
  description = "Topic that Snowflake's pipes report errors to."
  type        = string
}

variable "principal_arn" {
  description = "Snowflake's IAM user for the storage integration; empty until it is known."
  type        = string
}

variable "external_id" {
  description = "External id of the storage integration; empty: one is made."
  type        = string
}

variable "error_principal_arn" {
  description = "Snowflake's IAM user for the notification integration; empty until it is known."
  type        = string
}

variable "error_external_id" {
  description = "External id of the notification integration; empty until it is known."
  type        = string
}

variable "roles" {
  description = "Path of the roles and the permissions boundary that each carries; null for none."
  type        = object({ path = string, boundary = string })
}
