resource "google_artifact_registry_repository" "this" {
  repository_id = "sre-portfolio-repo"
  location      = var.region
  format        = "DOCKER"
  description   = "The images of the webhook relay, tagged by Git SHA"

  # A tag is a commit: it is written once and always means the same image.
  docker_config {
    immutable_tags = true
  }

  # Keeping wins over deleting: the newest stay, whatever their age. An image, its signature and its attestation are three versions of it.
  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 60
    }
  }

  cleanup_policies {
    id     = "delete-after-90-days"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }
}

locals {
  registry = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.this.repository_id}"
}
