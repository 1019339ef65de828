"""The sides of a period, from the platforms' own listings: they agree, or what was planted is found."""

from decimal import Decimal
from typing import Any

import pytest

from tests.agreement import until_agreed
from tests.rules.scenarios import seats
from tests.workflows.periods import (
    BY_HAND,
    approved,
    changed_in_netsuite,
    journal_by_hand,
    lost_invoice,
    lost_nothing,
    reconciled,
    repair_asked,
    this_period,
    until_break,
)
from tests.workflows.sales import BERLIN, account, month, scenario, sold
from tests.world import World, today

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


async def test_a_lost_webhook_is_repaired_once_a_second_person_approves(made: World) -> None:
    told = await lost_invoice(made)
    (ours,) = await reconciled(made, this_period())
    (found,) = ours["breaks"]
    override = await repair_asked(made, found["id"])
    own = await made.act("fiona", "POST", f"/overrides/{override}/approve", {"reason": "mine"})
    assert own.status_code == 403
    await approved(made, override)
    assert (await until_break(made, found["id"], "repaired"))["note"].endswith("posted")
    await until_agreed(made, told)
    (after,) = await reconciled(made, this_period())
    assert (after["breaks"], after["close_allowed"]) == ([], True)
    assert (await until_break(made, found["id"], "resolved"))["note"]


async def test_a_manual_journal_is_reversed_by_a_counter_entry(made: World) -> None:
    await lost_nothing(made)
    entry = await journal_by_hand(made, "123.45")
    (ours,) = await reconciled(made, this_period())
    (found,) = ours["breaks"]
    await approved(made, await repair_asked(made, found["id"]))
    await until_break(made, found["id"], "repaired")
    (after,) = await reconciled(made, this_period())
    assert (after["breaks"], after["sides"]) == ([], {**ours["sides"], "ledger": after["sides"]["billings"]})
    listed = {each.id: each for each in await made.ports["netsuite"].documents("US01")}
    assert listed[entry].status == "reversed"
    assert [each.key for each in listed.values() if each.kind == "journal_entry"] == [
        None,
        f"reversal:entry/{entry}",
    ]


async def test_a_break_that_goes_by_itself_asks_nobody_any_longer(made: World) -> None:
    await lost_nothing(made)
    entry = await journal_by_hand(made, "5.00")
    await reconciled(made, this_period())
    assert [item.code for item in await made.exceptions()] == ["reconciliation_break"]
    await made.ports["netsuite"].reverse_posting(BY_HAND, "journal_entry", entry, today(), "by hand")
    (after,) = await reconciled(made, this_period())
    assert after["breaks"] == []

    async def nobody_is_asked() -> bool:
        return not await made.exceptions()

    await made.settle(nobody_is_asked, "the exception is closed")


async def test_an_amount_changed_in_the_ledger_is_taken_off_and_posted_again(made: World) -> None:
    told = await lost_nothing(made)
    (posted,) = await made.posted("C-1")
    changed_in_netsuite(made, posted.id, by="7.00")
    (ours,) = await reconciled(made, this_period())
    (found,) = ours["breaks"]
    assert (found["type"], found["effect"], found["repairable"]) == ("amount", "7.00", True)
    await approved(made, await repair_asked(made, found["id"]))
    await until_break(made, found["id"], "repaired")
    (after,) = await reconciled(made, this_period())
    assert after["breaks"] == []
    assert after["sides"]["receivables"] == after["sides"]["ledger"] == after["sides"]["billings"]
    assert told["contract"]["id"] == "C-1"


async def test_a_tax_document_that_was_voided_is_recorded_again(made: World) -> None:
    await lost_nothing(made)
    key = f"C-1/invoice/{month(0)}"
    await made.ports["avatax"].void(BY_HAND, key, "invoice", "US01")
    (ours,) = await reconciled(made, this_period())
    (found,) = ours["breaks"]
    assert (found["type"], found["owner"], found["document"]) == ("tax", "tax", key)
    await approved(made, await repair_asked(made, found["id"]))
    await until_break(made, found["id"], "repaired")
    (after,) = await reconciled(made, this_period())
    assert after["breaks"] == []


async def test_an_explained_break_holds_up_no_close(made: World) -> None:
    await lost_nothing(made)
    await journal_by_hand(made, "5.00")
    (ours,) = await reconciled(made, this_period())
    (found,) = ours["breaks"]
    answer = await made.act("fiona", "POST", f"/breaks/{found['id']}/explain", {"reason": "accrual"})
    assert answer.status_code == 201, answer.text
    await approved(made, answer.json()["id"])
    await until_break(made, found["id"], "explained")
    (after,) = await reconciled(made, this_period())
    assert [(each["status"], each["blocks_close"]) for each in after["breaks"]] == [("explained", True)]
    assert after["close_allowed"] is True
    assert await made.exceptions() == []


async def test_a_break_over_the_limit_is_not_approved(made: World) -> None:
    await lost_nothing(made)
    await journal_by_hand(made, "100000.01")
    (ours,) = await reconciled(made, this_period())
    override = await repair_asked(made, ours["breaks"][0]["id"])
    answer = await made.act("anna", "POST", f"/overrides/{override}/approve", {"reason": "seen"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "refused_by_policy")


async def test_a_break_can_not_be_fixed_without_a_second_person(made: World) -> None:
    await lost_nothing(made)
    await journal_by_hand(made, "5.00")
    await reconciled(made, this_period())
    (item,) = await made.exceptions()
    for action, more in (("fix", {"set": {"items.X": "Y"}}), ("accept", {}), ("skip", {})):
        body = {"reason": "alone", **more}
        answer = await made.act("fiona", "POST", f"/exceptions/{item.id}/{action}", body)
        assert answer.status_code == 403, answer.text
