# `make deploy` adds this file to the module of the parent folder, which makes it a root module. A root module of your own
# (examples/) configures its own provider instead.

variable "region" {
  description = "AWS region, such as eu-west-1; null uses the region of AWS_REGION or of the profile."
  type        = string
  default     = null
}

variable "tags" {
  description = "Further tags for all resources. The suite sets the tags project, env and stack itself."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.tags) : !contains(["project", "env", "stack"], name) && !startswith(lower(name), "aws:")])
    error_message = "tags may hold neither project, env or stack nor names that begin with aws:."
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
