terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8"
    }
  }

  # The bucket that bootstrap made: init -backend-config=bucket=PROJECT_ID-terraform-state -backend-config=prefix=main
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region

  # Budgets are asked for in the name of a project, which a person's own credentials do not say.
  user_project_override = true
  billing_project       = var.project_id
}

data "google_project" "this" {
  project_id = var.project_id
}
