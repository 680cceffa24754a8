# Who may do what: each account by name, each role written out, so that one more role is one more line here.
mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id          = "nines-example-1"
  github_repository   = "octo-org/nines"
  deletion_protection = false
}

run "github_is_let_in_by_repository_environment_and_ref" {
  command = apply

  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_condition == "assertion.repository == 'octo-org/nines' && (assertion.environment == 'plan' || (assertion.environment in ['images', 'production', 'infrastructure'] && assertion.ref == 'refs/heads/main'))"
    error_message = "the condition names the repository, the environments and the ref"
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.github.oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "GitHub is the issuer"
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_mapping["attribute.repository_environment"] == "assertion.repository + '/' + assertion.environment"
    error_message = "repository and environment are one attribute, so that neither counts without the other"
  }
  assert {
    condition = { for name, binding in google_service_account_iam_member.pipeline_from_github : name => binding.member } == {
      for name in ["images", "production", "infrastructure", "plan"] :
      name => "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/attribute.repository_environment/octo-org/nines/${name}"
    }
    error_message = "each account is for one environment of the one repository"
  }
  assert {
    condition     = toset([for binding in google_service_account_iam_member.pipeline_from_github : binding.role]) == toset(["roles/iam.workloadIdentityUser"])
    error_message = "GitHub may act as an account, and may make no key for it"
  }
}

run "github_is_let_in_by_the_number_of_the_repository_too" {
  command = apply

  variables {
    github_repository_id = "123456789"
  }

  assert {
    condition     = startswith(google_iam_workload_identity_pool_provider.github.attribute_condition, "assertion.repository == 'octo-org/nines' && assertion.repository_id == '123456789' && (")
    error_message = "whoever takes the name after us is not let in"
  }
}

run "each_account_of_the_pipeline_has_its_own_part_only" {
  command = apply

  assert {
    condition     = toset([for key, binding in google_project_iam_member.pipeline : binding.role if startswith(key, "production ")]) == toset(["roles/cloudtrace.user", "roles/container.developer", "roles/monitoring.viewer"])
    error_message = "the deployer applies to clusters and reads metrics"
  }
  assert {
    condition     = toset([for key, binding in google_project_iam_member.pipeline : binding.role if startswith(key, "plan ")]) == toset(["roles/iam.securityReviewer", "roles/serviceusage.serviceUsageConsumer", "roles/viewer"])
    error_message = "who plans reads only"
  }
  assert {
    condition     = length([for key, binding in google_project_iam_member.pipeline : key if startswith(key, "images ")]) == 0
    error_message = "who pushes images has no role in the project"
  }
  assert {
    condition     = { for name, binding in google_artifact_registry_repository_iam_member.pipeline : name => binding.role } == { images = "roles/artifactregistry.writer", production = "roles/artifactregistry.reader" }
    error_message = "one account writes images, and the deployer reads them"
  }
  assert {
    condition     = { for name, binding in google_storage_bucket_iam_member.pipeline : name => "${binding.bucket} ${binding.role}" } == { plan = "nines-example-1-terraform-state roles/storage.objectViewer", infrastructure = "nines-example-1-terraform-state roles/storage.objectUser" }
    error_message = "the state is read by who plans and written by who applies"
  }
  assert {
    condition     = google_project_iam_member.infrastructure_grants.condition[0].expression == "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/cloudtrace.user', 'roles/container.defaultNodeServiceAccount', 'roles/container.developer', 'roles/monitoring.viewer', 'roles/telemetry.tracesWriter'])"
    error_message = "who applies cannot give a role that can do more than run the service"
  }
  assert {
    condition     = length(google_billing_account_iam_member.pipeline) == 0
    error_message = "without a budget, nothing of the billing account"
  }
}

run "nobody_owns_or_edits_the_project" {
  command = apply

  assert {
    condition     = length(setintersection(toset(concat([for binding in google_project_iam_member.pipeline : binding.role], [for binding in google_project_iam_member.pods : binding.role], [google_project_iam_member.nodes.role])), toset(["roles/owner", "roles/editor", "roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountKeyAdmin", "roles/resourcemanager.projectIamAdmin"]))) == 0
    error_message = "no role of the whole project lets anyone become someone else"
  }
  assert {
    condition     = google_service_account_iam_member.infrastructure_as_nodes.role == "roles/iam.serviceAccountUser" && google_service_account_iam_member.infrastructure_as_nodes.service_account_id == google_service_account.nodes.name
    error_message = "who applies acts as the nodes' account, and as no other"
  }
  assert {
    condition     = google_project_iam_member.nodes.role == "roles/container.defaultNodeServiceAccount" && google_artifact_registry_repository_iam_member.nodes.role == "roles/artifactregistry.reader"
    error_message = "nodes write logs and metrics, and pull images"
  }
  assert {
    condition     = { for name, binding in google_project_iam_member.pods : name => binding.role } == { collector = "roles/telemetry.tracesWriter", frontend = "roles/monitoring.viewer" }
    error_message = "the collector writes traces and the frontend reads metrics; no other pod may do anything"
  }
  assert {
    condition     = alltrue([for name, binding in google_project_iam_member.pods : binding.member == "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/nines-example-1.svc.id.goog/subject/ns/nines/sa/nines-${name}"])
    error_message = "a role is of one service account of the namespace, never of all of its pods"
  }
  assert {
    condition     = output.pods == { "nines/nines-collector" = "roles/telemetry.tracesWriter", "nines/nines-frontend" = "roles/monitoring.viewer" }
    error_message = "the output says which service account has which role"
  }
}

run "the_pipeline_is_told_what_it_reads" {
  command = apply

  assert {
    condition     = keys(output.github_variables) == ["GCP_DEPLOYER", "GCP_IMAGES", "GCP_INFRASTRUCTURE", "GCP_PLAN", "GCP_PROJECT_ID", "GCP_REGION", "GCP_WORKLOAD_IDENTITY_PROVIDER", "GKE_CLUSTER", "NINES_BILLING_ACCOUNT", "NINES_DOMAIN", "NINES_STATE_BUCKET"]
    error_message = "the variables that the workflows read"
  }
  assert {
    condition     = output.github_variables.NINES_STATE_BUCKET == "nines-example-1-terraform-state" && output.github_variables.GCP_PROJECT_ID == "nines-example-1"
    error_message = "the project, and the bucket that bootstrap made"
  }
}
