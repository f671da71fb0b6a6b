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
