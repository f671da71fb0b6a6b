# The suite in an organisation: state in S3, a role for deployments, a permissions boundary and a pager. Every name and ARN
# is invented: replace them.

provider "aws" {
  region = "eu-west-1"

  assume_role {
    role_arn = "arn:aws:iam::123456789012:role/data/deployer"
  }

  default_tags {
    tags = {
      owner = "data-platform"
      # budget_by_tag counts the costs of resources with this tag. Its value is <project>-<env>.
      stack = "spotify-playlists-prod"
    }
  }
}

module "suite" {
  source = "../.."

  env                = "prod"
  schedule           = "cron(0 6 * * ? *)"
  schedule_time_zone = "Europe/Berlin"

  # An organisation's rules for IAM and encryption.
  permissions_boundary_arn = "arn:aws:iam::123456789012:policy/data/boundary"
  role_path                = "/data/"

  # Large runs get up to four workers.
  glue_workers        = 4
  glue_auto_scaling   = true
  job_timeout_minutes = 60

  # Where alarms are sent.
  alarm_target_arns    = ["arn:aws:sns:eu-west-1:123456789012:data-chat"]
  page_target_arns     = ["arn:aws:sns:eu-west-1:123456789012:data-pager"]
  success_within_hours = 30
  monthly_budget_usd   = 50
  budget_by_tag        = true

  # Retention.
  raw_retention_days        = 400
  noncurrent_retention_days = 14
  log_retention_days        = 90
}

output "suite" {
  description = "All outputs of the suite, such as the ARN of the secret that the login command fills."
  value       = module.suite
}
