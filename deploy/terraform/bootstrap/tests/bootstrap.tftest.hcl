mock_provider "google" {}

variables {
  project_id = "nines-example-1"
}

run "an_existing_project_gets_a_guarded_state_bucket" {
  command = plan

  assert {
    condition     = length(google_project.this) == 0
    error_message = "a project that exists is not created"
  }
  assert {
    condition     = google_storage_bucket.state.name == "nines-example-1-terraform-state"
    error_message = "the bucket is named after the project"
  }
  assert {
    condition     = google_storage_bucket.state.location == "asia-south1"
    error_message = "the default region is asia-south1"
  }
  assert {
    condition     = google_storage_bucket.state.uniform_bucket_level_access && google_storage_bucket.state.public_access_prevention == "enforced"
    error_message = "no object of the bucket can be made public"
  }
  assert {
    condition     = google_storage_bucket.state.versioning[0].enabled && !google_storage_bucket.state.force_destroy
    error_message = "a state that was overwritten can be fetched back"
  }
  assert {
    condition     = google_project_service.this["container.googleapis.com"].service == "container.googleapis.com" && google_project_service.this["sts.googleapis.com"].disable_on_destroy == false
    error_message = "the services are enabled, and stay so"
  }
  assert {
    condition     = alltrue([for name in ["cloudtrace", "monitoring", "telemetry"] : contains(keys(google_project_service.this), "${name}.googleapis.com")])
    error_message = "traces and metrics can be taken in, kept and read"
  }
}

run "a_new_project_has_its_folder_its_account_and_no_default_network" {
  command = plan

  variables {
    create_project  = true
    folder_id       = "123456789012"
    billing_account = "012345-6789AB-CDEF01"
  }

  assert {
    condition     = google_project.this[0].folder_id == "123456789012" && google_project.this[0].billing_account == "012345-6789AB-CDEF01"
    error_message = "the project is in its folder and billing account"
  }
  assert {
    condition     = google_project.this[0].auto_create_network == false && google_project.this[0].deletion_policy == "PREVENT"
    error_message = "no default network, no deletion by mistake"
  }
  assert {
    condition     = output.project_id == "nines-example-1" && output.state_bucket == "nines-example-1-terraform-state"
    error_message = "the outputs name the project and the bucket"
  }
}

run "a_project_id_in_upper_case_is_refused" {
  command = plan
  variables {
    project_id = "Nines"
  }
  expect_failures = [var.project_id]
}

run "a_new_project_without_a_billing_account_is_refused" {
  command = plan
  variables {
    create_project = true
  }
  expect_failures = [var.create_project]
}

run "a_region_that_is_a_zone_is_refused" {
  command = plan
  variables {
    region = "asia-south1-a"
  }
  expect_failures = [var.region]
}

run "a_folder_with_its_prefix_is_refused" {
  command = plan
  variables {
    folder_id = "folders/1234"
  }
  expect_failures = [var.folder_id]
}
