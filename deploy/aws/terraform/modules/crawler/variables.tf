variable "name" {
  description = "<project>-<env>, first part of the names."
  type        = string
}

variable "place" {
  description = "Account, partition and region."
  type        = object({ account = string, partition = string, region = string })
}

variable "locations" {
  description = "S3 URI of each table's published files."
  type        = list(string)
}

variable "bucket_arn" {
  description = "ARN of the lake's bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts the bucket."
  type        = string
}

variable "roles" {
  description = "Path and permissions boundary of the IAM roles; a null boundary means none."
  type        = object({ path = string, boundary = string })
}
