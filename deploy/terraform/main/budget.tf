# A budget stops nothing: it tells the billing account's administrators, at half, at nine tenths, and when the whole is foreseen.
resource "google_billing_budget" "this" {
  count = var.billing_account == null ? 0 : 1

  billing_account = var.billing_account
  display_name    = "sre-platform ${var.project_id}"

  budget_filter {
    projects        = ["projects/${data.google_project.this.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      units = tostring(var.budget_amount)
    }
  }

  threshold_rules {
    threshold_percent = 0.5
  }

  threshold_rules {
    threshold_percent = 0.9
  }

  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  dynamic "all_updates_rule" {
    for_each = google_monitoring_notification_channel.budget
    content {
      monitoring_notification_channels = [all_updates_rule.value.id]
    }
  }
}

resource "google_monitoring_notification_channel" "budget" {
  count = var.budget_email == null ? 0 : 1

  display_name = "Budget of sre-platform"
  type         = "email"
  labels = {
    email_address = var.budget_email
  }
}
