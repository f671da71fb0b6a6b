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
  description = "URI of the lake, s3://bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts bucket and logs."
  type        = string
}

variable "glue_version" {
  description = "Glue version, such as 5.1."
  type        = string
}

variable "workers" {
  description = "Number of workers, including the driver."
  type        = number
}

variable "log_retention_days" {
  description = "Days that the logs are kept."
  type        = number
}

variable "timeout_minutes" {
  description = "Minutes after which Glue ends a run. The job begins no batch after 70 % of this time, and counts an unfinished attempt as failed after it."
  type        = number
}

variable "code_linger_seconds" {
  description = "Seconds that the old code is kept after a deploy has pointed the job at the new code."
  type        = number
}

variable "roles" {
  description = "Path and permissions boundary of the IAM roles; a null boundary means none."
  type        = object({ path = string, boundary = string })
}

variable "worker_type" {
  description = "Type of the job's workers, such as G.1X."
  type        = string
}

variable "execution_class" {
  description = "STANDARD or FLEX. FLEX is cheaper but may start late."
  type        = string
}

variable "auto_scaling" {
  description = "Whether Glue adds and removes workers as a run needs them, up to `workers`."
  type        = bool
}
