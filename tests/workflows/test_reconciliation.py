"""The sides of a period, from the platforms' own listings: they agree, or what was planted is found."""

from decimal import Decimal
from typing import Any

import pytest

from tests.agreement import until_agreed
from tests.rules.scenarios import seats
from tests.workflows.periods import journal_by_hand, lost_invoice, reconciled, this_period
from tests.workflows.sales import BERLIN, account, month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("reconciliation")

TAXED = {"tax_rate_percent": "8.875"}


async def two_contracts(made: World) -> list[dict[str, Any]]:
    """One monthly in dollars, one annual in euros of another legal entity, billed and posted."""
    monthly = scenario(sold(seats(**TAXED), start=month(-1), every=1))
    german = {"id": "C-2", "legal_entity": "DE01", "currency": "EUR", "account": account("A-2", BERLIN)}
    annual = scenario({**sold(seats(tax_rate_percent="19"), start=month(0)), **german})
    for told in (monthly, annual):
        await made.load(told)
    for name in ("C-1", "C-2"):
        await made.until_status(name, "active")
    await until_agreed(made, monthly, annual)
    return [monthly, annual]


async def test_sides_that_agree_may_be_closed(made: World) -> None:
    await two_contracts(made)
    found = await reconciled(made, this_period())
    assert [(each["entity"], each["currency"]) for each in found] == [("DE01", "EUR"), ("US01", "USD")]
    for each in found:
        sides = each["sides"]
        assert each["breaks"] == []
        assert each["close_allowed"] is True
        assert sides["bookings"] == sides["billings"] == sides["receivables"] == sides["ledger"] != "0.00"


async def test_a_run_again_finds_the_same(made: World) -> None:
    await two_contracts(made)
    assert await reconciled(made, this_period()) == await reconciled(made, this_period())


async def test_a_manual_journal_is_exactly_one_break(made: World) -> None:
    await two_contracts(made)
    entry = await journal_by_hand(made, "123.45")
    german, ours = await reconciled(made, this_period())
    assert (german["breaks"], german["close_allowed"], ours["close_allowed"]) == ([], True, False)
    (found,) = ours["breaks"]
    assert (found["type"], found["document"], found["effect"]) == (
        "unmatched_entry",
        f"netsuite:{entry}",
        "123.45",
    )
    assert (found["owner"], found["status"], found["repairable"]) == ("revenue-accounting", "open", True)
    assert found["proposal"] == f"reverse {entry} in netsuite with a counter entry"


async def test_a_lost_webhook_is_exactly_one_break(made: World) -> None:
    """The invoice is issued and its event never comes: missing in the ledger."""
    await lost_invoice(made)
    (ours,) = await reconciled(made, this_period())
    (found,) = ours["breaks"]
    assert (found["type"], found["document"]) == ("missing", f"C-1/invoice/{month(0)}")
    assert Decimal(found["effect"]) == -Decimal(ours["sides"]["billings"])
    assert (found["owner"], found["repairable"]) == ("finance-operations", True)
    assert ours["sides"]["receivables"] == ours["sides"]["ledger"] == "0.00"
