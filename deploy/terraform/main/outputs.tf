output "registry" {
  description = "Where images are pushed: REGISTRY/nines-api:SHA."
  value       = local.registry
}

output "cluster" {
  description = "The cluster's name."
  value       = google_container_cluster.this.name
}

output "address" {
  description = "The address of the service."
  value       = google_compute_global_address.this.address
}

output "address_name" {
  description = "What the chart's Gateway calls that address."
  value       = google_compute_global_address.this.name
}

output "certificate_map" {
  description = "What the chart's Gateway calls the certificates; empty without a domain."
  value       = var.domain == null ? "" : google_certificate_manager_certificate_map.this[0].name
}

output "name_servers" {
  description = "To be entered as NS records where the domain above is held; empty without a domain."
  value       = var.domain == null ? [] : google_dns_managed_zone.this[0].name_servers
}

output "github_variables" {
  description = "The variables that .github/workflows/deploy.yml reads. None is secret."
  value = {
    GCP_PROJECT_ID                 = var.project_id
    GCP_REGION                     = var.region
    GCP_WORKLOAD_IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github.name
    GCP_DEPLOYER                   = google_service_account.deployer.email
    GKE_CLUSTER                    = google_container_cluster.this.name
    NINES_DOMAIN                   = var.domain == null ? "" : var.domain
  }
}
