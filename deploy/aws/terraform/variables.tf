# Every variable has a default: `terraform apply` asks nothing.

# --- What it is called and where it is ---------------------------------------------------------------------------

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
  description = "Which copy of the suite this is, such as dev or prod: second part of every name. Give each its own account: the extractor's metrics do not carry the environment."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,9}$", var.env))
    error_message = "env is 1 to 10 lower-case letters and digits, such as dev."
  }
}

variable "region" {
  description = "AWS region, such as eu-west-1; null takes the one of the environment (AWS_REGION or the profile)."
  type        = string
  default     = null
}

# --- What is read, and when --------------------------------------------------------------------------------------

variable "playlists" {
  description = "Playlist ids, links or spotify:playlist: addresses, and \"mine\" for all that the person owns or works on; empty means mine."
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
  description = "When the playlists are looked at: rate(1 hour), rate(15 minutes), rate(1 day) or cron(0 6 * * ? *). What was not changed costs one call and no Glue run."
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
  default     = "../../../dist/extract_lambda.zip"
}

variable "glue_zip" {
  description = "The job's modules, as `make build` makes them."
  type        = string
  default     = "../../../dist/glue_jobs.zip"
}

variable "glue_script" {
  description = "The job's script."
  type        = string
  default     = "../../../glue_jobs/explode_playlists.py"
}

variable "catalog_file" {
  description = "Tables and current views for Athena, as `make generate` makes them of the contracts."
  type        = string
  default     = "../../generated/glue_catalog.json"
}

variable "quicksight_file" {
  description = "The page for QuickSight, as `make generate` makes it of the BI model."
  type        = string
  default     = "../../bi/quicksight/template.json"
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
  description = "Number of G.1X workers, the driver among them; 2 is Glue's least and enough for most. More only for a large first load."
  type        = number
  default     = 2

  validation {
    condition     = var.glue_workers >= 2 && var.glue_workers <= 20
    error_message = "glue_workers is 2 to 20."
  }
}

variable "busy_wait_seconds" {
  description = "How long the machine waits before it first looks, so that what arrives together is one run, and before it looks again while the job is busy."
  type        = number
  default     = 60

  validation {
    condition     = var.busy_wait_seconds >= 1 && floor(var.busy_wait_seconds) == var.busy_wait_seconds
    error_message = "busy_wait_seconds is a whole number of seconds, from 1."
  }
}

# --- Who is told what --------------------------------------------------------------------------------------------

variable "alert_email" {
  description = "Address that alarms are mailed to, once its owner has confirmed; empty: nobody is mailed, subscribe to the topic yourself."
  type        = string
  default     = ""
}

variable "monthly_budget_usd" {
  description = "Dollars a month beyond which, or beyond whose forecast, an alert is sent; 0 for no budget. The default holds an hourly schedule of which each look finds a change."
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
  description = "An alarm is raised when no look at a playlist went well within so many hours; more than the schedule's longest pause."
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
  description = "STORAGE_AWS_IAM_USER_ARN of Snowflake's storage integration; empty until it exists, and nobody outside the account is trusted."
  type        = string
  default     = ""

  validation {
    condition     = var.snowflake_principal_arn == "" || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(user|role)/.+$", var.snowflake_principal_arn))
    error_message = "snowflake_principal_arn is the ARN that DESC INTEGRATION shows as STORAGE_AWS_IAM_USER_ARN."
  }
}

variable "snowflake_external_id" {
  description = "External id of the storage integration (STORAGE_AWS_EXTERNAL_ID); empty: one is made of the account and the names, see the output."
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
