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
  description = "URI of the lake, s3://bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts bucket, secret and log."
  type        = string
}

variable "secret_arn" {
  description = "ARN of the secret with the Spotify login."
  type        = string
}

variable "undelivered_queue_arn" {
  description = "ARN of the queue for events whose runs still failed after all retries."
  type        = string
}

variable "playlists" {
  description = "Playlists to read; an empty list means \"mine\"."
  type        = list(string)
}

variable "liked_songs" {
  description = "Whether liked songs are read as well."
  type        = bool
}

variable "force_full_every_days" {
  description = "Days after which a whole playlist is read again even if it seems unchanged."
  type        = number
}

variable "environment" {
  description = "Further environment variables of the function."
  type        = map(string)
}

variable "reserved_concurrency" {
  description = "How many invocations may run at once; -1 reserves no concurrency."
  type        = number
}

variable "log_retention_days" {
  description = "Days that the log is kept."
  type        = number
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the function's metrics. It contains the environment's name."
  type        = string
}

variable "roles" {
  description = "Path and permissions boundary of the IAM roles; a null boundary means none."
  type        = object({ path = string, boundary = string })
}
