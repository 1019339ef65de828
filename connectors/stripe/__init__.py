"""Stripe: the billing platform, authority for invoices and credit memos."""
