"""Money that customers pay reaches the ledger once, applied as FINANCE.md says."""

from decimal import Decimal
from typing import Any

import pytest

from tests.rules.scenarios import seats
from tests.workflows.cash import balances, charged, issued, pays, until_receipts
from tests.workflows.sales import month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("payments")

CASH, RECEIVABLE, CREDITS = "1000", "1200", "2300"


async def billed(made: World, *, every: int = 12, start: str = "", price: str = "10") -> list[dict[str, Any]]:
    """A contract whose invoices are issued and posted."""
    await made.load(scenario(sold(seats(price=price), start=start or month(0), every=every)))
    await made.until_status("C-1", "active")
    found = await issued(made)
    await made.until_posted("C-1", len(found))
    return found


async def test_card_payment_of_an_invoice_is_applied_to_it_in_the_ledger(made: World) -> None:
    [invoice] = await billed(made)
    total = Decimal(invoice["total"]) / 100
    assert (await pays(made, invoice["id"])).is_success
    [receipt] = await until_receipts(made, 1)
    assert (receipt.kind, receipt.amount, receipt.cash) == ("payment", total, total)
    assert receipt.key is not None
    assert receipt.key.startswith("payment/stripe/pi_")
    assert [(a.key, a.amount) for a in receipt.applied_to] == [
        (f"C-1/invoice/{invoice['metadata']['q2c_date']}", total)
    ]
    assert RECEIVABLE not in await balances(made)
    [document] = await made.posted("C-1")
    assert document.status == "paid"


async def test_declined_card_is_no_cash(made: World) -> None:
    [invoice] = await billed(made)
    assert (await pays(made, invoice["id"], "pm_card_chargeDeclined")).status_code == 402
    assert (await pays(made, invoice["id"])).is_success
    [receipt] = await until_receipts(made, 1)
    assert receipt.amount == Decimal(invoice["total"]) / 100


async def test_payment_that_names_no_invoice_settles_what_is_due_first_and_the_rest_stays_unapplied(
    made: World,
) -> None:
    first, second = await billed(made, every=1, start=month(-1))
    both = first["total"] + second["total"]
    await charged(made, first["customer"], first["total"] + 100)
    await charged(made, first["customer"], both)
    found = await until_receipts(made, 3)
    assert [r.kind for r in found].count("unapplied") == 1
    rest = Decimal(first["total"] + 100) / 100
    held = await balances(made)
    assert RECEIVABLE not in held
    assert held[CREDITS] == -rest
    assert held[CASH] == Decimal(both + first["total"] + 100) / 100
