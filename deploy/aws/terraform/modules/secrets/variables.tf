variable "name" {
  description = "Name of the secret."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts the secret."
  type        = string
}

variable "force_destroy" {
  description = "Whether the secret is deleted at once when it is destroyed. Otherwise it can be restored for 30 days, and no other secret can have its name meanwhile."
  type        = bool
}
