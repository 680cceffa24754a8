# Nobody holds a key: GitHub's jobs, the nodes and the pods prove who they are, each to do its own part only.
locals {
  # A job of GitHub says which environment it runs in, and the environment has its own rules there (branches, approval).
  # So each environment is one account here, and a job without an environment is none.
  pipeline = {
    images         = "Pushes and signs the images"
    production     = "Upgrades the release"
    infrastructure = "Applies deploy/terraform/main"
    plan           = "Reads what deploy/terraform/main would change"
  }
  accounts = {
    images         = "nines-images"
    production     = "nines-deployer"
    infrastructure = "nines-infrastructure"
    plan           = "nines-plan"
  }

  # A name can be taken by somebody else once it is given up; the number cannot.
  by_number = var.github_repository_id == null ? "" : " && assertion.repository_id == '${coalesce(var.github_repository_id, "none")}'"

  # Everything but planning happens on the one ref: what a pull request proposes can be planned, and nothing more.
  on_ref = "assertion.environment in ['images', 'production', 'infrastructure'] && assertion.ref == '${var.github_ref}'"

  state_bucket = coalesce(var.state_bucket, "${var.project_id}-terraform-state")
  small_roles  = ["roles/cloudtrace.user", "roles/container.defaultNodeServiceAccount", "roles/container.developer", "roles/monitoring.viewer", "roles/telemetry.tracesWriter"]
  roles = {
    production = toset([
      # to apply to clusters
      "roles/container.developer",
      # to ask Managed Prometheus how fast the budget burns, and whether the event of deploy/verify was counted
      "roles/monitoring.viewer",
      # to find the trace of that event
      "roles/cloudtrace.user",
    ])
    plan = toset([
      "roles/viewer",
      # who may do what is in the plan too
      "roles/iam.securityReviewer",
      # to ask in the name of this project
      "roles/serviceusage.serviceUsageConsumer",
    ])
    # Each by the service whose resources are in this folder; neither owner nor editor.
    infrastructure = toset([
      "roles/artifactregistry.admin",
      "roles/browser",
      "roles/certificatemanager.owner",
      "roles/compute.networkAdmin",
      # the one firewall rule, which networkAdmin may not make
      "roles/compute.securityAdmin",
      "roles/container.admin",
      "roles/dns.admin",
      "roles/iam.securityReviewer",
      "roles/iam.serviceAccountAdmin",
      "roles/iam.workloadIdentityPoolAdmin",
      "roles/monitoring.notificationChannelEditor",
      "roles/redis.admin",
      "roles/serviceusage.serviceUsageConsumer",
    ])
  }
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github"
  display_name              = "GitHub Actions"
}

resource "google_iam_workload_identity_pool_provider" "github" {
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"

  attribute_mapping = {
    "google.subject"                   = "assertion.sub"
    "attribute.repository"             = "assertion.repository"
    "attribute.ref"                    = "assertion.ref"
    "attribute.repository_environment" = "assertion.repository + '/' + assertion.environment"
  }

  # Every repository of GitHub has the same issuer: without this, any of them would be let in.
  attribute_condition = "assertion.repository == '${var.github_repository}'${local.by_number} && (assertion.environment == 'plan' || (${local.on_ref}))"

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "pipeline" {
  for_each = local.pipeline

  account_id   = local.accounts[each.key]
  display_name = "${each.value}, from GitHub Actions"
}

resource "google_service_account_iam_member" "pipeline_from_github" {
  for_each = local.pipeline

  service_account_id = google_service_account.pipeline[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}/attribute.repository_environment/${var.github_repository}/${each.key}"
}

resource "google_project_iam_member" "pipeline" {
  for_each = merge([for name, roles in local.roles : { for role in roles : "${name} ${role}" => { name = name, role = role } }]...)

  project = var.project_id
  role    = each.value.role
  member  = "serviceAccount:${google_service_account.pipeline[each.value.name].email}"
}

resource "google_storage_bucket_iam_member" "pipeline" {
  for_each = {
    plan           = "roles/storage.objectViewer"
    infrastructure = "roles/storage.objectUser"
  }

  bucket = local.state_bucket
  role   = each.value
  member = "serviceAccount:${google_service_account.pipeline[each.key].email}"
}

resource "google_artifact_registry_repository_iam_member" "pipeline" {
  for_each = {
    images     = "roles/artifactregistry.writer"
    production = "roles/artifactregistry.reader"
  }

  repository = google_artifact_registry_repository.this.name
  location   = var.region
  role       = each.value
  member     = "serviceAccount:${google_service_account.pipeline[each.key].email}"
}

# It may give away the small roles of this folder, and no other: to give itself or anyone more takes a person.
resource "google_project_iam_member" "infrastructure_grants" {
  project = var.project_id
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = "serviceAccount:${google_service_account.pipeline["infrastructure"].email}"

  condition {
    title      = "small_roles_only"
    expression = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${join(", ", [for role in local.small_roles : "'${role}'"])}])"
  }
}

# A cluster is made in the name of its nodes' account: that one, and not every account of the project.
resource "google_service_account_iam_member" "infrastructure_as_nodes" {
  service_account_id = google_service_account.nodes.name
  role               = "roles/iam.serviceAccountUser"
  member             = "serviceAccount:${google_service_account.pipeline["infrastructure"].email}"
}

# With a budget, the two accounts of Terraform see it, and one of them may change it; nothing else of the billing account.
resource "google_billing_account_iam_member" "pipeline" {
  for_each = var.billing_account == null ? {} : {
    "plan roles/billing.viewer"                 = { name = "plan", role = "roles/billing.viewer" }
    "infrastructure roles/billing.viewer"       = { name = "infrastructure", role = "roles/billing.viewer" }
    "infrastructure roles/billing.costsManager" = { name = "infrastructure", role = "roles/billing.costsManager" }
  }

  billing_account_id = var.billing_account
  role               = each.value.role
  member             = "serviceAccount:${google_service_account.pipeline[each.value.name].email}"
}
