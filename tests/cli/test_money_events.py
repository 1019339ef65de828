"""What customers pay at the simulated Stripe is in the currency of what they pay."""

from typing import Any

import pytest
import typer

from cli import money_events
from cli.money_events import MoneyOrder, money_event

HELD = {
    "invoice": [
        {
            "id": "in_1",
            "number": "AB-1",
            "currency": "jpy",
            "metadata": {"q2c_key": "C-1/invoice/2026-01-01"},
        },
        {"id": "in_2", "number": "AB-2", "currency": "usd", "metadata": {}},
    ],
    "payment_intent": [{"id": "pi_1", "currency": "kwd", "metadata": {}}],
}


class Stripe:
    """Answers with what it holds, and with the verbs that it was told."""

    def call(self, platform: str, method: str, path: str, body: Any = None) -> Any:
        assert platform == "stripe"
        return HELD if (method, path) == ("GET", "state") else body


@pytest.fixture(autouse=True)
def stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money_events, "Simulators", Stripe)


def order(amount: str | None, **more: str) -> MoneyOrder:
    fields: dict[str, Any] = {"invoice": None, "payment": None, "currency": None, "method": "card"}
    return MoneyOrder(**(fields | {"amount": amount} | more))


@pytest.mark.parametrize("invoice", ["in_1", "AB-1", "C-1/invoice/2026-01-01"])
def test_amount_is_in_the_invoices_currency(invoice: str) -> None:
    assert money_event("payment", order("1000", invoice=invoice), None)["pay"]["amount"] == 1000
    with pytest.raises(typer.Exit):
        money_event("payment", order("100.50", invoice=invoice), None)


def test_amount_given_back_is_in_the_payments_currency() -> None:
    assert money_event("refund", order("1.500", payment="pi_1"), None)["refund"]["amount"] == 1500


@pytest.mark.parametrize("amount", ["5.00", None])
def test_another_currency_than_the_invoices_is_refused(
    amount: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert money_event("payment", order("5.00", invoice="AB-2", currency="USD"), None)["pay"]["amount"] == 500
    with pytest.raises(typer.Exit) as refused:
        money_event("payment", order(amount, invoice="AB-2", currency="EUR"), None)
    assert refused.value.exit_code == 2
    assert "--currency: EUR is given where AB-2 is in USD" in capsys.readouterr().err


def test_all_of_it_needs_no_currency_and_a_payout_is_in_dollars_unless_said() -> None:
    assert money_event("payment", order(None, invoice="in_1"), None) == {
        "pay": {"invoice": "in_1", "method": "card"}
    }
    assert money_event("payout", order(None), None) == {"payout": {"currency": "usd"}}
    assert money_event("payout", order(None, currency="EUR"), None) == {"payout": {"currency": "eur"}}
