# Each bad value is refused before anything is planned, by the variable's own rule.
mock_provider "google" {}

variables {
  project_id        = "nines-example-1"
  github_repository = "octo-org/nines"
}

run "a_project_id_that_is_too_short_is_refused" {
  command = plan
  variables {
    project_id = "nines"
  }
  expect_failures = [var.project_id]
}

run "a_region_that_is_a_zone_is_refused" {
  command = plan
  variables {
    region = "asia-south1-a"
  }
  expect_failures = [var.region]
}

run "a_repository_without_its_owner_is_refused" {
  command = plan
  variables {
    github_repository = "nines"
  }
  expect_failures = [var.github_repository]
}

# It would end the quotes of the condition, and let every repository in.
run "a_repository_with_a_quote_is_refused" {
  command = plan
  variables {
    github_repository = "octo-org/nines' || 'a' == 'a"
  }
  expect_failures = [var.github_repository]
}

run "a_repository_number_with_a_quote_is_refused" {
  command = plan
  variables {
    github_repository_id = "1' || '1' == '1"
  }
  expect_failures = [var.github_repository_id]
}

run "a_ref_that_is_a_branch_name_is_refused" {
  command = plan
  variables {
    github_ref = "main"
  }
  expect_failures = [var.github_ref]
}

run "a_namespace_in_upper_case_is_refused" {
  command = plan
  variables {
    namespace = "Nines"
  }
  expect_failures = [var.namespace]
}

run "a_domain_that_is_a_url_is_refused" {
  command = plan
  variables {
    domain = "https://relay.example.com"
  }
  expect_failures = [var.domain]
}

run "a_billing_account_by_its_name_is_refused" {
  command = plan
  variables {
    billing_account = "My Billing Account"
  }
  expect_failures = [var.billing_account]
}

run "a_budget_of_nothing_is_refused" {
  command = plan
  variables {
    budget_amount = 0
  }
  expect_failures = [var.budget_amount]
}

run "the_default_network_is_refused" {
  command = plan
  variables {
    network_name = "default"
  }
  expect_failures = [var.network_name]
}

run "a_subnet_name_with_a_dot_is_refused" {
  command = plan
  variables {
    subnetwork_name = "sre.platform"
  }
  expect_failures = [var.subnetwork_name]
}

run "a_range_that_is_one_address_is_refused" {
  command = plan
  variables {
    subnetwork_range = "10.10.0.1"
  }
  expect_failures = [var.subnetwork_range]
}

run "a_range_of_pods_for_one_node_is_refused" {
  command = plan
  variables {
    pods_range = "10.20.0.0/24"
  }
  expect_failures = [var.pods_range]
}

run "a_range_of_services_in_words_is_refused" {
  command = plan
  variables {
    services_range = "services"
  }
  expect_failures = [var.services_range]
}

run "a_memorystore_of_half_a_gigabyte_is_refused" {
  command = plan
  variables {
    memorystore = { memory_gb = 0.5 }
  }
  expect_failures = [var.memorystore]
}

run "a_redis_that_the_queue_does_not_know_is_refused" {
  command = plan
  variables {
    memorystore = { memory_gb = 1, version = "REDIS_5_0" }
  }
  expect_failures = [var.memorystore]
}

run "a_bucket_with_its_scheme_is_refused" {
  command = plan
  variables {
    state_bucket = "gs://nines"
  }
  expect_failures = [var.state_bucket]
}

run "an_address_without_its_host_is_refused" {
  command = plan
  variables {
    billing_account = "012345-6789AB-CDEF01"
    budget_email    = "oncall"
  }
  expect_failures = [var.budget_email]
}

run "an_address_for_no_budget_is_refused" {
  command = plan
  variables {
    budget_email = "oncall@example.com"
  }
  expect_failures = [var.budget_email]
}

# Deliveries go to the internet, so a subscriber's name could lead into such a range.
run "ranges_that_count_as_the_internet_are_refused" {
  command = plan
  variables {
    subnetwork_range = "172.32.0.0/20"
    pods_range       = "34.0.0.0/16"
    services_range   = "100.128.0.0/20"
  }
  expect_failures = [var.subnetwork_range, var.pods_range, var.services_range]
}

run "every_private_range_is_taken" {
  command = plan
  variables {
    subnetwork_range = "172.31.0.0/20"
    pods_range       = "240.0.0.0/16"
    services_range   = "100.127.0.0/20"
  }
}
