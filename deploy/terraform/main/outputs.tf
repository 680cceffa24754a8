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

output "memorystore" {
  description = "For the chart: redis.enabled=false, networkPolicy.externalRedis.cidr and .port. Null without memorystore. The password: gcloud redis instances get-auth-string."
  value = var.memorystore == null ? null : {
    host = google_redis_instance.this[0].host
    port = google_redis_instance.this[0].port
    cidr = "${google_redis_instance.this[0].host}/32"
  }
}

output "memorystore_ca" {
  description = "The certificates of the authority of a Memorystore with tls, in PEM: for redis.ca.configMap of the chart. Null without."
  value       = try(var.memorystore.tls, false) ? join("\n", google_redis_instance.this[0].server_ca_certs[*].cert) : null
}

output "pods" {
  description = "The service accounts of the chart that may do something at Google, and what. They have it whether or not the chart runs them."
  value       = { for name, binding in google_project_iam_member.pods : "${var.namespace}/nines-${name}" => binding.role }
}

output "github_variables" {
  description = "The variables that the workflows read. None is secret."
  value = {
    GCP_PROJECT_ID                 = var.project_id
    GCP_REGION                     = var.region
    GCP_WORKLOAD_IDENTITY_PROVIDER = google_iam_workload_identity_pool_provider.github.name
    GCP_IMAGES                     = google_service_account.pipeline["images"].email
    GCP_DEPLOYER                   = google_service_account.pipeline["production"].email
    GCP_INFRASTRUCTURE             = google_service_account.pipeline["infrastructure"].email
    GCP_PLAN                       = google_service_account.pipeline["plan"].email
    GKE_CLUSTER                    = google_container_cluster.this.name
    NINES_DOMAIN                   = var.domain == null ? "" : var.domain
    NINES_BILLING_ACCOUNT          = var.billing_account == null ? "" : var.billing_account
    NINES_STATE_BUCKET             = local.state_bucket
  }
}
