mock_provider "google" {
  source = "./tests/mocks"
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
    condition     = [for range in google_compute_subnetwork.this.secondary_ip_range : range.ip_cidr_range] == ["10.20.0.0/16", "10.30.0.0/20"] && google_compute_subnetwork.this.ip_cidr_range == "10.10.0.0/20"
    error_message = "the three ranges are private and do not overlap"
  }
  assert {
    condition     = google_compute_router_nat.this.nat_ip_allocate_option == "AUTO_ONLY" && google_compute_router_nat.this.log_config[0].enable
    error_message = "the NAT's addresses are Google's to choose, and what it drops is written down"
  }
  assert {
    condition     = google_compute_router_nat.this.source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS"
    error_message = "only the cluster's subnet goes out through the NAT"
  }
  assert {
    condition     = toset(google_compute_firewall.health_checks.source_ranges) == toset(["35.191.0.0/16", "130.211.0.0/22"]) && google_compute_firewall.health_checks.direction == "INGRESS"
    error_message = "nobody but Google's health checks comes in"
  }
  assert {
    condition     = [for allow in google_compute_firewall.health_checks.allow : "${allow.protocol} ${join(" ", allow.ports)}"] == ["tcp 9464"]
    error_message = "they reach the probes, and nothing else"
  }
}

run "the_cluster_is_a_private_autopilot" {
  command = apply

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
    condition     = !strcontains(google_container_cluster.this.network, "default") && google_container_cluster.this.ip_allocation_policy[0].cluster_secondary_range_name == "pods" && google_container_cluster.this.ip_allocation_policy[0].services_secondary_range_name == "services"
    error_message = "the cluster is not in the default network, and its pods and services are in their ranges"
  }
  assert {
    condition     = google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic
    error_message = "the name of the control plane is reached from outside, by who IAM lets in"
  }
  assert {
    condition     = google_container_cluster.this.cluster_autoscaling[0].auto_provisioning_defaults[0].service_account == google_service_account.nodes.email
    error_message = "nodes have an account of their own, and not the project's default one"
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
