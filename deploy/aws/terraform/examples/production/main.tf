# The suite in an organisation: state in S3, a role to deploy with, a permissions boundary, alarms that page. Every name and
# ARN is invented; replace them.

provider "aws" {
  region = "eu-west-1"

  assume_role {
    role_arn = "arn:aws:iam::123456789012:role/data/deployer"
  }

  default_tags {
    tags = {
      owner = "data-platform"
      # budget_by_tag counts what has this tag: project and env of the suite.
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

  # More workers while there is much to do; the job ends in time all the same.
  glue_workers        = 4
  glue_auto_scaling   = true
  job_timeout_minutes = 60

  # Who hears of what.
  alarm_target_arns    = ["arn:aws:sns:eu-west-1:123456789012:data-chat"]
  page_target_arns     = ["arn:aws:sns:eu-west-1:123456789012:data-pager"]
  success_within_hours = 30
  monthly_budget_usd   = 50
  budget_by_tag        = true

  # How long things are kept.
  raw_retention_days        = 400
  noncurrent_retention_days = 14
  log_retention_days        = 90
}

output "suite" {
  description = "All outputs of the suite, such as the secret that the login command fills."
  value       = module.suite
}
