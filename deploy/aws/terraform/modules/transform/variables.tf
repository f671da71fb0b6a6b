variable "name" {
  description = "Name of the job."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type        = object({ account = string, partition = string, region = string })
}

variable "script" {
  description = "Path of the job's script."
  type        = string
}

variable "zip" {
  description = "Path of the zip with the job's modules."
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

variable "lake_uri" {
  description = "The lake, s3://bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of bucket and logs."
  type        = string
}

variable "glue_version" {
  description = "Glue's version."
  type        = string
}

variable "workers" {
  description = "Number of G.1X workers."
  type        = number
}

variable "log_retention_days" {
  description = "Days that the logs are kept."
  type        = number
}

variable "timeout_minutes" {
  description = "Minutes after which Glue ends a run; the job stops at 70 % of it, and counts an attempt as failed after it."
  type        = number
}

variable "code_linger_seconds" {
  description = "Seconds that replaced code stays after the job was pointed at the new one."
  type        = number
}

variable "roles" {
  description = "Path of the roles and the permissions boundary that each carries; null for none."
  type        = object({ path = string, boundary = string })
}

variable "worker_type" {
  description = "Type of the job's workers."
  type        = string
}

variable "execution_class" {
  description = "STANDARD, or FLEX, which is cheaper and may wait."
  type        = string
}

variable "auto_scaling" {
  description = "Whether Glue adds and removes workers, up to their number."
  type        = bool
}
