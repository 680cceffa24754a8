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

# The pods: the namespace's Kubernetes service accounts themselves, with no account of Google's between. They may send traces, and no more.
resource "google_project_iam_member" "pods" {
  project = var.project_id
  role    = "roles/cloudtrace.agent"
  member  = "principalSet://iam.googleapis.com/projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${var.project_id}.svc.id.goog/namespace/${var.namespace}"

  # The pool of the project's clusters is there once a cluster is.
  depends_on = [google_container_cluster.this]
}
