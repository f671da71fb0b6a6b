# The suite with its defaults, from a root module of your own: your playlists every hour, state on this machine.
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

# The region is that of AWS_REGION or of the profile.
provider "aws" {}

module "suite" {
  source = "../.."

  alert_email = var.alert_email
}

variable "alert_email" {
  description = "Address that alarms are mailed to; empty for no mail."
  type        = string
  default     = ""
}

output "suite" {
  description = "All outputs of the suite, such as the secret that the login command fills."
  value       = module.suite
}
