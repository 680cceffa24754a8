output "project_id" {
  description = "The project that is ready for deploy/terraform/main."
  value       = local.project_id
}

output "state_bucket" {
  description = "The bucket for: terraform -chdir=deploy/terraform/main init -backend-config=bucket=BUCKET"
  value       = google_storage_bucket.state.name
}
