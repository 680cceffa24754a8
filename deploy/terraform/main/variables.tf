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

variable "github_ref" {
  description = "The one ref that may deploy."
  type        = string
  default     = "refs/heads/main"

  validation {
    condition     = can(regex("^refs/(heads|tags)/[A-Za-z0-9._/-]+$", var.github_ref))
    error_message = "github_ref must be a full ref such as refs/heads/main"
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

variable "budget_amount" {
  description = "The budget of a month, in whole units of the billing account's own currency."
  type        = number
  default     = 100

  validation {
    condition     = var.budget_amount >= 1 && floor(var.budget_amount) == var.budget_amount
    error_message = "budget_amount must be a whole number from 1"
  }
}
