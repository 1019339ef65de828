import pytest

pytest.register_assert_rewrite(
    "tests.connectors.contract_billing",
    "tests.connectors.contract_billing_outcomes",
    "tests.connectors.contract_billing_subscriptions",
)
