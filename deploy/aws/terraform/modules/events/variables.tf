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

variable "bucket_arn" {
  description = "ARN of the lake's bucket."
  type        = string
}

variable "extract_function_arn" {
  description = "ARN of the Lambda alias that the schedule invokes."
  type        = string
}

variable "job_name" {
  description = "Name of the job that the state machine starts."
  type        = string
}

variable "job_arn" {
  description = "ARN of the job that the state machine starts."
  type        = string
}

variable "schedule" {
  description = "Schedule of the extraction: rate(...) or cron(...)."
  type        = string
}

variable "schedule_time_zone" {
  description = "Time zone of a cron schedule."
  type        = string
}

variable "schedule_enabled" {
  description = "Whether the schedules are enabled."
  type        = bool
}

variable "busy_wait_seconds" {
  description = "Seconds for which events are collected into one execution. While the job is busy, the state machine also waits this long before it checks again."
  type        = number
}

variable "roles" {
  description = "Path and permissions boundary of the IAM roles; a null boundary means none."
  type        = object({ path = string, boundary = string })
}
