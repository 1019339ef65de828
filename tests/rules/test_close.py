"""The gate of a period: what holds up its close, in words that say whose it is and what is to be done."""

import datetime as dt
from typing import Any

import pytest

from canonical.reconciliation import Break
from rules.close import Gate, refusals
from rules.reconciliation import reconcile
from tests.rules.listings import MUTATIONS, PERIOD, TERMS, Mutation, document, listings

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
    named = (found.id, found.document, *found.documents, found.cause, found.proposal)
    assert all(each in words for each in named), words
    assert f"{found.owner} is asked" in words
    assert found.repair is not None or found.proposal.startswith("by hand: ")


def test_a_period_is_closed_after_its_last_day_unless_governance_says_otherwise() -> None:
    last = dt.date(2026, 3, 31)
    assert refusals(gate()) == ()
    assert refusals(gate(as_of=last)) == (
        "2026-03 is not over: its last day is 2026-03-31, today is 2026-03-31",
    )
    assert refusals(gate(as_of=last, before_period_end=True)) == ()
