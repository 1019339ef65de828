"""What a contract's coming days bring is what the rules say of its whole life, document for document."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest

from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import ContractState
from rules.billing_plan import documents
from rules.foresight import foresee
from rules.subscription_order import term_end
from tests.rules import scenarios as s

_UNTIL = dt.date(2026, 12, 31)


def _foreseen(sold: dict[str, Any], *changes: dict[str, Any]) -> tuple[Counter[object], Counter[object]]:
    """Lines by date and kind of document: as they are foreseen, and as the rules say."""
    told = s.scenario(sold, *changes)
    start = told.contract.start_date
    state = ContractState(
        id="C-1",
        tenant="t",
        crm="salesforce",
        contract=told.contract,
        version=1,
        carried=(s.activated(told),),
        planned=s.approved(told),
        billed_through=start,
        cycle_from=start,
        term_end=term_end(told.contract, (), start),
    )
    ahead = foresee(state, start, _UNTIL).documents()
    whole = documents(told.contract, told.changes, (), _UNTIL)
    due: tuple[Invoice | CreditMemo, ...] = (
        *(i for i in whole.invoices if i.date > start),
        *whole.credit_memos,
    )
    return (
        Counter((type(each), each.date, _amount(line)) for each in ahead for line in each.lines),
        Counter((type(each), each.date, _amount(line)) for each in due for line in each.lines),
    )


def _amount(line: Any) -> tuple[object, ...]:
    return line.line, line.kind, line.amount, line.period_start, line.period_end


def test_changes_approved_together_bring_what_the_whole_life_has() -> None:
    seen, due = _foreseen(
        s.contract(s.seats()),
        s.amendment("2026-03-01", {"id": "L1", "quantity": "20"}),
        s.amendment("2026-03-01", {"id": "L1", "quantity": "15"}, name="AM-2"),
        s.amendment("2026-05-10", {"id": "L2", "add": {k: v for k, v in s.seats().items() if k != "id"}}),
        s.amendment("2026-08-01", {"id": "L2", "quantity": "4"}),
        s.cancellation("2026-10-15"),
    )
    assert seen == due
    assert len(due) > 5


def test_a_version_that_takes_effect_earlier_is_carried_out_earlier() -> None:
    seen, due = _foreseen(
        s.contract(s.seats()),
        s.amendment("2026-08-01", {"id": "L1", "quantity": "20"}),
        s.amendment("2026-03-01", {"id": "L1", "quantity": "15"}),
    )
    assert seen == due


@pytest.mark.parametrize("months", [12, None])
def test_a_ramps_step_inside_a_period_falls_due_by_itself(months: int | None) -> None:
    """Where the contract is evergreen, too: no term's end wakes it before."""
    dearer = {"model": "per_unit", "unit_price": "20", "per": "month"}
    line = s.seats(ramp=[{"from": "2026-04-01", "pricing": dearer}])
    seen, due = _foreseen(s.contract(line, months=months))
    assert seen == due
    assert due
