# Shaped as Google's own, because the real provider checks the shape of what one resource hands to the next.
mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
  mock_resource "google_iam_workload_identity_pool" {
    defaults = {
      name = "projects/123456789012/locations/global/workloadIdentityPools/github"
    }
  }
  mock_resource "google_service_account" {
    defaults = {
      name  = "projects/nines-example-1/serviceAccounts/mock@nines-example-1.iam.gserviceaccount.com"
      email = "mock@nines-example-1.iam.gserviceaccount.com"
    }
  }
  mock_resource "google_compute_network" {
    defaults = {
      id = "projects/nines-example-1/global/networks/sre-platform-vpc"
    }
  }
  mock_resource "google_compute_subnetwork" {
    defaults = {
      id = "projects/nines-example-1/regions/asia-south1/subnetworks/sre-platform-subnet"
    }
  }
  mock_resource "google_compute_global_address" {
    defaults = {
      address = "203.0.113.7"
    }
  }
  mock_resource "google_certificate_manager_certificate" {
    defaults = {
      id = "projects/nines-example-1/locations/global/certificates/sre-platform-certificate"
    }
  }
  mock_resource "google_certificate_manager_dns_authorization" {
    defaults = {
      id                  = "projects/nines-example-1/locations/global/dnsAuthorizations/sre-platform-authorization"
      dns_resource_record = [{ name = "_acme.relay.example.com.", type = "CNAME", data = "proof.example." }]
    }
  }
}

variables {
  project_id          = "nines-example-1"
  github_repository   = "octo-org/nines"
  deletion_protection = false
}

run "the_network_is_its_own_and_private" {
  command = plan

  assert {
    condition     = google_compute_network.this.name == "sre-platform-vpc" && google_compute_network.this.auto_create_subnetworks == false
    error_message = "the network is named sre-platform-vpc and makes no subnets by itself"
  }
  assert {
    condition     = google_compute_subnetwork.this.name == "sre-platform-subnet" && google_compute_subnetwork.this.private_ip_google_access
    error_message = "the subnet is named sre-platform-subnet and reaches Google's services privately"
  }
  assert {
    condition     = [for range in google_compute_subnetwork.this.secondary_ip_range : range.range_name] == ["pods", "services"]
    error_message = "pods and services have ranges of their own"
  }
  assert {
    condition     = google_compute_router_nat.this.source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS"
    error_message = "only the cluster's subnet goes out through the NAT"
  }
}

run "the_cluster_is_a_private_autopilot" {
  command = plan

  assert {
    condition     = google_container_cluster.this.enable_autopilot && google_container_cluster.this.location == "asia-south1"
    error_message = "a regional Autopilot cluster"
  }
  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes
    error_message = "nodes have no address in the internet"
  }
  assert {
    condition     = google_container_cluster.this.control_plane_endpoints_config[0].ip_endpoints_config[0].enabled == false
    error_message = "the control plane is reached by its DNS name only"
  }
  assert {
    condition     = google_container_cluster.this.release_channel[0].channel == "REGULAR" && google_container_cluster.this.gateway_api_config[0].channel == "CHANNEL_STANDARD"
    error_message = "upgrades come by themselves, and Gateways are known"
  }
}

run "images_are_written_once" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.this.repository_id == "sre-portfolio-repo" && google_artifact_registry_repository.this.docker_config[0].immutable_tags
    error_message = "the repository is named sre-portfolio-repo, and a tag cannot move"
  }
  assert {
    condition     = toset([for policy in google_artifact_registry_repository.this.cleanup_policies : policy.action]) == toset(["KEEP", "DELETE"])
    error_message = "old images go, the newest stay"
  }
  assert {
    condition     = output.registry == "asia-south1-docker.pkg.dev/nines-example-1/sre-portfolio-repo"
    error_message = "the registry that the scripts push to"
  }
}

run "only_one_repository_and_ref_may_deploy" {
  command = apply

  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_condition == "assertion.repository == 'octo-org/nines' && assertion.ref == 'refs/heads/main'"
    error_message = "the condition names the repository and the ref"
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.github.oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "GitHub is the issuer"
  }
  assert {
    condition     = google_service_account_iam_member.deployer_from_github.member == "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/attribute.repository/octo-org/nines"
    error_message = "only that repository may act as the deployer"
  }
  assert {
    condition     = google_project_iam_member.deployer.role == "roles/container.developer" && google_artifact_registry_repository_iam_member.deployer.role == "roles/artifactregistry.writer"
    error_message = "the deployer pushes and applies, and changes no infrastructure"
  }
  assert {
    condition     = google_project_iam_member.nodes.role == "roles/container.defaultNodeServiceAccount" && google_artifact_registry_repository_iam_member.nodes.role == "roles/artifactregistry.reader"
    error_message = "nodes write logs and metrics, and pull images"
  }
  assert {
    condition     = google_project_iam_member.pods.role == "roles/cloudtrace.agent" && endswith(google_project_iam_member.pods.member, "/workloadIdentityPools/nines-example-1.svc.id.goog/namespace/nines")
    error_message = "pods of the namespace send traces, and no more"
  }
  assert {
    condition     = keys(output.github_variables) == ["GCP_DEPLOYER", "GCP_PROJECT_ID", "GCP_REGION", "GCP_WORKLOAD_IDENTITY_PROVIDER", "GKE_CLUSTER", "NINES_DOMAIN"]
    error_message = "the variables that deploy.yml reads"
  }
}

run "without_a_domain_and_an_account_there_is_an_address_only" {
  command = plan

  assert {
    condition     = google_compute_global_address.this.name == "nines" && length(google_dns_managed_zone.this) == 0 && length(google_billing_budget.this) == 0
    error_message = "an address, no zone, no budget"
  }
  assert {
    condition     = output.certificate_map == "" && length(output.name_servers) == 0
    error_message = "no certificate is promised"
  }
}

run "with_a_domain_there_is_a_zone_and_a_certificate" {
  command = apply

  variables {
    domain          = "relay.example.com"
    billing_account = "012345-6789AB-CDEF01"
    budget_amount   = 50
  }

  assert {
    condition     = google_dns_managed_zone.this[0].dns_name == "relay.example.com." && google_dns_managed_zone.this[0].dnssec_config[0].state == "on"
    error_message = "the zone is of the domain, signed"
  }
  assert {
    condition     = google_dns_record_set.address[0].rrdatas[0] == google_compute_global_address.this.address
    error_message = "the name leads to the address"
  }
  assert {
    condition     = google_dns_record_set.authorization[0].type == "CNAME" && google_certificate_manager_certificate.this[0].managed[0].domains[0] == "relay.example.com"
    error_message = "the certificate is proved in the zone"
  }
  assert {
    condition     = google_billing_budget.this[0].amount[0].specified_amount[0].units == "50" && google_billing_budget.this[0].budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "the budget is of this project only"
  }
}
