variable "name" {
  description = "<project>-<env>, first part of the names."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type        = object({ account = string, partition = string, region = string })
}

variable "kms_key_arn" {
  description = "Key of the alert topic."
  type        = string
}

variable "alert_email" {
  description = "Address that alarms are mailed to; empty for none."
  type        = string
}

variable "job_name" {
  description = "Name of the job."
  type        = string
}

variable "job_output_log_group" {
  description = "Log group in which each run of the job ends with one line of JSON."
  type        = string
}

variable "extract_function_name" {
  description = "Name of the Lambda."
  type        = string
}

variable "state_machine_arn" {
  description = "ARN of the machine."
  type        = string
}

variable "undelivered_queue_arn" {
  description = "Queue of what could not be delivered."
  type        = string
}

variable "undelivered_queue_name" {
  description = "Name of that queue."
  type        = string
}

variable "success_within_hours" {
  description = "Hours within which a check of a playlist must have succeeded."
  type        = number
}

variable "monthly_budget_usd" {
  description = "Dollars a month; 0 for no budget."
  type        = number
}

variable "budget_by_tag" {
  description = "Whether the budget counts only what is tagged as this stack's; else the account's use of the suite's services."
  type        = bool
}

variable "schedule_enabled" {
  description = "Whether the schedules fire; while they do not, the alarm on missing successes sends nothing."
  type        = bool
}

variable "schedule_group_name" {
  description = "Group of the schedules."
  type        = string
}

variable "pending_queue_name" {
  description = "Queue of what is pending."
  type        = string
}

variable "job_timeout_minutes" {
  description = "Minutes after which Glue ends a run."
  type        = number
}

variable "job_workers" {
  description = "Workers of the job, one DPU each."
  type        = number
}

variable "dpu_hours_a_day" {
  description = "DPU-hours a day beyond which an alarm is raised."
  type        = number
}

variable "force_full_every_days" {
  description = "After how many days everything is read and committed at the latest."
  type        = number
}

variable "alarm_target_arns" {
  description = "What else each alarm is sent to."
  type        = list(string)
}

variable "page_target_arns" {
  description = "What else the composite alarm is sent to."
  type        = list(string)
}
