# A network of its own: the default network, with its open firewall rules, is used by nothing.
resource "google_compute_network" "this" {
  name                            = var.network_name
  auto_create_subnetworks         = false
  routing_mode                    = "REGIONAL"
  delete_default_routes_on_create = false
}

resource "google_compute_subnetwork" "this" {
  name          = var.subnetwork_name
  region        = var.region
  network       = google_compute_network.this.id
  ip_cidr_range = var.subnetwork_range

  # Nodes have no address of their own in the internet and still reach Google's services.
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = var.pods_range
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = var.services_range
  }
}

# The way out for nodes without an address: subscribers of the relay are anywhere.
resource "google_compute_router" "this" {
  name    = "sre-platform-router"
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  name                               = "sre-platform-nat"
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.this.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# The health check of the load balancer asks the port of the probes, and GKE's own rule for a Gateway opens the ports of Services only.
# Whoever is in these ranges is Google; the network policies of the chart say which pods answer.
resource "google_compute_firewall" "health_checks" {
  name          = "sre-platform-health-checks"
  description   = "Google's health checks to the probes of pods"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]

  allow {
    protocol = "tcp"
    ports    = ["9464"]
  }
}
