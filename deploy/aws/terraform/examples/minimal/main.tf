# The suite with its defaults, called from a root module of your own. It reads your playlists every hour and keeps
# Terraform's state on this machine.
#
#   make build
#   terraform -chdir=deploy/aws/terraform/examples/minimal init
#   terraform -chdir=deploy/aws/terraform/examples/minimal apply

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

# The region comes from AWS_REGION or from the profile.
provider "aws" {}

module "suite" {
  source = "../.."

  alert_email = var.alert_email
}

variable "alert_email" {
  description = "Mail address that receives the alarms; empty for no mail."
  type        = string
  default     = ""
}

output "suite" {
  description = "All outputs of the suite, such as the ARN of the secret that the login command fills."
  value       = module.suite
}
