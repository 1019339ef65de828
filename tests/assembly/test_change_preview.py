"""What a change would do to a live contract is what it does when it is carried out."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest
from pydantic import TypeAdapter

from assembly.change_preview import previewed
from canonical.change import ContractChange
from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import ApprovedItem, CarriedChange, ContractState, Submission
from canonical.scenario import Scenario
from gateway.operations import ChangePreview, InvalidRequest, StateConflict
from tests.rules import scenarios as s

_TODAY = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)


def _state(contract: dict[str, Any]) -> ContractState:
    """A contract that was activated today."""
    sold = Scenario.model_validate({"contract": contract, "as_of": "2026-06-10"}).contract
    activated = CarriedChange(
        id=sold.id,
        type="activation",
        version=1,
        effective_date=sold.start_date,
        status="done",
        workflow_id="w",
    )
    day = _TODAY.date()
    return ContractState(
        id=sold.id,
        tenant="t",
        crm="salesforce",
        contract=sold,
        version=1,
        carried=(activated,),
        billed_through=day,
        cycle_from=day,
    )


def _amendment(day: str, **entry: Any) -> ContractChange:
    return _change(s.amendment(day, entry))


def _change(fields: dict[str, Any]) -> ContractChange:
    adapter: TypeAdapter[ContractChange] = TypeAdapter(ContractChange)
    return adapter.validate_python(fields)


def _cycles(found: ChangePreview) -> list[tuple[str, str] | None]:
    both = (found.next_cycle_before, found.next_cycle_after)
    return [None if one is None else (str(one.date), str(one.net)) for one in both]


def test_a_rise_in_mid_term_is_invoiced_for_the_days_that_remain() -> None:
    """(150 − 100) a month × 12 months × 184/365 days."""
    found = previewed(_state(s.contract(s.seats())), _amendment("2026-07-01", id="L1", quantity="15"), _TODAY)
    assert [(str(i.date), str(i.subtotal)) for i in found.invoices] == [("2026-07-01", "302.47")]
    assert (found.backdated, found.credit_memos) == (False, ())


def test_the_next_cycle_is_shown_without_and_with_the_change() -> None:
    state = _state(s.contract(s.seats(), every=1))
    found = previewed(state, _amendment("2026-06-20", id="L1", quantity="15"), _TODAY)
    assert found.next_cycle_before is not None
    assert found.next_cycle_after is not None
    assert (str(found.next_cycle_before.net), str(found.next_cycle_after.net)) == ("100.00", "150.00")


def test_a_change_over_issued_invoices_would_be_taken_in_today() -> None:
    state = _state(s.contract(s.seats(), every=1))
    found = previewed(state, _amendment("2026-04-01", id="L1", quantity="12"), _TODAY)
    assert found.backdated is True
    assert {str(i.date) for i in found.invoices} == {"2026-06-10"}
    assert [str(line.amount) for line in found.invoices[0].lines] == ["20.00", "20.00", "20.00"]


def test_a_change_on_a_coming_periods_first_day_is_billed_by_that_cycle() -> None:
    """Told ahead, as it will be when it is approved: the platform bills right on the day by itself."""
    state = _state(s.contract(s.seats(), every=1))
    found = previewed(state, _amendment("2026-08-01", id="L1", quantity="15"), _TODAY)
    assert (found.backdated, found.invoices, found.credit_memos) == (False, (), ())
    assert _cycles(found) == [("2026-08-01", "100.00"), ("2026-08-01", "150.00")]


def test_a_cancellation_on_a_coming_periods_first_day_leaves_no_cycle() -> None:
    found = previewed(_state(s.contract(s.seats(), every=1)), _change(s.cancellation("2026-08-01")), _TODAY)
    assert (found.invoices, found.credit_memos) == ((), ())
    assert _cycles(found) == [("2026-08-01", "100.00"), None]


def test_an_early_renewal_has_cycles_of_its_own() -> None:
    early = _change(s.renewal("2026-07-16", term_months=12, uplift_percent="5"))
    found = previewed(_state(s.contract(s.seats(), every=1)), early, _TODAY)
    assert [(str(i.date), str(i.subtotal)) for i in found.invoices] == [("2026-07-16", "105.00")]
    assert [str(c.subtotal) for c in found.credit_memos] == ["51.61"]
    assert _cycles(found) == [("2026-08-01", "100.00"), ("2026-08-16", "105.00")]


def test_a_change_on_the_day_of_a_drafted_cycle_counts_from_the_next_day() -> None:
    state = _state(s.contract(s.seats(), every=1, start="2026-01-10"))
    found = previewed(state, _amendment("2026-06-10", id="L1", quantity="15"), _TODAY)
    assert [(str(i.date), str(i.subtotal)) for i in found.invoices] == [("2026-06-11", "50.00")]
    assert found.backdated is True


def test_what_the_rules_refuse_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidRequest) as refused:
        previewed(_state(s.contract(s.seats())), _amendment("2026-07-01", id="L9", quantity="1"), _TODAY)
    assert "L9" in refused.value.message


def test_a_change_that_the_contract_knows_is_not_previewed_again() -> None:
    change = _amendment("2026-07-01", id="L1", quantity="15")
    state = _state(s.contract(s.seats()))
    done = state.carried[0].model_copy(update={"id": change.id, "type": "amendment", "change": change})
    told = Submission(event_id="e", change=change, actor="a", reason="r", correlation_id="c")
    for waits_or_done in ({"carried": (*state.carried, done)}, {"submissions": (told,)}):
        with pytest.raises(StateConflict):
            previewed(state.model_copy(update=waits_or_done), change, _TODAY)


def _line(price: str) -> dict[str, Any]:
    """A line as an amendment adds it: ten seats, without an id."""
    return {name: value for name, value in s.seats(price=price).items() if name != "id"}


def _approved(state: ContractState, *fields: dict[str, Any]) -> ContractState:
    """The contract with changes that are approved and not carried out, versions 2, 3, … in their order."""
    items = tuple(
        ApprovedItem(
            id=change.id,
            type=change.type,
            version=version,
            effective_date=change.effective_date,
            change=change,
            correlation_id="evt",
        )
        for version, change in enumerate(map(_change, fields), start=2)
    )
    return state.model_copy(update={"planned": items, "version": 1 + len(items)})


def _amounts(documents: Iterable[Invoice | CreditMemo]) -> list[tuple[str, str]]:
    return [(str(each.date), str(each.subtotal)) for each in documents]


def test_a_change_of_a_line_that_an_approved_one_adds_is_previewed_on_that_line() -> None:
    """The line of 15 July is 20.00 a month; from 1 August on it is twice that."""
    added = s.amendment("2026-07-15", {"id": "L2", "add": _line("2")})
    state = _approved(_state(s.contract(s.seats(), every=1)), added)
    found = previewed(state, _amendment("2026-08-01", id="L2", quantity="20"), _TODAY)
    assert (found.invoices, found.dropped_invoices) == ((), ())
    assert _cycles(found) == [("2026-08-01", "120.00"), ("2026-08-01", "140.00")]
    assert [(each.id, each.problem) for each in found.approved] == [("AM-2026-07-15", None)]


def test_an_approved_change_that_comes_later_comes_to_another_amount() -> None:
    """15 seats from July on leave the approved 20 of October 5 to bill, not 10; both are shown."""
    later = s.amendment("2026-10-01", {"id": "L1", "quantity": "20"})
    state = _approved(_state(s.contract(s.seats())), later)
    found = previewed(state, _amendment("2026-07-01", id="L1", quantity="15"), _TODAY)
    assert _amounts(found.invoices) == [("2026-07-01", "302.47"), ("2026-10-01", "151.23")]
    assert _amounts(found.dropped_invoices) == [("2026-10-01", "302.47")]


def test_of_changes_on_one_date_the_newer_version_stands_on_the_older() -> None:
    """From 10 to 20 approved, then 15: the credit is of 5 seats of the 20; the invoice stays as it was."""
    first = s.amendment("2026-07-01", {"id": "L1", "quantity": "20"}, name="AM-1")
    state = _approved(_state(s.contract(s.seats())), first)
    found = previewed(state, _amendment("2026-07-01", id="L1", quantity="15"), _TODAY)
    assert _amounts(found.credit_memos) == [("2026-07-01", "302.47")]
    assert (found.invoices, found.dropped_invoices) == ((), ())


def test_an_approved_change_that_would_no_longer_fit_is_named_with_the_reason() -> None:
    later = s.amendment("2026-10-01", {"id": "L1", "quantity": "20"})
    state = _approved(_state(s.contract(s.seats())), later)
    found = previewed(state, _change(s.cancellation("2026-08-01")), _TODAY)
    assert [each.problem for each in found.approved] == ["the contract is cancelled from 2026-08-01 on"]
    assert _amounts(found.dropped_invoices) == [("2026-10-01", "302.47")]


def test_a_change_after_an_approved_cancellation_is_refused() -> None:
    state = _approved(_state(s.contract(s.seats())), s.cancellation("2026-08-01"))
    with pytest.raises(InvalidRequest) as refused:
        previewed(state, _amendment("2026-09-01", id="L1", quantity="15"), _TODAY)
    assert "cancelled from 2026-08-01" in refused.value.message


def test_an_amendment_on_the_day_of_an_approved_cancellation_is_void() -> None:
    state = _approved(_state(s.contract(s.seats())), s.cancellation("2026-08-01"))
    with pytest.raises(InvalidRequest) as refused:
        previewed(state, _amendment("2026-08-01", id="L1", quantity="15"), _TODAY)
    assert "makes AM-2026-08-01 void" in refused.value.message


def test_a_contract_whose_activation_was_undone_has_nothing_to_preview() -> None:
    state = _state(s.contract(s.seats()))
    undone = state.carried[0].model_copy(update={"status": "compensated"})
    with pytest.raises(StateConflict):
        previewed(
            state.model_copy(update={"carried": (undone,)}),
            _amendment("2026-07-01", id="L1", quantity="15"),
            _TODAY,
        )
