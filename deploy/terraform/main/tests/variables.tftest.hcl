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
