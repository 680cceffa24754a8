# What must be there before any remote state can be: run once for each project, with the state beside it.
terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}
