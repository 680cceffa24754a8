# A Redis of Google's for whom the chart's own is not enough. It has no append-only file: after the loss of both zones, what was
# written since the last snapshot is gone, and a failover may lose what was not yet copied. The chart's own Redis writes every second.
resource "google_compute_global_address" "services" {
  count = var.memorystore == null ? 0 : 1

  name          = "sre-platform-services"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 24
  network       = google_compute_network.this.id
}

resource "google_service_networking_connection" "this" {
  count = var.memorystore == null ? 0 : 1

  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services[0].name]
}

resource "google_redis_instance" "this" {
  count = var.memorystore == null ? 0 : 1

  name           = "sre-platform-redis"
  region         = var.region
  tier           = "STANDARD_HA"
  memory_size_gb = var.memorystore.memory_gb
  redis_version  = var.memorystore.version

  authorized_network = google_compute_network.this.id
  connect_mode       = "PRIVATE_SERVICE_ACCESS"

  auth_enabled            = true
  transit_encryption_mode = var.memorystore.tls ? "SERVER_AUTHENTICATION" : "DISABLED"

  # A queue that evicts loses jobs: rather refuse the next one.
  redis_configs = {
    "maxmemory-policy" = "noeviction"
  }

  persistence_config {
    persistence_mode    = "RDB"
    rdb_snapshot_period = "ONE_HOUR"
  }

  depends_on = [google_service_networking_connection.this]
}
