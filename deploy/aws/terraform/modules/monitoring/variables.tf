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
  description = "Hours within which a look at a playlist must have gone well."
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
