# The subset that Terraform and OpenTofu share. No lock file is committed: it would hold one platform's hashes only.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }

  # The state is kept in this folder. A team keeps it in S3 instead, in a bucket that is not this stack's own:
  #
  #   backend "s3" {
  #     bucket       = "your-terraform-states"
  #     key          = "spotify-playlists/dev.tfstate"
  #     region       = "eu-west-1"
  #     encrypt      = true
  #     use_lockfile = true # Terraform 1.10 locks in S3 itself; no DynamoDB table is needed
  #   }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, {
      project = var.project
      env     = var.env
      stack   = "${var.project}-${var.env}"
    })
  }
}
