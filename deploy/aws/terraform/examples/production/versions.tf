terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # A partial configuration, completed by `terraform init -backend-config=prod.s3.tfbackend.example`.
  backend "s3" {}
}
