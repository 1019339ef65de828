"""One file per revision; `store.migrations` runs them."""
