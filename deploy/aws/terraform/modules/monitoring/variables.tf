variable "name" {
  description = "<project>-<env>, first part of the names."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type        = object({ account = string, partition = string, region = string })
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts the topics."
  type        = string
}

variable "alert_email" {
  description = "Mail address that receives the alarms; empty for no mail."
  type        = string
}

variable "job_name" {
  description = "Name of the job."
  type        = string
}

variable "job_output_log_group" {
  description = "Log group of the job's output. The last line of each run is JSON."
  type        = string
}

variable "extract_function_name" {
  description = "Name of the Lambda."
  type        = string
}

variable "state_machine_arn" {
  description = "ARN of the state machine."
  type        = string
}

variable "undelivered_queue_arn" {
  description = "ARN of the queue for events that could not be delivered."
  type        = string
}

variable "undelivered_queue_name" {
  description = "Name of the queue for events that could not be delivered."
  type        = string
}

variable "success_within_hours" {
  description = "Hours within which a check of a playlist must have succeeded."
  type        = number
}

variable "monthly_budget_usd" {
  description = "Monthly budget in dollars; 0 for no budget."
  type        = number
}

variable "budget_by_tag" {
  description = "If true, the budget counts only the costs of resources with this stack's tag. If false, it counts everything that the account spends on the services that the suite uses."
  type        = bool
}

variable "schedule_enabled" {
  description = "Whether the schedules are enabled. While they are not, the alarm error-no-success sends no message."
  type        = bool
}

variable "schedule_group_name" {
  description = "Name of the group of the schedules."
  type        = string
}

variable "pending_queue_name" {
  description = "Name of the queue for events of new pending objects."
  type        = string
}

variable "job_timeout_minutes" {
  description = "Minutes after which Glue ends a run."
  type        = number
}

variable "job_workers" {
  description = "Number of the job's workers. Each counts as one DPU."
  type        = number
}

variable "dpu_hours_a_day" {
  description = "An alarm is raised if the job uses more DPU-hours than this in a day."
  type        = number
}

variable "force_full_every_days" {
  description = "Days after which every playlist is read and committed again, even if it seems unchanged."
  type        = number
}

variable "alarm_target_arns" {
  description = "Further ARNs that each alarm is sent to."
  type        = list(string)
}

variable "page_target_arns" {
  description = "Further ARNs that the composite alarm is sent to."
  type        = list(string)
}
