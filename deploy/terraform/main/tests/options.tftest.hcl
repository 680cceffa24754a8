# What is there only when it is asked for: domain, budget, Memorystore.
mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id          = "nines-example-1"
  github_repository   = "octo-org/nines"
  deletion_protection = false
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
    condition     = google_compute_ssl_policy.this[0].name == "nines" && google_compute_ssl_policy.this[0].min_tls_version == "TLS_1_2"
    error_message = "nothing older than TLS 1.2"
  }
  assert {
    condition     = google_billing_budget.this[0].amount[0].specified_amount[0].units == "50" && google_billing_budget.this[0].budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "the budget is of this project only"
  }
  assert {
    condition     = [for rule in google_billing_budget.this[0].threshold_rules : rule.threshold_percent] == [0.5, 0.9, 1] && google_billing_budget.this[0].threshold_rules[2].spend_basis == "FORECASTED_SPEND"
    error_message = "told at half, at nine tenths, and when the whole is foreseen"
  }
  assert {
    condition     = length(google_billing_budget.this[0].all_updates_rule) == 0
    error_message = "nobody but the billing account's administrators is told"
  }
  assert {
    condition     = google_certificate_manager_certificate_map.this[0].name == "nines" && google_certificate_manager_certificate_map_entry.this[0].hostname == "relay.example.com"
    error_message = "the chart finds the certificate by the map's name"
  }
}

run "the_budget_tells_one_more_address" {
  command = apply

  variables {
    billing_account = "012345-6789AB-CDEF01"
    budget_email    = "oncall@example.com"
  }

  assert {
    condition     = google_monitoring_notification_channel.budget[0].labels.email_address == "oncall@example.com" && one(google_billing_budget.this[0].all_updates_rule[0].monitoring_notification_channels) == "projects/nines-example-1/notificationChannels/1"
    error_message = "the budget's alert goes to the address"
  }
  assert {
    condition     = length(google_billing_account_iam_member.pipeline) == 3 && google_billing_account_iam_member.pipeline["plan roles/billing.viewer"].role == "roles/billing.viewer"
    error_message = "who plans may see the budget, and who applies may change it"
  }
}

run "a_memorystore_is_private_replicated_and_loses_no_job_by_eviction" {
  command = apply

  variables {
    memorystore = { memory_gb = 5 }
  }

  assert {
    condition     = google_redis_instance.this[0].tier == "STANDARD_HA" && google_redis_instance.this[0].redis_version == "REDIS_7_2" && google_redis_instance.this[0].memory_size_gb == 5
    error_message = "in two zones, of a version that the queue knows"
  }
  assert {
    condition     = google_redis_instance.this[0].auth_enabled && google_redis_instance.this[0].connect_mode == "PRIVATE_SERVICE_ACCESS" && google_redis_instance.this[0].authorized_network == google_compute_network.this.id
    error_message = "with a password, from the own network only"
  }
  assert {
    condition     = google_redis_instance.this[0].redis_configs["maxmemory-policy"] == "noeviction" && google_redis_instance.this[0].persistence_config[0].persistence_mode == "RDB"
    error_message = "a full queue refuses, and what is in it is written down"
  }
  assert {
    condition     = output.memorystore == { host = "10.40.0.3", port = 6379, cidr = "10.40.0.3/32" }
    error_message = "what the chart's values ask for"
  }
  assert {
    condition     = google_redis_instance.this[0].transit_encryption_mode == "DISABLED" && output.memorystore_ca == null
    error_message = "without tls there is no authority to hand over"
  }
}

run "a_memorystore_with_tls_hands_over_its_authority" {
  command = apply

  variables {
    memorystore = { memory_gb = 5, tls = true }
  }

  assert {
    condition     = google_redis_instance.this[0].transit_encryption_mode == "SERVER_AUTHENTICATION" && output.memorystore_ca != null
    error_message = "every connection is encrypted, and the chart gets the certificates"
  }
}

run "without_a_memorystore_there_is_no_peering" {
  command = plan

  assert {
    condition     = length(google_redis_instance.this) == 0 && length(google_service_networking_connection.this) == 0 && output.memorystore == null
    error_message = "the chart's own Redis is the default"
  }
}
