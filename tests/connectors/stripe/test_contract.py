"""Stripe's connector on its simulator, by the suite of all billing platforms."""

from tests.connectors.contract_billing import BillingContract


class TestStripeBilling(BillingContract):
    pass
