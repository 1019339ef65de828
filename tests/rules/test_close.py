"""The gate of a period: what holds up its close, in words that say whose it is and what is to be done."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.reconciliation import Break, Entry
from rules.close import Gate, refusals, revenue_stands
from rules.reconciliation import reconcile
from tests.rules.listings import MUTATIONS, PERIOD, TERMS, Mutation, document, listings, pair

KEY = "C-1/invoice/2026-03-10"


def planted(mutation: Mutation) -> Break:
    (found,) = [
        each
        for result in reconcile(listings(mutation(document(KEY, 10000, 888), KEY).entries), TERMS)
        for each in result.breaks
    ]
    return found


def gate(*breaks: Break, **more: Any) -> Gate:
    said = {"entity": "US01", "period": PERIOD, "as_of": dt.date(2026, 4, 1), "before_period_end": False}
    return Gate.model_validate({**said, **more, "breaks": breaks})


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
def test_a_refusal_names_documents_cause_owner_and_what_to_do(mutation: Mutation) -> None:
    found = planted(mutation)
    (words,) = refusals(gate(found))
    assert found.documents
    assert found.repair is not None or found.proposal.startswith("by hand: ")
    if found.side == "recognized":  # one reason for all contracts
        assert "q2c revenue run" in words
        return
    named = (found.id, found.document, *found.documents, found.cause, found.proposal)
    assert all(each in words for each in named), words
    assert f"{found.owner} is asked" in words


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
def test_revenue_is_due_where_a_reason_names_its_run_and_not_before_the_month_is_over(
    mutation: Mutation,
) -> None:
    held = gate(planted(mutation))
    due = any("the month-end run is" in words for words in refusals(held))
    assert revenue_stands(held) == ("due" if due else "posted")
    running = held.model_copy(update={"as_of": dt.date(2026, 3, 31)})
    assert revenue_stands(running) == "not_over"


def revenue(contract: str, recognized: Decimal | None) -> list[Entry]:
    """A month's revenue of 42.00, and what is recognized of it."""
    earned, posted = pair("recognized", "revenue", f"revenue/{contract}/{PERIOD}", 4200, "USD")
    named = {"contract": contract}
    if recognized is None:
        return [earned.model_copy(update=named)]
    return [
        each.model_copy(update=named) for each in (earned, posted.model_copy(update={"total": recognized}))
    ]


def test_a_month_end_run_that_is_missing_or_out_of_date_is_one_reason_that_says_so() -> None:
    entries = [entry for number in range(7) for entry in revenue(f"C-{number}", None)]
    entries += revenue("C-8", Decimal("41.00")) + revenue("C-9", Decimal("42.00"))
    (found,) = reconcile(listings(entries), TERMS)
    (stale,) = [each for each in found.breaks if each.type == "amount"]
    assert "the month-end run has not posted the difference" in stale.cause
    assert refusals(gate(*found.breaks)) == (
        "revenue of 2026-03 is not posted: the month-end run is missing for C-0, C-1, C-2, C-3, C-4 and 2 "
        f"more, not up to date for C-8 ({stale.id}); `q2c revenue run --period 2026-03 --entity US01` posts "
        "it, as the close does first; `q2c exception list` says what it could not post",
    )


def test_a_period_is_closed_after_its_last_day_unless_governance_says_otherwise() -> None:
    last = dt.date(2026, 3, 31)
    assert refusals(gate()) == ()
    assert refusals(gate(as_of=last)) == (
        "2026-03 is not over: its last day is 2026-03-31, today is 2026-03-31",
    )
    assert refusals(gate(as_of=last, before_period_end=True)) == ()
