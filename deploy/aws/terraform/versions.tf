# The subset that Terraform and OpenTofu share. No lock file is committed: a lock for all platforms needs the registry
# (`terraform providers lock -platform=…`, docs/deploy.md), and one made from a mirror holds the hashes of one platform.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}
