variable "name" {
  description = "<project>-<env>, first part of the names."
  type        = string
}

variable "file" {
  description = "Path of the generated CloudFormation template."
  type        = string
}

variable "database" {
  description = "Athena's database of the current views."
  type        = string
}

variable "workgroup" {
  description = "Athena's workgroup."
  type        = string
}

variable "owner_arn" {
  description = "User or group of QuickSight that owns the analysis."
  type        = string
}
