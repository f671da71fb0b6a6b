variable "name" {
  description = "<project>-<env>, first part of the names."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type        = object({ account = string, partition = string, region = string })
}

variable "bucket_name" {
  description = "Name of the lake's bucket."
  type        = string
}

variable "raw_retention_days" {
  description = "Days that archived raw objects are kept; 0 keeps them for ever."
  type        = number
}

variable "raw_archive_days" {
  description = "Days after which archived raw objects move to a cheaper storage class; 0 for never."
  type        = number
}

variable "noncurrent_retention_days" {
  description = "Days that replaced and deleted versions are kept."
  type        = number
}

variable "snowflake_principal_arn" {
  description = "ARN of Snowflake's IAM user, which may subscribe to the topic of published files; empty for none."
  type        = string
}

variable "force_destroy" {
  description = "Whether destroying the bucket also deletes its objects."
  type        = bool
}

variable "alert_topic_arn" {
  description = "ARN of the alarms' topic. The caller builds it from names instead of referring to the topic, because the topic needs this module's key first."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of an existing KMS key; null creates one."
  type        = string
}

variable "immutable_lake" {
  description = "Whether published files, log entries and completion markers can only be created, not overwritten."
  type        = bool
}

variable "operator_role_arns" {
  description = "Roles that may rewrite these objects even if immutable_lake is true."
  type        = list(string)
}
