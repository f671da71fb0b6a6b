# Every variable has a default, so `terraform apply` asks no question. Region and tags belong to the provider, so to the root
# that calls this module: root/provider.tf or your own.

# --- What it is called ----------------------------------------------------------------------------

variable "project" {
  description = "First part of every name."
  type        = string
  default     = "spotify-playlists"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,28}[a-z0-9]$", var.project))
    error_message = "project is 3 to 30 lower-case letters, digits and hyphens, such as spotify-playlists: bucket names are made of it."
  }
}

variable "env" {
  description = "Which copy of the suite this is, such as dev or prod: second part of every name."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,9}$", var.env))
    error_message = "env is 1 to 10 lower-case letters and digits, such as dev."
  }
}

# --- What is read, and when --------------------------------------------------------------------------------------

variable "playlists" {
  description = "Playlist ids, links or spotify:playlist: addresses; \"mine\" means all that the person owns or collaborates on; empty means mine."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.playlists : can(regex("^(mine|.*[0-9A-Za-z]{22}.*)$", one)) && !can(regex("[\\s,]", one))])
    error_message = "Each playlist is \"mine\", an id of 22 letters and digits, a link or a spotify:playlist: address."
  }
  validation {
    condition     = length(join(",", var.playlists)) <= 3000
    error_message = "A Lambda's environment holds 4 KB: give ids instead of links, or \"mine\"."
  }
}

variable "liked_songs" {
  description = "Whether the liked songs are read too."
  type        = bool
  default     = true
}

variable "force_full_every_days" {
  description = "After how many days a playlist is read whole although it seems unchanged."
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
  description = "Time zone in which a cron schedule is meant, such as Europe/Berlin."
  type        = string
  default     = "UTC"
}

variable "schedule_enabled" {
  description = "Whether the schedules fire; false stops the suite and leaves everything where it is."
  type        = bool
  default     = true
}

# --- How it runs -------------------------------------------------------------------------------------------------

variable "extract_zip" {
  description = "The Lambda's zip, as `make build` makes it."
  type        = string
  default     = null
}

variable "glue_zip" {
  description = "The job's modules, as `make build` makes them."
  type        = string
  default     = null
}

variable "glue_script" {
  description = "The job's script."
  type        = string
  default     = null
}

variable "catalog_file" {
  description = "Tables and current views for Athena, as `make generate` makes them of the contracts."
  type        = string
  default     = null
}

variable "quicksight_file" {
  description = "The page for QuickSight, as `make generate` makes it of the BI model."
  type        = string
  default     = null
}

variable "quicksight_owner_arn" {
  description = "ARN of the QuickSight user or group that owns the page, as `aws quicksight list-users` shows it; empty makes nothing in QuickSight. The account needs QuickSight first."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(|arn:aws[a-z-]*:quicksight:[a-z0-9-]+:[0-9]{12}:(user|group)/.+)$", var.quicksight_owner_arn))
    error_message = "quicksight_owner_arn is empty, or the ARN of a user or group of QuickSight."
  }
}

variable "extract_environment" {
  description = "Further environment variables of the Lambda, such as { SPOTIFY_CALLS_PER_DAY = \"300\", LOG_LEVEL = \"DEBUG\" }. No secrets: they belong into the secret."
  type        = map(string)
  default     = {}
}

variable "extract_reserved_concurrency" {
  description = "How many extractions may run at once. 1 keeps Spotify's limits; -1 reserves nothing, for new accounts whose quota of 10 leaves nothing to reserve (a run id taken twice is harmless, only calls are spent)."
  type        = number
  default     = 1

  validation {
    condition     = contains([-1, 1], var.extract_reserved_concurrency)
    error_message = "extract_reserved_concurrency is 1, or -1 to reserve nothing."
  }
}

variable "glue_version" {
  description = "Glue's version: 5.1 (Spark 3.5, Python 3.11) or 6.0 (Spark 4.1, Python 3.13)."
  type        = string
  default     = "5.1"

  validation {
    condition     = contains(["5.1", "6.0"], var.glue_version)
    error_message = "glue_version is 5.1 or 6.0: the job is tested on these."
  }
}

variable "glue_workers" {
  description = "Number of workers, the driver among them; 2 is Glue's least and enough for most. More help a large first load only."
  type        = number
  default     = 2

  validation {
    condition     = var.glue_workers >= 2 && var.glue_workers <= 20
    error_message = "glue_workers is 2 to 20."
  }
}

variable "job_timeout_minutes" {
  description = "Minutes after which Glue ends a run of the job. The job begins no batch after 70 % of it, and an attempt that died counts as failed after it. Glue's own default is eight hours, and a run that hangs is billed."
  type        = number
  default     = 20

  validation {
    condition     = var.job_timeout_minutes >= 5 && var.job_timeout_minutes <= 2880 && floor(var.job_timeout_minutes) == var.job_timeout_minutes
    error_message = "job_timeout_minutes is a whole number of minutes, 5 to 2880."
  }
}

variable "code_linger_seconds" {
  description = "How long a deploy that changes the job's code waits before it deletes the old code, which a run that is just starting still needs. The environment variable CODE_LINGER_SECONDS goes before it; `make destroy` sets it to 0."
  type        = number
  default     = 300

  validation {
    condition     = var.code_linger_seconds >= 0 && floor(var.code_linger_seconds) == var.code_linger_seconds
    error_message = "code_linger_seconds is a whole number of seconds, from 0."
  }
}

variable "busy_wait_seconds" {
  description = "Seconds for which events are collected into one execution of the machine (at most 300), and after which it checks again while the job is busy."
  type        = number
  default     = 60

  validation {
    condition     = var.busy_wait_seconds >= 1 && floor(var.busy_wait_seconds) == var.busy_wait_seconds
    error_message = "busy_wait_seconds is a whole number of seconds, from 1."
  }
}

variable "glue_worker_type" {
  description = "Type of the job's workers: G.1X has 4 cores and 16 GB, each larger type has twice as much."
  type        = string
  default     = "G.1X"

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.glue_worker_type)
    error_message = "glue_worker_type is G.1X, G.2X, G.4X or G.8X."
  }
}

variable "glue_execution_class" {
  description = "STANDARD, or FLEX, which costs a third less and may start late or be interrupted: for backfills."
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "FLEX"], var.glue_execution_class)
    error_message = "glue_execution_class is STANDARD or FLEX."
  }
}

variable "glue_auto_scaling" {
  description = "Whether Glue adds and removes workers as the run needs them, up to glue_workers."
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
  description = "A key of the account's own for bucket, secret, topics and logs; null makes one. Its policy must allow what modules/storage/key.tf allows."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, no alias."
  }
}

variable "projection_start" {
  description = "First day of which Athena reads files, such as 2026-11-20; null: the day of the first deployment, kept in the state. A lake that is older than its stack names its own first day."
  type        = string
  default     = null

  validation {
    condition     = var.projection_start == null || can(regex("^20[0-9]{2}-[01][0-9]-[0-3][0-9]$", var.projection_start))
    error_message = "projection_start is a day such as 2026-11-20."
  }
}

variable "crawler" {
  description = "Whether there is a Glue crawler over the published files: on demand, with a database of its own. The generated tables need none."
  type        = bool
  default     = false
}

variable "immutable_lake" {
  description = "Whether the bucket refuses to overwrite published files, log entries and completion markers. Off until the check of docs/operate.md was seen to succeed."
  type        = bool
  default     = false
}

variable "operator_role_arns" {
  description = "Roles by which forget and retention are run; only they may rewrite what immutable_lake protects."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.operator_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "operator_role_arns are ARNs of IAM roles."
  }
}

# --- Notifications -----------------------------------------------------------------------------------------------

variable "alert_email" {
  description = "Address that alarms are mailed to, once its owner has confirmed; empty: no mail is sent, subscribe to the topic yourself."
  type        = string
  default     = ""
}

variable "alarm_target_arns" {
  description = "Where else each alarm goes, such as the ARN of a topic that a chat listens to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.alarm_target_arns : can(regex("^arn:[a-z-]+:[a-z]+:", arn))])
    error_message = "alarm_target_arns are ARNs."
  }
}

variable "page_target_arns" {
  description = "Where else the composite alarm goes: the alarm that is worth waking a person."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.page_target_arns : can(regex("^arn:[a-z-]+:[a-z]+:", arn))])
    error_message = "page_target_arns are ARNs."
  }
}

variable "dpu_hours_a_day" {
  description = "DPU-hours of the job a day beyond which an alarm is raised; an hourly schedule uses 0.8."
  type        = number
  default     = 4

  validation {
    condition     = var.dpu_hours_a_day > 0
    error_message = "dpu_hours_a_day is a number above 0."
  }
}

variable "monthly_budget_usd" {
  description = "Dollars a month beyond which, or beyond whose forecast, an alert is sent; 0 for no budget. The default covers an hourly schedule whose every check finds a change."
  type        = number
  default     = 25

  validation {
    condition     = var.monthly_budget_usd >= 0
    error_message = "monthly_budget_usd is a number of dollars, 0 for no budget."
  }
}

variable "budget_by_tag" {
  description = "Whether the budget counts only what carries this stack's tag: activate the cost allocation tag stack first, else it counts nothing. Otherwise the account's whole use of the suite's services counts."
  type        = bool
  default     = false
}

variable "success_within_hours" {
  description = "Hours without a successful check of a playlist after which an alarm is raised; more than the schedule's longest pause."
  type        = number
  default     = 26

  validation {
    condition     = var.success_within_hours >= 2 && var.success_within_hours <= 168 && floor(var.success_within_hours) == var.success_within_hours
    error_message = "success_within_hours is 2 to 168, CloudWatch's seven days."
  }
}

variable "log_retention_days" {
  description = "Days that logs of Lambda and job are kept; one of CloudWatch's numbers."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days is one of CloudWatch's numbers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

# --- How long things are kept ------------------------------------------------------------------------------------

variable "raw_retention_days" {
  description = "Days that archived raw objects are kept; 0 for ever. What is gone cannot be replayed. To remove raw and lake together use `make retention`."
  type        = number
  default     = 0

  validation {
    condition     = var.raw_retention_days == 0 || var.raw_retention_days >= 2 * var.force_full_every_days
    error_message = "raw_retention_days is 0, or at least two full reads: 2 x force_full_every_days."
  }
}

variable "raw_archive_days" {
  description = "Days after which archived raw objects of 128 KB or more move to the cheaper Glacier Instant Retrieval; 0 for never. A replay still reads them at once."
  type        = number
  default     = 90
}

variable "noncurrent_retention_days" {
  description = "Days that replaced and deleted versions of objects are kept: how long a mistake can be taken back, and how long what `make forget` removed is still there."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_retention_days >= 1
    error_message = "noncurrent_retention_days is a number of days, from 1."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` also deletes the bucket's objects, and the secret at once. Only `make destroy DATA=yes` says so."
  type        = bool
  default     = false
}

# --- Snowflake ---------------------------------------------------------------------------------------------------

variable "snowflake_principal_arn" {
  description = "STORAGE_AWS_IAM_USER_ARN of Snowflake's storage integration; empty until it exists: then no user outside the account is trusted."
  type        = string
  default     = ""

  validation {
    condition     = var.snowflake_principal_arn == "" || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/.+$", var.snowflake_principal_arn))
    error_message = "snowflake_principal_arn is the ARN that DESC INTEGRATION shows as STORAGE_AWS_IAM_USER_ARN."
  }
}

variable "snowflake_external_id" {
  description = "External id of the storage integration (STORAGE_AWS_EXTERNAL_ID); empty: one is derived from account and names, see the output."
  type        = string
  default     = ""
}

variable "snowflake_error_principal_arn" {
  description = "SF_AWS_IAM_USER_ARN of Snowflake's notification integration, which reports what the pipes could not load; empty: none."
  type        = string
  default     = ""

  validation {
    condition     = var.snowflake_error_principal_arn == "" || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/.+$", var.snowflake_error_principal_arn))
    error_message = "snowflake_error_principal_arn is the ARN that DESC INTEGRATION shows as SF_AWS_IAM_USER_ARN."
  }
}

variable "snowflake_error_external_id" {
  description = "SF_AWS_EXTERNAL_ID of Snowflake's notification integration, which Snowflake chooses; empty: none."
  type        = string
  default     = ""
}
