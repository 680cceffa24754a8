# What must be there before any remote state can be. Its own state starts beside it, because the bucket is what it makes, and is then
# moved into the bucket: deploy/scripts/infrastructure does both.
terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 8"
    }
  }

  # init -backend-config=bucket=PROJECT_ID-terraform-state -backend-config=prefix=bootstrap
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region
}
