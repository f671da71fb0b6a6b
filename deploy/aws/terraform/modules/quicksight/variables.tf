variable "name" {
  description = "<project>-<env>, first part of the names."
  type        = string
}

variable "file" {
  description = "Path of the generated CloudFormation template."
  type        = string
}

variable "database" {
  description = "Name of the Athena database with the current views."
  type        = string
}

variable "workgroup" {
  description = "Name of the Athena workgroup."
  type        = string
}

variable "owner_arn" {
  description = "ARN of the QuickSight user or group that owns the analysis."
  type        = string
}
