"""Which planned changes the billing platform is told of ahead."""

import datetime as dt
from typing import Any

import pytest

from canonical.change import Merge
from canonical.lifecycle import ContractState
from rules.ahead import received, taken_in_on, to_announce, unbilled_of
from tests.rules.scenarios import (
    account,
    activated,
    amendment,
    approved,
    cancellation,
    contract,
    scenario,
    seats,
)

DAY = dt.date(2026, 3, 1)
EVE = dt.date(2026, 2, 28)
UP = amendment("2026-03-01", {"id": "L1", "quantity": "15"}, name="UP")
MOVE = {"id": "T", "type": "transfer", "effective_date": "2026-03-01", "account": account("A-2")}
AFTER = amendment("2026-04-01", {"id": "L1", "quantity": "12"}, name="AFTER")


def planned(*changes: dict[str, Any]) -> ContractState:
    told = scenario(contract(seats(), every=1), *changes)
    return ContractState(id="C-1", tenant="t", crm="crm", contract=told.contract, planned=approved(told))


def names(state: ContractState, today: dt.date, platform_day: dt.date) -> list[str]:
    return [item.id for item in to_announce(state, today, platform_day)]


@pytest.mark.parametrize("change", [UP, MOVE])
def test_change_is_told_until_the_platforms_own_day_has_begun(change: dict[str, Any]) -> None:
    """In an American evening it has: the cycle of the day is drafted already."""
    assert names(planned(change), EVE, EVE) == [change["id"]]
    assert names(planned(change), EVE, DAY) == []


def test_what_comes_after_a_transfer_is_another_subscriptions() -> None:
    assert names(planned(MOVE, AFTER), EVE, EVE) == ["T"]


def test_merge_that_was_withdrawn_is_not_told() -> None:
    end = cancellation("2026-03-01") | {"id": "C-9/M"}
    assert names(planned(end), EVE, EVE) == ["C-9/M"]
    state = planned(end).model_copy(update={"withdrawn": ("C-9/M",)})
    assert names(state, EVE, EVE) == []


def test_days_that_an_undone_end_has_left_unbilled_begin_with_its_own() -> None:
    (item,) = planned(MOVE).planned
    told = item.model_copy(update={"announced": True})
    (span,) = unbilled_of(told, dt.date(2026, 3, 4))
    assert (span.first, span.last) == (DAY, dt.date(2026, 3, 4))
    assert unbilled_of(told, EVE) == ()
    assert unbilled_of(item, DAY) == ()


def running(sold: dict[str, Any], *changes: dict[str, Any]) -> ContractState:
    """Activated on its start, the platform bills since."""
    told = scenario(sold, *changes)
    start = told.contract.start_date
    return ContractState(
        id="C-1",
        tenant="t",
        crm="crm",
        contract=told.contract,
        carried=(activated(told),),
        planned=approved(told),
        billed_through=start,
        cycle_from=start,
    )


@pytest.mark.parametrize("timing", ["advance", "arrears"])
def test_transfer_that_comes_once_its_cycle_is_drafted_counts_from_the_next_day(timing: str) -> None:
    """The platform is not told of it before: its subscription goes on until then."""
    state = running(contract(seats(), every=1, timing=timing), MOVE)
    (item,) = state.planned
    next_day = DAY + dt.timedelta(days=1)
    assert taken_in_on(state, item, DAY, DAY) == next_day
    assert taken_in_on(state, item, next_day, next_day) == next_day
    assert taken_in_on(state, item.model_copy(update={"announced": True}), DAY, DAY) == DAY
    assert names(state.model_copy(update={"planned": (received(item, next_day),)}), DAY, DAY) == []


def test_merge_that_the_rules_refuse_is_not_put_off() -> None:
    """Its chapter says why."""
    other = contract(seats("M1"), every=1) | {"id": "C-2"}
    merge = {"id": "M", "type": "merge", "effective_date": "2026-03-01", "contracts": [other]}
    state = running(contract(seats(), every=1), merge)
    (item,) = state.planned
    assert taken_in_on(state, item, DAY, DAY) == DAY + dt.timedelta(days=1)
    assert isinstance(item.change, Merge)
    foreign = item.change.contracts[0].model_copy(update={"currency": "EUR"})
    change = item.change.model_copy(update={"contracts": (foreign,)})
    assert taken_in_on(state, item.model_copy(update={"change": change}), DAY, DAY) == DAY
