"""HTTP in: webhooks (verify, store, hand on), the operations API, console pages, Temporal's codec."""
