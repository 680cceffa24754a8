variable "project_id" {
  description = "The Google Cloud project that everything lives in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be 6 to 30 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen; see: gcloud projects list"
  }
}

variable "region" {
  description = "The region of the state bucket."
  type        = string
  default     = "asia-south1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region must be a Google Cloud region such as asia-south1; see: gcloud compute regions list"
  }
}

variable "create_project" {
  description = "Whether to create the project. It is then made without a default network."
  type        = bool
  default     = false

  validation {
    condition     = !var.create_project || var.billing_account != null
    error_message = "a new project needs billing_account; see: gcloud billing accounts list"
  }
}

variable "folder_id" {
  description = "The folder that a new project is created in (digits only)."
  type        = string
  default     = null

  validation {
    condition     = var.folder_id == null || can(regex("^[0-9]+$", var.folder_id))
    error_message = "folder_id must be digits only; see: gcloud resource-manager folders list --organization=ORGANIZATION"
  }
}

variable "billing_account" {
  description = "The billing account of a new project."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must look like 012345-6789AB-CDEF01; see: gcloud billing accounts list"
  }
}

variable "state_bucket" {
  description = "The name of the state bucket. Bucket names are shared by all of Google Cloud. Default: PROJECT_ID-terraform-state."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null || can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket must be 3 to 63 lower-case letters, digits, hyphens and underscores"
  }
}
