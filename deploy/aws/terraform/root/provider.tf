# What `make deploy` adds to the module of the parent folder to make a root module of it. A root of your own (examples/)
# has a provider of its own instead.

variable "region" {
  description = "AWS region, such as eu-west-1; null takes the one of the environment (AWS_REGION or the profile)."
  type        = string
  default     = null
}

variable "tags" {
  description = "Further tags of everything; project, env and stack are the suite's own."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.tags) : !contains(["project", "env", "stack"], name) && !startswith(lower(name), "aws:")])
    error_message = "tags may hold neither project, env and stack nor names that begin with aws:."
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, {
      project = var.project
      env     = var.env
      stack   = "${var.project}-${var.env}" # what budget_by_tag filters by
    })
  }
}
