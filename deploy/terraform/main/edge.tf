# The one address of the service. The chart asks for it, and for the map of certificates, by the name "nines" (values-gke.yaml).
resource "google_compute_global_address" "this" {
  name = "nines"
}

# The zone of the domain: its name servers are an output, to be entered where the domain above it is held.
resource "google_dns_managed_zone" "this" {
  count = var.domain == null ? 0 : 1

  name        = "sre-platform-zone"
  dns_name    = "${var.domain}."
  description = "The webhook relay"

  dnssec_config {
    state = "on"
  }
}

resource "google_dns_record_set" "address" {
  count = var.domain == null ? 0 : 1

  managed_zone = google_dns_managed_zone.this[0].name
  name         = google_dns_managed_zone.this[0].dns_name
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_global_address.this.address]
}

# The certificate is proved by a record in the zone, so it can be issued before any traffic arrives.
resource "google_certificate_manager_dns_authorization" "this" {
  count = var.domain == null ? 0 : 1

  name   = "sre-platform-authorization"
  domain = var.domain
}

resource "google_dns_record_set" "authorization" {
  count = var.domain == null ? 0 : 1

  managed_zone = google_dns_managed_zone.this[0].name
  name         = google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].name
  type         = google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].type
  ttl          = 300
  rrdatas      = [google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].data]
}

resource "google_certificate_manager_certificate" "this" {
  count = var.domain == null ? 0 : 1

  name = "sre-platform-certificate"

  managed {
    domains            = [var.domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.this[0].id]
  }
}

resource "google_certificate_manager_certificate_map" "this" {
  count = var.domain == null ? 0 : 1

  name = "nines"
}

resource "google_certificate_manager_certificate_map_entry" "this" {
  count = var.domain == null ? 0 : 1

  name         = "sre-platform-entry"
  map          = google_certificate_manager_certificate_map.this[0].name
  hostname     = var.domain
  certificates = [google_certificate_manager_certificate.this[0].id]
}

# Google's default takes TLS 1.0. Every client of today knows 1.2; the chart asks for this by the name "nines" too.
resource "google_compute_ssl_policy" "this" {
  count = var.domain == null ? 0 : 1

  name            = "nines"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}
