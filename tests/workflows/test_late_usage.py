"""Usage of a contract that has ended, reported after its last invoice: billed on its own, or a person's."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.ids import contract_workflow_id, late_usage_workflow_id
from store.exceptions import RecordedException
from tests.agreement import until_agreed
from tests.rules.scenarios import cancellation, metered, seats
from tests.workflows.ahead import at, told_ahead
from tests.workflows.sales import day, month, scenario, sold
from tests.world import World

pytestmark = pytest.mark.xdist_group("usage")

TAXED = {"tax_rate_percent": "8.875"}
TOMORROW = day(1)


def used(quantity: str, on: str, name: str, **more: Any) -> dict[str, Any]:
    return {"line": "U1", "date": on, "quantity": quantity, "id": name, **more}


ON_TIME = used("30", month(-3, 10), "on-time")
LATE = used("50", month(-2, 10), "late")


def ended(**line: Any) -> dict[str, Any]:
    """Two months of seats and calls, which have run out."""
    return sold(seats(**TAXED), metered(price="0.05", **TAXED, **line), start=month(-3), months=2, every=1)


async def expired(made: World, told: dict[str, Any]) -> None:
    """The contract on the day after the one on which all its invoices were issued."""
    await made.load(told)
    await made.until_status("C-1", "expired")
    await until_agreed(made, told)
    await at(made, "C-1", TOMORROW)


async def months(made: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await made.act("olivia", "GET", "/contracts/C-1/usage/months")).json()
    return found


def known(usage: dict[str, Any], received: str) -> dict[str, Any]:
    return usage | {"received_date": received}


async def test_usage_that_comes_after_the_end_is_billed_on_an_invoice_of_its_own(made: World) -> None:
    await expired(made, scenario(ended(), usage=[ON_TIME]))
    await made.report_usage("C-1", [LATE])
    told = scenario(ended(), usage=[ON_TIME, known(LATE, TOMORROW)])
    found = await until_agreed(made, told, as_of=dt.date.fromisoformat(TOMORROW))
    (own,) = [document for document in found.issued if document.date == dt.date.fromisoformat(TOMORROW)]
    assert own.total == Decimal("2.72")
    assert [(each["late"], each["waiting"], each["not_billed"]) for each in await months(made)] == [
        ("0", "0", "0"),
        ("50", "0", "0"),
    ]


async def test_usage_told_twice_is_billed_once_and_more_of_a_later_day_is_billed_again(made: World) -> None:
    await expired(made, scenario(ended(), usage=[ON_TIME]))
    await made.report_usage("C-1", [LATE])
    once = scenario(ended(), usage=[ON_TIME, known(LATE, TOMORROW)])
    await until_agreed(made, once, as_of=dt.date.fromisoformat(TOMORROW))
    more, weeks = used("7", month(-3, 20), "more"), day(24)
    await at(made, "C-1", weeks)
    await made.report_usage("C-1", [LATE, more])
    told = scenario(ended(), usage=[ON_TIME, known(LATE, TOMORROW), known(more, weeks)])
    await until_agreed(made, told, as_of=dt.date.fromisoformat(weeks))


async def test_usage_of_a_day_whose_own_invoice_is_issued_is_billed_on_the_next_day(made: World) -> None:
    await expired(made, scenario(ended(), usage=[ON_TIME]))
    await made.report_usage("C-1", [LATE])
    once = scenario(ended(), usage=[ON_TIME, known(LATE, TOMORROW)])
    await until_agreed(made, once, as_of=dt.date.fromisoformat(TOMORROW))
    more = used("7", month(-3, 20), "more")
    await made.report_usage("C-1", [more])
    next_day = day(2)
    told = scenario(ended(), usage=[ON_TIME, known(LATE, TOMORROW), known(more, next_day)])
    await at(made, "C-1", next_day)
    await until_agreed(made, told, as_of=dt.date.fromisoformat(next_day))


async def test_correction_after_the_end_is_credited_and_what_a_minimum_covers_is_not_billed(
    made: World,
) -> None:
    contract = ended(minimum={"amount": "5.00"})
    await expired(made, scenario(contract, usage=[used("300", month(-3, 10), "on-time")]))
    covered, correction = used("80", month(-2, 10), "covered"), used("-120", month(-3, 11), "correction")
    await made.report_usage("C-1", [covered, correction])
    told = scenario(
        contract,
        usage=[
            used("300", month(-3, 10), "on-time"),
            known(covered, TOMORROW),
            known(correction, TOMORROW),
        ],
    )
    found = await until_agreed(made, told, as_of=dt.date.fromisoformat(TOMORROW))
    later = [document for document in found.issued if document.date == dt.date.fromisoformat(TOMORROW)]
    assert [(document.kind, document.total) for document in later] == [("credit_memo", Decimal("6.53"))]


async def test_usage_reported_while_a_cancellation_waits_for_its_day_is_on_its_last_invoice(
    made: World,
) -> None:
    contract = sold(seats(**TAXED), metered(price="0.05", **TAXED), start=month(0), months=None, every=1)
    stop = cancellation(month(1))
    await made.load(scenario(contract, stop))
    await made.until_status("C-1", "active")
    await made.load(scenario(contract, stop), approve=stop["id"])
    await told_ahead(made, stop["id"])
    usage = [used("50", month(0, 10), "between")]
    await made.report_usage("C-1", usage)
    await at(made, "C-1", month(1))
    await made.until_status("C-1", "cancelled")
    last = dt.date.fromisoformat(month(1))
    await until_agreed(made, scenario(contract, stop, usage=usage), as_of=last)
    late, weeks = used("9", month(0, 11), "late"), month(2, 3)
    await at(made, "C-1", weeks)
    await made.report_usage("C-1", [late])
    told = scenario(contract, stop, usage=[*usage, known(late, weeks)])
    await until_agreed(made, told, as_of=dt.date.fromisoformat(weeks))


async def test_usage_of_days_without_service_is_not_billed_and_said(made: World) -> None:
    told = scenario(ended(), usage=[ON_TIME])
    await expired(made, told)
    await made.report_usage("C-1", [used("50", month(-1, 5), "after")])
    (*_, after) = await months(made)
    assert (after["not_billed"], after["note"]) == (
        "50",
        f"outside the line's life, not billed: {month(-1, 5)}",
    )
    await until_agreed(made, told, as_of=dt.date.fromisoformat(TOMORROW))


async def test_usage_that_the_platform_refuses_after_the_end_is_an_exception_with_its_amount(
    made: World,
) -> None:
    told = scenario(ended(), usage=[ON_TIME])
    await expired(made, told)
    for customer in made.platforms["stripe"].dump()["customer"]:
        async with made.stripe() as stripe:
            (await stripe.delete(f"/v1/customers/{customer['id']}")).raise_for_status()
    await made.report_usage("C-1", [LATE])
    item = await made.until_exception("C-1")
    assert (item.platform, item.amount, item.currency) == ("stripe", Decimal("2.72"), "USD")
    assert item.owner


async def test_usage_of_a_contract_whose_workflow_was_ended_is_an_exception_with_its_amount(
    made: World,
) -> None:
    told = scenario(ended(), usage=[ON_TIME])
    await expired(made, told)
    await made.client.get_workflow_handle(contract_workflow_id("C-1")).terminate("by mistake")
    await made.report_usage("C-1", [LATE])
    item = await made.until_exception("C-1")
    assert (item.code, item.owner, item.actions) == (
        "contract_closed",
        "revenue-accounting",
        ("retry", "skip"),
    )
    assert (item.amount, item.currency) == (Decimal("2.72"), "USD")
    assert "runs no more" in item.summary
    override = await made.request("fiona", item, "skip")
    approval = await made.act("anna", "POST", f"/overrides/{override['id']}/approve", {"reason": "let be"})
    assert approval.is_success, approval.text
    result = await made.until_idle(late_usage_workflow_id("C-1"))
    assert result["outcome"] == "left unbilled: skipped by a person"
    await until_agreed(made, told, as_of=dt.date.fromisoformat(TOMORROW))


async def test_usage_of_an_active_contract_whose_workflow_was_ended_is_a_persons_too(made: World) -> None:
    contract = sold(seats(**TAXED), metered(price="0.05", **TAXED), start=month(0), months=None, every=1)
    told = scenario(contract)
    await made.load(told)
    await made.until_status("C-1", "active")
    await until_agreed(made, told)
    await made.report_usage("C-1", [used("10", month(0), "while it runs")])
    await made.client.get_workflow_handle(contract_workflow_id("C-1")).terminate("by mistake")
    await made.report_usage("C-1", [used("40", month(0, 10), "later")])
    item = await made.until_exception("C-1")
    assert (item.code, item.workflow_id) == ("contract_closed", late_usage_workflow_id("C-1"))
    assert (item.amount, item.currency) == (Decimal("2.72"), "USD"), "of a period that is not over"
    await made.advance(month(1))

    async def drafted() -> RecordedException | None:
        """The draft that would have asked for the usage: it is not issued without an answer."""
        opened = await made.exceptions("C-1")
        return next((each for each in opened if each.step == "find the contract"), None)

    asked = await made.settle(drafted, "the draft's own exception")
    assert (asked.code, asked.owner) == ("contract_closed", "revenue-accounting")
    assert asked.amount is not None
    assert asked.amount > 0
    assert [d.status for d in await made.ports["stripe"].documents("C-1")] == ["open", "draft"]
