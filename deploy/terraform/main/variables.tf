variable "project_id" {
  description = "The Google Cloud project, prepared by deploy/terraform/bootstrap."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be 6 to 30 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen; see: gcloud projects list"
  }
}

variable "region" {
  description = "The region of the network, the cluster and the registry."
  type        = string
  default     = "asia-south1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be a Google Cloud region such as asia-south1; see: gcloud compute regions list"
  }
}

variable "github_repository" {
  description = "The one repository whose workflow may deploy, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$", var.github_repository))
    error_message = "github_repository must be owner/name; see: gh repo view --json nameWithOwner"
  }
}

variable "github_repository_id" {
  description = "The number of that repository: its name can be somebody else's once its owner has given it up. Null lets the name alone count."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository_id == null || can(regex("^[0-9]+$", var.github_repository_id))
    error_message = "github_repository_id must be digits only; see: gh api repos/OWNER/NAME --jq .id"
  }
}

variable "github_ref" {
  description = "The one ref that may deploy."
  type        = string
  default     = "refs/heads/main"

  validation {
    condition     = can(regex("^refs/(heads|tags)/[A-Za-z0-9._/-]+$", var.github_ref))
    error_message = "github_ref must be a full ref such as refs/heads/main"
  }
}

locals {
  # What the chart's network policies do not count as the internet: 10/8, 100.64/10, 172.16/12, 192.168/16 and 240/4.
  private = "^(10|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])|172[.](1[6-9]|2[0-9]|3[01])|192[.]168|2(4[0-9]|5[0-5]))[.]"
}

variable "network_name" {
  description = "The name of the network that this makes."
  type        = string
  default     = "sre-platform-vpc"

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.network_name)) && var.network_name != "default"
    error_message = "network_name must be 1 to 63 lower-case letters, digits and hyphens, start with a letter, and not be \"default\": nothing runs in the default network"
  }
}

variable "subnetwork_name" {
  description = "The name of its one subnet."
  type        = string
  default     = "sre-platform-subnet"

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.subnetwork_name))
    error_message = "subnetwork_name must be 1 to 63 lower-case letters, digits and hyphens, and start with a letter"
  }
}

variable "subnetwork_range" {
  description = "The addresses of the nodes."
  type        = string
  default     = "10.10.0.0/20"

  validation {
    condition     = can(cidrnetmask(var.subnetwork_range)) && can(regex("/(1[6-9]|2[0-4])$", var.subnetwork_range))
    error_message = "subnetwork_range must be a range of IPv4 addresses from /16 to /24, such as 10.10.0.0/20"
  }

  validation {
    condition     = can(regex(local.private, var.subnetwork_range))
    error_message = "subnetwork_range must be private, such as 10.10.0.0/20: the workers may reach what counts as the internet"
  }
}

variable "pods_range" {
  description = "The addresses of the pods: 256 for each node."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.pods_range)) && can(regex("/(9|1[0-9]|2[01])$", var.pods_range))
    error_message = "pods_range must be a range of IPv4 addresses from /9 to /21, such as 10.20.0.0/16"
  }

  validation {
    condition     = can(regex(local.private, var.pods_range))
    error_message = "pods_range must be private, such as 10.20.0.0/16: the workers may reach what counts as the internet"
  }
}

variable "services_range" {
  description = "The addresses of the Kubernetes Services."
  type        = string
  default     = "10.30.0.0/20"

  validation {
    condition     = can(cidrnetmask(var.services_range)) && can(regex("/(1[6-9]|2[0-7])$", var.services_range))
    error_message = "services_range must be a range of IPv4 addresses from /16 to /27, such as 10.30.0.0/20"
  }

  validation {
    condition     = can(regex(local.private, var.services_range))
    error_message = "services_range must be private, such as 10.30.0.0/20: the workers may reach what counts as the internet"
  }
}

variable "memorystore" {
  description = "A Redis of Google's in the place of the chart's own. Without it: none. Replicated in two zones, with a password; tls asks every client for the instance's own certificate authority too."
  type = object({
    memory_gb = number
    version   = optional(string, "REDIS_7_2")
    tls       = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.memorystore == null || try(var.memorystore.memory_gb >= 1 && var.memorystore.memory_gb <= 300 && floor(var.memorystore.memory_gb) == var.memorystore.memory_gb, false)
    error_message = "memorystore.memory_gb must be a whole number from 1 to 300"
  }
  validation {
    condition     = var.memorystore == null || try(contains(["REDIS_6_X", "REDIS_7_0", "REDIS_7_2"], var.memorystore.version), false)
    error_message = "memorystore.version must be REDIS_6_X, REDIS_7_0 or REDIS_7_2: the queue needs 6.2 or newer"
  }
}

variable "namespace" {
  description = "The namespace that the chart is installed into."
  type        = string
  default     = "nines"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be 1 to 63 lower-case letters, digits and hyphens"
  }
}

variable "domain" {
  description = "The name that the service answers to, for example relay.example.com. Without it: an address, no zone and no certificate."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    error_message = "domain must be a full name in lower case without a dot at its end, such as relay.example.com"
  }
}

variable "state_bucket" {
  description = "The bucket that bootstrap made: the pipeline's accounts may read it, or write it. Default: PROJECT_ID-terraform-state."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null || can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket must be 3 to 63 lower-case letters, digits, hyphens and underscores"
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the cluster."
  type        = bool
  default     = true
}

variable "billing_account" {
  description = "The billing account whose administrators a budget alert goes to. Without it: no budget."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must look like 012345-6789AB-CDEF01; see: gcloud billing accounts list"
  }
}

variable "budget_email" {
  description = "One more address that the budget alert goes to. Without it: the billing account's administrators only."
  type        = string
  default     = null

  validation {
    condition     = var.budget_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.budget_email))
    error_message = "budget_email must be an address such as oncall@example.com"
  }
  validation {
    condition     = var.budget_email == null || var.billing_account != null
    error_message = "budget_email is of the budget, which needs billing_account; see: gcloud billing accounts list"
  }
}

variable "budget_amount" {
  description = "The budget of a month, in whole units of the billing account's own currency."
  type        = number
  default     = 100

  validation {
    condition     = var.budget_amount >= 1 && floor(var.budget_amount) == var.budget_amount
    error_message = "budget_amount must be a whole number from 1"
  }
}
