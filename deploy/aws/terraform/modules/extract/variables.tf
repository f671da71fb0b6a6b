variable "name" {
  description = "Name of the function."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type        = object({ account = string, partition = string, region = string })
}

variable "zip" {
  description = "Path of the function's zip."
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
  description = "Key of bucket, secret and log."
  type        = string
}

variable "secret_arn" {
  description = "Secret of the Spotify login."
  type        = string
}

variable "undelivered_queue_arn" {
  description = "Queue that takes the events of runs that failed for good."
  type        = string
}

variable "playlists" {
  description = "Playlists to read; empty means mine."
  type        = list(string)
}

variable "liked_songs" {
  description = "Whether liked songs are read too."
  type        = bool
}

variable "force_full_every_days" {
  description = "Days after which a playlist is read although it seems unchanged."
  type        = number
}

variable "environment" {
  description = "Further environment variables."
  type        = map(string)
}

variable "reserved_concurrency" {
  description = "How many may run at once; -1 reserves nothing."
  type        = number
}

variable "log_retention_days" {
  description = "Days that the log is kept."
  type        = number
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the run's metrics; the environment is in it."
  type        = string
}

variable "roles" {
  description = "Path of the roles and the permissions boundary that each carries; null for none."
  type        = object({ path = string, boundary = string })
}
