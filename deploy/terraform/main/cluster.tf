resource "google_container_cluster" "this" {
  name     = "sre-platform"
  location = var.region

  # Autopilot: Workload Identity, shielded nodes, Dataplane V2 (which enforces NetworkPolicies) and Managed Prometheus come with it.
  enable_autopilot    = true
  deletion_protection = var.deletion_protection

  network    = google_compute_network.this.id
  subnetwork = google_compute_subnetwork.this.id

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  private_cluster_config {
    enable_private_nodes = true
  }

  # The control plane has no IP address that anyone can try: only its DNS name, which asks IAM before it answers.
  # So a runner of GitHub gets in without a list of networks that would have to hold all of GitHub's.
  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = true
    }
    ip_endpoints_config {
      enabled = false
    }
  }

  release_channel {
    channel = "REGULAR"
  }

  gateway_api_config {
    channel = "CHANNEL_STANDARD"
  }

  cluster_autoscaling {
    auto_provisioning_defaults {
      service_account = google_service_account.nodes.email
      oauth_scopes    = ["https://www.googleapis.com/auth/cloud-platform"]
    }
  }

  # The nodes' account must be able to write logs and pull images before the first node starts.
  depends_on = [
    google_project_iam_member.nodes,
    google_artifact_registry_repository_iam_member.nodes,
    google_compute_router_nat.this,
  ]
}
