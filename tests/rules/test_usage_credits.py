"""One credit memo a date for each invoice: of a change, and of late usage that credits the same one."""

import datetime as dt

import pytest

from canonical.change import ContractChange
from canonical.lifecycle import ApprovedItem, CarriedChange, ContractState
from rules.ahead import received, taken_in_on
from rules.billing_plan import documents
from rules.change_plan import scope
from rules.metering import by_month, take_in
from tests.rules.scenarios import amendment, contract, metered, raw, seats
from tests.rules.test_metering import read, used

DAY, NEXT_DAY = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
LATER_UP = amendment("2026-02-20", {"id": "L1", "quantity": "15"}, name="UP")
DOWN_BEFORE = amendment("2026-02-10", {"id": "L1", "quantity": "4"}, name="DOWN")
"""Of days before the other takes effect, so that no cycle after it is billed otherwise."""
ON_TIME = used("2026-01-05", "20")
CORRECTION = used("2026-01-07", "-6", received_date="2026-03-01")
TOLD = read(raw(contract(seats(), metered(), every=1), LATER_UP, DOWN_BEFORE, usage=[ON_TIME, CORRECTION]))


def carried(id: str, kind: str, change: ContractChange | None) -> CarriedChange:
    day = TOLD.contract.start_date if change is None else change.effective_date
    return CarriedChange.model_validate(
        {
            "id": id,
            "type": kind,
            "version": 1,
            "effective_date": day,
            "status": "done",
            "change": change,
            "workflow_id": f"contract/C-1/{kind}/{id}",
        }
    )


def on_a_billing_day(*usage: int, closed: dt.date) -> ContractState:
    """The contract of which the second change has just been approved, with the usage of these places."""
    return ContractState(
        id="C-1",
        tenant="t",
        crm="salesforce",
        contract=TOLD.contract,
        carried=(carried("C-1", "activation", None), carried("UP", "amendment", TOLD.changes[0])),
        usage=by_month(TOLD.usage[place] for place in usage),
        usage_closed=closed,
        billed_through=dt.date(2026, 2, 20),
        cycle_from=dt.date(2026, 2, 20),
    )


ITEM = ApprovedItem(
    id="DOWN",
    type="amendment",
    version=3,
    effective_date=TOLD.changes[1].effective_date,
    change=TOLD.changes[1],
    correlation_id="c",
)


@pytest.mark.parametrize(
    ("closed", "day"),
    [(dt.date(2026, 2, 1), DAY), (DAY, NEXT_DAY)],
    ids=["the draft has yet to be asked", "its credit memo is issued"],
)
def test_change_waits_a_day_where_its_credit_memo_is_issued_for_usage(closed: dt.date, day: dt.date) -> None:
    state = on_a_billing_day(0, 1, closed=closed)
    assert taken_in_on(state, ITEM, DAY, DAY) == day


def test_credit_memo_of_a_change_holds_the_usage_that_is_known() -> None:
    state = on_a_billing_day(0, 1, closed=dt.date(2026, 2, 1))
    found = scope(state, TOLD.contract, received(ITEM, DAY), DAY, DAY, DAY)
    assert [[line.line for line in memo.lines] for memo in found.credit_memos] == [["L1", "U1"]]


def test_usage_that_comes_after_it_is_received_on_the_next_day() -> None:
    state = on_a_billing_day(0, closed=dt.date(2026, 2, 1))
    found = scope(state, TOLD.contract, received(ITEM, DAY), DAY, DAY, DAY)
    change = received(ITEM, DAY).change
    assert change is not None
    issued = state.model_copy(
        update={
            "expected": found.credit_memos,
            "carried": (*state.carried, carried("DOWN", "amendment", change)),
        }
    )
    both = by_month(each.model_copy(update={"received_date": None}) for each in TOLD.usage)
    for before, day in ((state, DAY), (issued, NEXT_DAY)):
        taken = before.model_copy(update={"usage": take_in(before, both, DAY, draft_open=True)})
        assert [each.received_date for each in taken.used()] == [None, day]
    assert issued.contract is not None
    memos = documents(issued.contract, issued.changes_in_force(), taken.used(), DAY).credit_memos
    assert [memo.lines for memo in memos] == [memo.lines for memo in found.credit_memos]
