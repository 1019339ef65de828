"""Each kind of break is found where it is, once, with its effect; listings that agree have none."""

import datetime as dt
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.reconciliation import Break, BreakType, Entry, Reconciliation
from rules.reconciliation import reconcile
from tests.rules.listings import (
    MUTATIONS,
    PERIOD,
    TERMS,
    Mutation,
    Planted,
    clean,
    document,
    entry,
    listings,
    lost_in_ledger,
    manual_journal,
    posted_in_another_currency,
    posted_twice,
)

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Machines that test other things too are slow at drawing listings."""


def _breaks(found: tuple[Reconciliation, ...]) -> list[tuple[str, Break]]:
    return [(one.currency, each) for one in found for each in one.breaks]


def _example(mutation: Mutation) -> Planted:
    entries = document("C-1/invoice/2026-03-10", 10000, 888)
    return mutation(entries, "C-1/invoice/2026-03-10")


@CALM
@given(clean())
def test_sides_that_agree_have_no_break(entries: list[Entry]) -> None:
    for one in reconcile(listings(entries), TERMS):
        assert one.breaks == ()
        assert one.sides["bookings"] == one.sides["billings"] == one.sides["receivables"]
        assert one.sides["receivables"] == one.sides["ledger"]
        assert one.sides["cash"] == one.sides["receipts"] == one.sides["applied"]
        assert one.sides["revenue"] == one.sides["recognized"]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
@CALM
@given(entries=clean(), data=st.data())
def test_one_thing_wrong_is_one_break_of_its_type_and_effect(
    mutation: Mutation, entries: list[Entry], data: st.DataObject
) -> None:
    keys = sorted({each.key or "" for each in entries if each.side == "bookings"})
    planted = mutation(entries, data.draw(st.sampled_from(keys)))
    found = _breaks(reconcile(listings(planted.entries), TERMS))
    assert [(c, b.type, b.side, b.effect) for c, b in found] == [
        (planted.currency, planted.type, planted.side, planted.effect)
    ]


@CALM
@given(entries=clean(), data=st.data())
def test_the_order_of_the_listings_does_not_matter(entries: list[Entry], data: st.DataObject) -> None:
    key = next(each.key for each in entries if each.side == "bookings") or ""
    planted = data.draw(st.sampled_from(MUTATIONS))(entries, key)
    shuffled = data.draw(st.permutations(planted.entries))
    assert reconcile(listings(shuffled), TERMS) == reconcile(listings(planted.entries), TERMS)


def test_every_type_of_break_is_planted() -> None:
    assert {_example(mutation).type for mutation in MUTATIONS} == set(get_args(BreakType))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_break_says_cause_owner_and_proposal_and_keeps_its_id(mutation: Mutation) -> None:
    planted = _example(mutation)
    ((_, first),) = _breaks(reconcile(listings(planted.entries), TERMS))
    ((_, again),) = _breaks(reconcile(listings(list(reversed(planted.entries))), TERMS))
    assert first == again
    assert first.cause
    assert first.proposal
    assert first.owner == ("tax" if first.type == "tax" else "revenue-accounting")
    assert first.blocks_close is (first.type != "rounding")
    assert (first.repair is None) == first.proposal.startswith("by hand: ")


def test_a_lost_event_is_missing_in_the_ledger_and_handed_on_again() -> None:
    planted = _example(lost_in_ledger)
    ((_, found),) = _breaks(reconcile(listings(planted.entries), TERMS))
    assert found.document == "C-1/invoice/2026-03-10"
    assert found.effect == Decimal("-108.88")
    assert found.repair is not None
    assert (found.repair.kind, found.repair.platform) == ("restart_document", "stripe")


def test_a_document_that_waits_as_a_draft_is_missing_and_the_draft_is_handed_on() -> None:
    entries = document("C-1/invoice/2026-03-10", 10000, 888)
    booked = [each for each in entries if each.side == "bookings"]
    billed = next(each for each in entries if each.side == "billings")
    draft = billed.model_copy(update={"unfinished": "a draft"})
    ((_, found),) = _breaks(reconcile(listings([*booked, draft]), TERMS))
    assert (found.type, found.side) == ("missing", "billings")
    assert found.repair is not None
    assert (found.repair.kind, found.repair.object_id) == ("restart_document", billed.id)


def test_a_change_under_way_is_the_cause_of_what_is_missing() -> None:
    entries = document("C-1/invoice/2026-03-10", 10000, 888)
    booked = next(each for each in entries if each.side == "bookings")
    planned = booked.model_copy(update={"unfinished": "change CH-1 is under way"})
    ((_, found),) = _breaks(reconcile(listings([planned]), TERMS))
    assert found.cause == "not in the billing platform: change CH-1 is under way"
    assert found.repair is None


def test_what_was_posted_late_because_its_period_was_closed_is_no_break() -> None:
    entries = [
        each.model_copy(update={"posted_in": "2026-04"}) if each.side == "receivables" else each
        for each in document("C-1/invoice/2026-03-31", 10000, 888, date=dt.date(2026, 3, 31))
    ]
    assert _breaks(reconcile(listings(entries, open_in_erp=False), TERMS)) == []
    assert [b.type for _, b in _breaks(reconcile(listings(entries), TERMS))] == ["wrong_period"]


def test_documents_of_the_neighbouring_months_are_neither_summed_nor_missed() -> None:
    before = document("C-1/invoice/2026-02-10", 10000, 888, date=dt.date(2026, 2, 10))
    (found,) = reconcile(listings([*before[:2], *document("C-1/invoice/2026-03-10", 500, 10)]), TERMS)
    assert found.breaks == ()
    assert found.sides["billings"] == Decimal("5.10")


def test_amounts_of_two_currencies_are_two_results() -> None:
    entries = [*document("C-1/a", 100, 1), *document("C-2/b", 100, 1, "JPY")]
    found = reconcile(listings(entries), TERMS)
    assert [(one.currency, one.sides["billings"]) for one in found] == [
        ("JPY", Decimal("101")),
        ("USD", Decimal("1.01")),
    ]


def test_a_void_document_that_the_ledger_still_has_is_voided_there() -> None:
    entries = [each for each in document("C-1/a", 100, 1) if each.side in ("receivables", "ledger")]
    ((_, found),) = _breaks(reconcile(listings(entries), TERMS))
    assert (found.type, found.side) == ("unmatched_entry", "receivables")
    assert found.repair is not None
    assert found.repair.kind == "reverse_entry"


def test_a_document_posted_by_hand_under_its_own_number_is_there() -> None:
    numbered = [each.model_copy(update={"number": "N-1"}) for each in document("C-1/a", 100, 1)]
    by_hand = [
        each.model_copy(update={"key": None}) if each.side in ("receivables", "ledger") else each
        for each in numbered
    ]
    assert _breaks(reconcile(listings(by_hand), TERMS)) == []


def test_sides_that_were_not_listed_are_not_compared() -> None:
    paid = entry("cash", "p/1", Decimal("5.00"), Decimal("0.00"), kind="payment")
    given_ = listings([paid]).model_copy(update={"sides": ("bookings", "billings", "cash")})
    (found,) = reconcile(given_, TERMS)
    assert (found.breaks, sorted(found.sides)) == ((), ["billings", "bookings", "cash"])
    assert found.period == PERIOD


@pytest.mark.parametrize(
    ("mutation", "cause"),
    [
        (posted_twice, "twice in the ERP's receivables: invoice N-7 (by-hand) beside invoice N-7 (netsuite-"),
        (
            posted_in_another_currency,
            "108.88 GBP in the ERP's receivables where the billing platform has 108.88 USD",
        ),
        (manual_journal, "journal entry JE1 was posted by somebody else on a watched account"),
    ],
)
def test_a_cause_says_which_objects_and_amounts_it_is_about(mutation: Mutation, cause: str) -> None:
    planted = _example(mutation)
    ((_, found),) = _breaks(reconcile(listings(planted.entries), TERMS))
    assert found.cause.startswith(cause)
