# The suite on AWS. The modules are in the order of the data flow:
#
#   schedule > extract (Lambda) > storage (S3) > events (rule, state machine) > transform (Glue) > storage > catalog, warehouse
#
# Names are <project>-<env>-<what>. Each module defines the IAM roles that its own resources use.
#
# This module configures no provider. `make deploy` adds root/provider.tf, builds, plans and applies. To call the module from
# a root module of your own, run `make build` and see examples/.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  name    = "${var.project}-${var.env}"
  account = data.aws_caller_identity.current.account_id
  # Modules build ARNs of resources that do not exist yet from these. In provider 5 and 6 `id` is the region's name.
  place = {
    account   = local.account
    partition = data.aws_partition.current.partition
    region    = data.aws_region.current.id
  }
  roles = { path = var.role_path, boundary = var.permissions_boundary_arn }
  # The zips and the generated files are in the project that contains this module.
  project = "${path.module}/../../.."
  files = {
    extract_zip = coalesce(var.extract_zip, "${local.project}/dist/extract_lambda.zip")
    glue_zip    = coalesce(var.glue_zip, "${local.project}/dist/glue_jobs.zip")
    glue_script = coalesce(var.glue_script, "${local.project}/glue_jobs/explode_playlists.py")
    catalog     = coalesce(var.catalog_file, "${local.project}/deploy/generated/glue_catalog.json")
    quicksight  = coalesce(var.quicksight_file, "${local.project}/deploy/bi/quicksight/template.json")
  }
  # Bucket names must be unique worldwide; the account's number makes this one unique.
  bucket_name = "${local.name}-${local.account}"
}

module "storage" {
  source = "./modules/storage"

  name                      = local.name
  place                     = local.place
  bucket_name               = local.bucket_name
  raw_retention_days        = var.raw_retention_days
  raw_archive_days          = var.raw_archive_days
  noncurrent_retention_days = var.noncurrent_retention_days
  snowflake_principal_arn   = var.snowflake_principal_arn
  alert_topic_arn           = "arn:${local.place.partition}:sns:${local.place.region}:${local.account}:${local.name}-alerts"
  force_destroy             = var.force_destroy
  kms_key_arn               = var.kms_key_arn
  immutable_lake            = var.immutable_lake
  operator_role_arns        = var.operator_role_arns
}

module "secrets" {
  source = "./modules/secrets"

  name          = "${var.project}/${var.env}/spotify"
  kms_key_arn   = module.storage.kms_key_arn
  force_destroy = var.force_destroy
}

module "extract" {
  source = "./modules/extract"

  roles                 = local.roles
  name                  = "${local.name}-extract"
  place                 = local.place
  zip                   = local.files.extract_zip
  bucket_arn            = module.storage.bucket_arn
  lake_uri              = module.storage.lake_uri
  kms_key_arn           = module.storage.kms_key_arn
  secret_arn            = module.secrets.secret_arn
  undelivered_queue_arn = module.events.undelivered_queue_arn
  playlists             = var.playlists
  liked_songs           = var.liked_songs
  force_full_every_days = var.force_full_every_days
  environment           = var.extract_environment
  metrics_namespace     = "SpotifyPlaylistSuite/${local.name}"
  reserved_concurrency  = var.extract_reserved_concurrency
  log_retention_days    = var.log_retention_days
}

module "transform" {
  source = "./modules/transform"

  roles               = local.roles
  name                = "${local.name}-transform"
  place               = local.place
  script              = local.files.glue_script
  zip                 = local.files.glue_zip
  bucket_name         = module.storage.bucket_name
  bucket_arn          = module.storage.bucket_arn
  lake_uri            = module.storage.lake_uri
  kms_key_arn         = module.storage.kms_key_arn
  glue_version        = var.glue_version
  workers             = var.glue_workers
  worker_type         = var.glue_worker_type
  execution_class     = var.glue_execution_class
  auto_scaling        = var.glue_auto_scaling
  timeout_minutes     = var.job_timeout_minutes
  code_linger_seconds = var.code_linger_seconds
  log_retention_days  = var.log_retention_days
}

module "events" {
  source = "./modules/events"

  roles                = local.roles
  name                 = local.name
  place                = local.place
  bucket_name          = module.storage.bucket_name
  bucket_arn           = module.storage.bucket_arn
  extract_function_arn = module.extract.function_arn
  job_name             = module.transform.job_name
  job_arn              = module.transform.job_arn
  schedule             = var.schedule
  schedule_time_zone   = var.schedule_time_zone
  schedule_enabled     = var.schedule_enabled
  busy_wait_seconds    = var.busy_wait_seconds
}

module "catalog" {
  source = "./modules/catalog"

  name             = local.name
  place            = local.place
  file             = local.files.catalog
  bucket_name      = local.bucket_name # known before the bucket exists, so that a plan shows the tables
  bucket_arn       = module.storage.bucket_arn
  kms_key_arn      = module.storage.kms_key_arn
  force_delete     = var.force_destroy
  projection_start = var.projection_start
}

module "crawler" {
  source = "./modules/crawler"
  count  = var.crawler ? 1 : 0

  roles       = local.roles
  name        = local.name
  place       = local.place
  locations   = module.catalog.locations
  bucket_arn  = module.storage.bucket_arn
  kms_key_arn = module.storage.kms_key_arn
}

module "quicksight" {
  source = "./modules/quicksight"
  count  = var.quicksight_owner_arn == "" ? 0 : 1

  name      = local.name
  file      = local.files.quicksight
  database  = module.catalog.current_database
  workgroup = module.catalog.workgroup
  owner_arn = var.quicksight_owner_arn
}

module "snowflake" {
  source = "./modules/snowflake"

  roles               = local.roles
  name                = "${local.name}-snowflake"
  place               = local.place
  bucket_arn          = module.storage.bucket_arn
  kms_key_arn         = module.storage.kms_key_arn
  alert_topic_arn     = module.monitoring.alert_topic_arn
  principal_arn       = var.snowflake_principal_arn
  external_id         = var.snowflake_external_id
  error_principal_arn = var.snowflake_error_principal_arn
  error_external_id   = var.snowflake_error_external_id
}

module "monitoring" {
  source = "./modules/monitoring"

  name                   = local.name
  place                  = local.place
  kms_key_arn            = module.storage.kms_key_arn
  alert_email            = var.alert_email
  job_name               = module.transform.job_name
  job_output_log_group   = module.transform.output_log_group
  extract_function_name  = module.extract.function_name
  state_machine_arn      = module.events.state_machine_arn
  undelivered_queue_arn  = module.events.undelivered_queue_arn
  undelivered_queue_name = module.events.undelivered_queue_name
  success_within_hours   = var.success_within_hours
  schedule_enabled       = var.schedule_enabled
  schedule_group_name    = module.events.schedule_group_name
  pending_queue_name     = module.events.pending_queue_name
  job_timeout_minutes    = var.job_timeout_minutes
  job_workers            = var.glue_workers
  dpu_hours_a_day        = var.dpu_hours_a_day
  force_full_every_days  = var.force_full_every_days
  alarm_target_arns      = var.alarm_target_arns
  page_target_arns       = var.page_target_arns
  monthly_budget_usd     = var.monthly_budget_usd
  budget_by_tag          = var.budget_by_tag
}
