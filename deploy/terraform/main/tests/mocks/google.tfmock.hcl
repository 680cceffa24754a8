# Shaped as Google's own, because the real provider checks the shape of what one resource hands to the next.
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

mock_resource "google_redis_instance" {
  defaults = {
    host = "10.40.0.3"
    port = 6379
  }
}

mock_resource "google_monitoring_notification_channel" {
  defaults = {
    id = "projects/nines-example-1/notificationChannels/1"
  }
}

mock_resource "google_artifact_registry_repository" {
  defaults = {
    name = "sre-portfolio-repo"
  }
}
