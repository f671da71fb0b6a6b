variable "name" {
  description = "Name of the secret."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that it is encrypted with."
  type        = string
}

variable "force_destroy" {
  description = "Whether destroying it takes effect at once; else it can be restored for 30 days, and its name is taken."
  type        = bool
}
