"""What may be sent to each operation, by method and path: tables in the language of `sandbox.stripe.schema`,
written from the published description of version 2026-05-27.dahlia. Parameters of things that are not
simulated are `any`: they are taken as Stripe would take them, and have no effect."""

from sandbox.stripe.parameters import (
    catalog,
    credit_notes,
    customers,
    invoices,
    other,
    payments,
    schedules,
    subscriptions,
)
from sandbox.stripe.parameters.types import TYPES
from sandbox.stripe.schema import Fields, parsed_tables

_TABLES = (catalog, credit_notes, customers, invoices, other, payments, schedules, subscriptions)

PARAMETERS: dict[str, Fields] = parsed_tables(TYPES, [module.TABLE for module in _TABLES])
"""By "POST /v1/customers" and the like."""
