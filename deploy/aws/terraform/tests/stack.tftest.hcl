# The whole stack, applied to a provider that makes everything up: no account, no network, seconds.
# `cp root/provider.tf . && terraform init && terraform test` in deploy/aws/terraform. tests/aws/test_iam.py checks what the
# policies allow.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_resource "aws_athena_workgroup" {
    defaults = { arn = "arn:aws:athena:eu-west-1:123456789012:workgroup/mock" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:mock" }
  }

  mock_resource "aws_glue_job" {
    defaults = { arn = "arn:aws:glue:eu-west-1:123456789012:job/mock" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/mock" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:123456789012:key/mock", key_id = "00000000-0000-0000-0000-000000000000" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mock" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { id = "spotify-playlists-dev-123456789012", arn = "arn:aws:s3:::spotify-playlists-dev-123456789012" }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:spotify-playlists/dev/spotify-mock" }
  }

  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:mock" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:mock" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:mock", url = "https://sqs.eu-west-1.amazonaws.com/123456789012/mock" }
  }

  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mock:live" }
  }

  # Three topics and two queues that policies must tell apart.
  override_resource {
    target = module.events.aws_sqs_queue.pending
    values = { arn = "arn:aws:sqs:eu-west-1:123456789012:spotify-playlists-dev-pending" }
  }
  override_resource {
    target = module.monitoring.aws_sns_topic.alerts
    values = { arn = "arn:aws:sns:eu-west-1:123456789012:spotify-playlists-dev-alerts" }
  }
  override_resource {
    target = module.monitoring.aws_sns_topic.pages
    values = { arn = "arn:aws:sns:eu-west-1:123456789012:spotify-playlists-dev-pages" }
  }
  override_resource {
    target = module.storage.aws_sns_topic.processed
    values = { arn = "arn:aws:sns:eu-west-1:123456789012:spotify-playlists-dev-processed" }
  }
}

variables {
  # Any file will do where only a hash is asked for.
  extract_zip = "versions.tf"
  glue_zip    = "versions.tf"
  glue_script = "versions.tf"
  # Else the teardown waits.
  code_linger_seconds = 0
}

run "defaults" {
  command = apply

  assert {
    condition     = output.bucket == "spotify-playlists-dev-123456789012" && output.lake_uri == "s3://spotify-playlists-dev-123456789012"
    error_message = "The bucket is named for project, environment and account."
  }
  assert {
    condition     = output.lake_database == "spotify_playlists_dev_lake" && output.current_database == "spotify_playlists_dev"
    error_message = "Databases are named for project and environment, without hyphens."
  }
  assert {
    condition     = output.glue_job_name == "spotify-playlists-dev-transform" && output.extract_function_name == "spotify-playlists-dev-extract"
    error_message = "Names are project, environment, what."
  }
  assert {
    condition     = output.snowflake_external_id == "spotify-playlists-dev-snowflake-38ff7bddb83140b0"
    error_message = "The external id must not change: Snowflake's integration names it."
  }
}

# The second application of Snowflake's handshake, and the page in QuickSight.
run "snowflake_and_quicksight" {
  command = apply

  variables {
    snowflake_principal_arn       = "arn:aws:iam::999999999999:user/snow"
    snowflake_external_id         = "chosen"
    snowflake_error_principal_arn = "arn:aws:iam::999999999999:user/snow"
    snowflake_error_external_id   = "given"
    quicksight_owner_arn          = "arn:aws:quicksight:eu-west-1:123456789012:user/default/reader"
  }

  assert {
    condition     = strcontains(module.quicksight[0].template, "spotify_playlists_dev.stays") && !strcontains(module.quicksight[0].template, "{{ database }}")
    error_message = "The template must name the database of the current views."
  }
  assert {
    condition     = length(module.quicksight[0].template) < 51200
    error_message = "CloudFormation takes 51,200 bytes of template."
  }
  assert {
    condition     = module.quicksight[0].parameters["OwnerArn"] == var.quicksight_owner_arn && module.quicksight[0].parameters["Workgroup"] == "spotify-playlists-dev"
    error_message = "Owner and workgroup must be those of the stack."
  }

  assert {
    condition     = output.snowflake_external_id == "chosen"
    error_message = "The external id is the chosen one."
  }
}

run "other_settings" {
  command = apply

  variables {
    job_timeout_minutes = 45
    schedule_enabled    = false
    schedule            = "cron(0 6 ? * MON-FRI *)"
    schedule_time_zone  = "Europe/Berlin"
    playlists           = ["mine", "37i9dQZF1DXcBWIGoYBM5M", "https://open.spotify.com/playlist/37i9dQZF1DX0XUsuxWHRQd?si=1"]
    glue_version        = "6.0"
  }
}

run "production" {
  command = apply

  variables {
    env                      = "prod"
    glue_worker_type         = "G.2X"
    glue_workers             = 10
    glue_auto_scaling        = true
    glue_execution_class     = "FLEX"
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    role_path                = "/data/"
    tags                     = { owner = "data" }
    kms_key_arn              = "arn:aws:kms:eu-west-1:123456789012:key/own"
    immutable_lake           = true
    projection_start         = "2025-01-31"
    crawler                  = true
    operator_role_arns       = ["arn:aws:iam::123456789012:role/operator"]
    alarm_target_arns        = ["arn:aws:sns:eu-west-1:123456789012:chat"]
    page_target_arns         = ["arn:aws:sns:eu-west-1:123456789012:pager"]
  }
}

# --- What variables refuse ---------------------------------------------------------------------------------------

run "refused" {
  command = plan

  variables {
    env                          = "Prod"
    schedule                     = "every hour"
    playlists                    = ["discover weekly"]
    glue_version                 = "4.0"
    busy_wait_seconds            = 0.5
    job_timeout_minutes          = 4
    code_linger_seconds          = -1
    glue_worker_type             = "Standard"
    glue_execution_class         = "SPOT"
    permissions_boundary_arn     = "boundary"
    role_path                    = "data"
    tags                         = { env = "mine" }
    kms_key_arn                  = "alias/mine"
    operator_role_arns           = ["operator"]
    alarm_target_arns            = ["chat"]
    page_target_arns             = ["pager"]
    dpu_hours_a_day              = 0
    projection_start             = "yesterday"
    extract_reserved_concurrency = 2
    raw_retention_days           = 59
    log_retention_days           = 31
    snowflake_principal_arn      = "snowflake"
    quicksight_owner_arn         = "me"
  }

  expect_failures = [
    var.env,
    var.schedule,
    var.playlists,
    var.glue_version,
    var.busy_wait_seconds,
    var.job_timeout_minutes,
    var.code_linger_seconds,
    var.glue_worker_type,
    var.glue_execution_class,
    var.permissions_boundary_arn,
    var.role_path,
    var.tags,
    var.kms_key_arn,
    var.operator_role_arns,
    var.alarm_target_arns,
    var.page_target_arns,
    var.dpu_hours_a_day,
    var.projection_start,
    var.extract_reserved_concurrency,
    var.raw_retention_days,
    var.log_retention_days,
    var.snowflake_principal_arn,
    var.quicksight_owner_arn,
  ]
}

run "refused_too" {
  command = plan

  variables {
    schedule  = "cron(0 6 * * ?)" # five fields
    playlists = [for number in range(140) : format("%022d", number)]
  }

  expect_failures = [var.schedule, var.playlists]
}

run "one_hours" {
  command = plan

  variables {
    schedule = "rate(1 hours)"
  }

  expect_failures = [var.schedule]
}
