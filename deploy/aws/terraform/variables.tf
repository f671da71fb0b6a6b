# Every variable has a default, so `terraform apply` asks no question. Region and tags belong to the provider. The root module
# that calls this module sets them: root/provider.tf, or a root module of your own.

# --- Names ---------------------------------------------------------------------------------------

variable "project" {
  description = "First part of every name."
  type        = string
  default     = "spotify-playlists"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,28}[a-z0-9]$", var.project))
    error_message = "project is 3 to 30 lower-case letters, digits and hyphens, such as spotify-playlists: the bucket's name begins with it."
  }
}

variable "env" {
  description = "Environment, such as dev or prod: second part of every name."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,9}$", var.env))
    error_message = "env is 1 to 10 lower-case letters and digits, such as dev."
  }
}

# --- Playlists and schedule --------------------------------------------------------------------------------------

variable "playlists" {
  description = "Playlist ids, links or spotify:playlist: URIs. \"mine\" means every playlist that the person owns or collaborates on. An empty list means \"mine\"."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for playlist in var.playlists : can(regex("^(mine|.*[0-9A-Za-z]{22}.*)$", playlist)) && !can(regex("[\\s,]", playlist))])
    error_message = "Each playlist is \"mine\", an id of 22 letters and digits, a link or a spotify:playlist: address."
  }
  validation {
    condition     = length(join(",", var.playlists)) <= 3000
    error_message = "A Lambda's environment holds 4 KB: give ids instead of links, or \"mine\"."
  }
}

variable "liked_songs" {
  description = "Whether liked songs are read as well."
  type        = bool
  default     = true
}

variable "force_full_every_days" {
  description = "Days after which a whole playlist is read again even if it seems unchanged."
  type        = number
  default     = 30

  validation {
    condition     = var.force_full_every_days >= 1 && var.force_full_every_days <= 9999 && floor(var.force_full_every_days) == var.force_full_every_days
    error_message = "force_full_every_days is a whole number of days, 1 to 9999."
  }
}

variable "schedule" {
  description = "When the playlists are checked: rate(1 hour), rate(15 minutes), rate(1 day) or cron(0 6 * * ? *). An unchanged playlist costs one call and no Glue run."
  type        = string
  default     = "rate(1 hour)"

  validation {
    condition     = can(regex("^(rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\\)|cron\\(\\S+( \\S+){5}\\))$", var.schedule))
    error_message = "schedule is rate(1 hour), rate(15 minutes), rate(1 day) and the like, or cron(...) with six fields, such as cron(0 6 * * ? *)."
  }
}

variable "schedule_time_zone" {
  description = "Time zone of a cron schedule, such as Europe/Berlin."
  type        = string
  default     = "UTC"
}

variable "schedule_enabled" {
  description = "Whether the schedules are enabled. false pauses the suite and deletes nothing."
  type        = bool
  default     = true
}

# --- Lambda and job -----------------------------------------------------------------------------------------------

variable "extract_zip" {
  description = "Path of the Lambda's zip; null means the file that `make build` creates."
  type        = string
  default     = null
}

variable "glue_zip" {
  description = "Path of the zip with the job's modules; null means the file that `make build` creates."
  type        = string
  default     = null
}

variable "glue_script" {
  description = "Path of the job's script; null means glue_jobs/explode_playlists.py of this project."
  type        = string
  default     = null
}

variable "catalog_file" {
  description = "Path of the tables and current views for Athena; null means the file that `make generate` creates from the contracts."
  type        = string
  default     = null
}

variable "quicksight_file" {
  description = "Path of the QuickSight template; null means the file that `make generate` creates from the BI model."
  type        = string
  default     = null
}

variable "quicksight_owner_arn" {
  description = "ARN of the QuickSight user or group that owns the analysis, as `aws quicksight list-users` shows it. If it is empty, nothing is created in QuickSight. Sign the account up for QuickSight first."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:quicksight:[a-z0-9-]+:[0-9]{12}:(user|group)/.+)$", var.quicksight_owner_arn))
    error_message = "quicksight_owner_arn is empty, or the ARN of a QuickSight user or group."
  }
}

variable "extract_environment" {
  description = "Further environment variables of the Lambda, such as { SPOTIFY_CALLS_PER_DAY = \"300\", LOG_LEVEL = \"DEBUG\" }. Put no secrets here: they belong in Secrets Manager."
  type        = map(string)
  default     = {}
}

variable "extract_reserved_concurrency" {
  description = "How many extractions may run at once. 1 prevents parallel runs, which would share Spotify's rate limit. -1 reserves no concurrency: use it in new accounts, whose quota of 10 is too small to reserve any. Parallel runs then do no harm, but spend more calls."
  type        = number
  default     = 1

  validation {
    condition     = contains([-1, 1], var.extract_reserved_concurrency)
    error_message = "extract_reserved_concurrency is 1, or -1 to reserve no concurrency."
  }
}

variable "glue_version" {
  description = "Glue version: 5.1 (Spark 3.5, Python 3.11) or 6.0 (Spark 4.1, Python 3.13)."
  type        = string
  default     = "5.1"

  validation {
    condition     = contains(["5.1", "6.0"], var.glue_version)
    error_message = "glue_version is 5.1 or 6.0: the job is tested on these."
  }
}

variable "glue_workers" {
  description = "Number of workers, including the driver. 2 is Glue's minimum and usually enough; more workers only help a large first load."
  type        = number
  default     = 2

  validation {
    condition     = var.glue_workers >= 2 && var.glue_workers <= 20
    error_message = "glue_workers is 2 to 20."
  }
}

variable "job_timeout_minutes" {
  description = "Minutes after which Glue ends a run of the job. The job begins no batch after 70 % of this time. An attempt that has not finished after this time counts as failed. Glue's own default is eight hours, and a run that hangs is billed."
  type        = number
  default     = 20

  validation {
    condition     = var.job_timeout_minutes >= 5 && var.job_timeout_minutes <= 2880 && floor(var.job_timeout_minutes) == var.job_timeout_minutes
    error_message = "job_timeout_minutes is a whole number of minutes, 5 to 2880."
  }
}

variable "code_linger_seconds" {
  description = "Seconds that a deploy waits before it deletes the job's old code: a run that is just starting still needs it. The environment variable CODE_LINGER_SECONDS overrides this value; `make destroy` sets it to 0."
  type        = number
  default     = 300

  validation {
    condition     = var.code_linger_seconds >= 0 && floor(var.code_linger_seconds) == var.code_linger_seconds
    error_message = "code_linger_seconds is a whole number of seconds, from 0."
  }
}

variable "busy_wait_seconds" {
  description = "Seconds for which events are collected into one execution of the state machine (at most 300). While the job is busy, the state machine also waits this long before it checks again."
  type        = number
  default     = 60

  validation {
    condition     = var.busy_wait_seconds >= 1 && floor(var.busy_wait_seconds) == var.busy_wait_seconds
    error_message = "busy_wait_seconds is a whole number of seconds, from 1."
  }
}

variable "glue_worker_type" {
  description = "Type of the job's workers. G.1X has 4 cores and 16 GB; each larger type has twice as much as the one before."
  type        = string
  default     = "G.1X"

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.glue_worker_type)
    error_message = "glue_worker_type is G.1X, G.2X, G.4X or G.8X."
  }
}

variable "glue_execution_class" {
  description = "STANDARD or FLEX. FLEX costs a third less but may start late or be interrupted: use it for backfills."
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "FLEX"], var.glue_execution_class)
    error_message = "glue_execution_class is STANDARD or FLEX."
  }
}

variable "glue_auto_scaling" {
  description = "Whether Glue adds and removes workers as a run needs them, up to glue_workers."
  type        = bool
  default     = false
}

# --- Requirements of an organisation --------------------------------------------------------------------------------

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn is the ARN of an IAM policy."
  }
}

variable "role_path" {
  description = "Path of every role, such as /data/."
  type        = string
  default     = "/"

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path begins and ends with a slash, such as /data/."
  }
}

variable "kms_key_arn" {
  description = "ARN of an existing KMS key for bucket, secret, topics and logs; null creates one. The policy of an existing key must allow what modules/storage/key.tf allows."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not of an alias."
  }
}

variable "projection_start" {
  description = "First ingest_date that Athena reads, such as 2026-11-20. null means the day of the first deployment, which Terraform keeps in its state. Set it if the lake has files from before that day."
  type        = string
  default     = null

  validation {
    condition     = var.projection_start == null || can(regex("^20[0-9]{2}-[01][0-9]-[0-3][0-9]$", var.projection_start))
    error_message = "projection_start is a day such as 2026-11-20."
  }
}

variable "crawler" {
  description = "Whether to create a Glue crawler for the published files. It runs on demand and has its own database. The generated tables do not need it."
  type        = bool
  default     = false
}

variable "immutable_lake" {
  description = "Whether the bucket refuses to overwrite published files, log entries and completion markers. Leave it off until the first account checklist of docs/operate.md has succeeded in your account."
  type        = bool
  default     = false
}

variable "operator_role_arns" {
  description = "Roles that run the commands forget and retention. Only these roles may rewrite what immutable_lake protects."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.operator_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "operator_role_arns are ARNs of IAM roles."
  }
}

# --- Notifications -----------------------------------------------------------------------------------------------

variable "alert_email" {
  description = "Mail address that receives the alarms once its owner has confirmed. If it is empty, no mail is sent: subscribe to the topic yourself."
  type        = string
  default     = ""
}

variable "alarm_target_arns" {
  description = "ARNs that each alarm is also sent to, such as a topic that a chat subscribes to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.alarm_target_arns : can(regex("^arn:[a-z-]+:[a-z]+:", arn))])
    error_message = "alarm_target_arns are ARNs."
  }
}

variable "page_target_arns" {
  description = "ARNs that the composite alarm is also sent to, such as a pager's topic. This alarm is worth waking a person."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.page_target_arns : can(regex("^arn:[a-z-]+:[a-z]+:", arn))])
    error_message = "page_target_arns are ARNs."
  }
}

variable "dpu_hours_a_day" {
  description = "An alarm is raised if the job uses more DPU-hours than this in a day. An hourly schedule uses 0.8."
  type        = number
  default     = 4

  validation {
    condition     = var.dpu_hours_a_day > 0
    error_message = "dpu_hours_a_day is a number above 0."
  }
}

variable "monthly_budget_usd" {
  description = "Monthly budget in dollars; 0 for no budget. An alert is sent when 80 % of it is spent, and when the forecast exceeds it. The default covers an hourly schedule, even if every check finds a change."
  type        = number
  default     = 25

  validation {
    condition     = var.monthly_budget_usd >= 0
    error_message = "monthly_budget_usd is a number of dollars, 0 for no budget."
  }
}

variable "budget_by_tag" {
  description = "If true, the budget counts only the costs of resources with this stack's tag. First activate `stack` as a cost allocation tag: until then the budget counts nothing. If false, the budget counts everything that the account spends on the services that the suite uses."
  type        = bool
  default     = false
}

variable "success_within_hours" {
  description = "An alarm is raised after this many hours without a successful check of a playlist. Set it above the longest pause of the schedule."
  type        = number
  default     = 26

  validation {
    condition     = var.success_within_hours >= 2 && var.success_within_hours <= 168 && floor(var.success_within_hours) == var.success_within_hours
    error_message = "success_within_hours is 2 to 168: CloudWatch evaluates seven days at most."
  }
}

variable "log_retention_days" {
  description = "Days that the logs of Lambda and job are kept; one of the numbers that CloudWatch accepts."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days is one of the numbers that CloudWatch accepts: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

# --- Retention ---------------------------------------------------------------------------------------------------

variable "raw_retention_days" {
  description = "Days that archived raw objects are kept; 0 keeps them for ever. Deleted raw objects cannot be replayed. To delete old raw objects and their published rows together, use `make retention`."
  type        = number
  default     = 0

  validation {
    condition     = var.raw_retention_days == 0 || var.raw_retention_days >= 2 * var.force_full_every_days
    error_message = "raw_retention_days is 0, or at least 2 x force_full_every_days: the last two full reads must be kept."
  }
}

variable "raw_archive_days" {
  description = "Days after which archived raw objects of 128 KB or more move to Glacier Instant Retrieval, which is cheaper; 0 for never. A replay can still read them at once."
  type        = number
  default     = 90
}

variable "noncurrent_retention_days" {
  description = "Days that replaced and deleted versions of objects are kept. A mistake can be undone for this long, and what `make forget` removes still exists for this long."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_retention_days >= 1
    error_message = "noncurrent_retention_days is a number of days, from 1."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` also deletes the bucket's objects, and deletes the secret without a recovery period. `make destroy` sets it."
  type        = bool
  default     = false
}

# --- Snowflake ---------------------------------------------------------------------------------------------------

variable "snowflake_principal_arn" {
  description = "STORAGE_AWS_IAM_USER_ARN of Snowflake's storage integration; empty until the integration exists. While it is empty, the role trusts no user outside the account."
  type        = string
  default     = ""

  validation {
    condition     = var.snowflake_principal_arn == "" || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/.+$", var.snowflake_principal_arn))
    error_message = "snowflake_principal_arn is the ARN that DESC INTEGRATION shows as STORAGE_AWS_IAM_USER_ARN."
  }
}

variable "snowflake_external_id" {
  description = "External id of the storage integration (STORAGE_AWS_EXTERNAL_ID). If it is empty, one is derived from account and names: see the output snowflake_external_id."
  type        = string
  default     = ""
}

variable "snowflake_error_principal_arn" {
  description = "SF_AWS_IAM_USER_ARN of Snowflake's notification integration, which reports files that the pipes could not load; empty until the integration exists."
  type        = string
  default     = ""

  validation {
    condition     = var.snowflake_error_principal_arn == "" || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/.+$", var.snowflake_error_principal_arn))
    error_message = "snowflake_error_principal_arn is the ARN that DESC INTEGRATION shows as SF_AWS_IAM_USER_ARN."
  }
}

variable "snowflake_error_external_id" {
  description = "SF_AWS_EXTERNAL_ID of Snowflake's notification integration. Snowflake chooses it; empty until the integration exists."
  type        = string
  default     = ""
}
