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
  description = "The Lambda that the schedule invokes."
  type        = string
}

variable "job_name" {
  description = "The job that the machine starts."
  type        = string
}

variable "job_arn" {
  description = "The job's ARN."
  type        = string
}

variable "schedule" {
  description = "rate(...) or cron(...) of the extraction."
  type        = string
}

variable "schedule_time_zone" {
  description = "Time zone of a cron schedule."
  type        = string
}

variable "schedule_enabled" {
  description = "Whether the schedules fire."
  type        = bool
}

variable "busy_wait_seconds" {
  description = "Seconds for which events are collected into one execution, and after which the machine checks again while the job is busy."
  type        = number
}

variable "roles" {
  description = "Path of the roles and the permissions boundary that each carries; null for none."
  type        = object({ path = string, boundary = string })
}
