# The nodes: logs, metrics and images, in the place of the default account, which may edit the whole project.
resource "google_service_account" "nodes" {
  account_id   = "nines-nodes"
  display_name = "Nodes of the cluster sre-platform"
}

resource "google_project_iam_member" "nodes" {
  project = var.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = "serviceAccount:${google_service_account.nodes.email}"
}

resource "google_artifact_registry_repository_iam_member" "nodes" {
  repository = google_artifact_registry_repository.this.name
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:${google_service_account.nodes.email}"
}

# The pods: Kubernetes service accounts of the chart themselves, with no account of Google's between, each for the one thing that it does.
# Api and worker are none of them: they send their traces to a collector inside of the cluster. GKE's own needs nothing from here.
locals {
  pods = {
    # otlp.collector: chart
    collector = "roles/telemetry.tracesWriter"
    # grafana.enabled: what Grafana asks for metrics, and what alone may ask Google for them
    frontend = "roles/monitoring.viewer"
  }
}

resource "google_project_iam_member" "pods" {
  for_each = local.pods

  project = var.project_id
  role    = each.value
  member  = "principal://iam.googleapis.com/projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${var.project_id}.svc.id.goog/subject/ns/${var.namespace}/sa/nines-${each.key}"

  # The pool of the project's clusters is there once a cluster is.
  depends_on = [google_container_cluster.this]
}
