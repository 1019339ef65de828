"""Changes are carried out by the date on which they take effect, not in the order of their versions."""

import datetime as dt
from typing import Any

from canonical.lifecycle import ApprovedItem, ChangeType
from rules.agenda import order
from rules.changes import RampTurn, steps
from tests.rules.scenarios import contract, renewal, scenario, seats


def approved(id: str, type: ChangeType, date: str, version: int) -> ApprovedItem:
    day = dt.date.fromisoformat(date)
    return ApprovedItem(id=id, type=type, version=version, effective_date=day, correlation_id=id, in_crm=True)


def test_effective_date_comes_before_version_and_the_activation_before_all() -> None:
    items = [
        approved("late", "amendment", "2026-06-01", 2),
        approved("end", "cancellation", "2026-03-01", 3),
        approved("second", "amendment", "2026-03-01", 5),
        approved("first", "amendment", "2026-03-01", 4),
        approved("C-1", "activation", "2026-05-01", 9),
    ]
    assert [item.id for item in sorted(items, key=order)] == ["C-1", "first", "second", "end", "late"]


def carried_out(*changes: dict[str, Any]) -> list[str]:
    told = scenario(contract(seats(), months=2, renewal={"auto": True, "term_months": 2}), *changes)
    return [
        step.change.id for step in steps(told.contract, told.changes) if not isinstance(step.change, RampTurn)
    ]


def test_renewal_that_came_by_itself_gives_way_to_a_late_one_that_counts_from_before_it() -> None:
    by_itself = [
        {"id": f"renewal-{day}", "type": "renewal", "effective_date": day}
        for day in ("2026-03-01", "2026-05-01")
    ]
    after = {"id": "renewal-2026-09-01", "type": "renewal", "effective_date": "2026-09-01"}
    late = renewal("2026-03-01", term_months=6, received_date="2026-05-10")
    assert carried_out(*by_itself, late, after) == ["RE-2026-03-01", "renewal-2026-09-01"]
    in_time = renewal("2026-03-01", term_months=2)
    assert carried_out(in_time, by_itself[1]) == ["RE-2026-03-01", "renewal-2026-05-01"]
