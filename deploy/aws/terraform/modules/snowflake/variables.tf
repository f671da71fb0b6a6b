variable "name" {
  description = "Name of the role. It is fixed, because Snowflake's integration refers to the role before the role trusts Snowflake."
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
  description = "ARN of the key that encrypts bucket and alert topic."
  type        = string
}

variable "alert_topic_arn" {
  description = "ARN of the topic that Snowflake's pipes report errors to."
  type        = string
}

variable "principal_arn" {
  description = "ARN of Snowflake's IAM user for the storage integration; empty until it is known."
  type        = string
}

variable "external_id" {
  description = "External id of the storage integration. If it is empty, one is derived from account and names."
  type        = string
}

variable "error_principal_arn" {
  description = "ARN of Snowflake's IAM user for the notification integration; empty until it is known."
  type        = string
}

variable "error_external_id" {
  description = "External id of the notification integration; empty until it is known."
  type        = string
}

variable "roles" {
  description = "Path and permissions boundary of the IAM roles; a null boundary means none."
  type        = object({ path = string, boundary = string })
}
