# Nobody holds a key: GitHub's workflow, the nodes and the pods prove who they are, each to do its own part only.

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
  display_name              = "GitHub Actions"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
  }

  # Every repository of GitHub has the same issuer: without this, any of them would be let in.
  attribute_condition = "assertion.repository == '${var.github_repository}' && assertion.ref == '${var.github_ref}'"

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

# The deployer: pushes to one repository, applies to clusters, and cannot change the infrastructure.
resource "google_service_account" "deployer" {
  account_id   = "nines-deployer"
  display_name = "Deploys the webhook relay from GitHub Actions"
}

resource "google_service_account_iam_member" "deployer_from_github" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/attribute.repository/${var.github_repository}"
}

resource "google_project_iam_member" "deployer" {
  project = var.project_id
  role    = "roles/container.developer"
  member  = "serviceAccount:${google_service_account.deployer.email}"
}

resource "google_artifact_registry_repository_iam_member" "deployer" {
  repository = google_artifact_registry_repository.this.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = "serviceAccount:${google_service_account.deployer.email}"
}

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
