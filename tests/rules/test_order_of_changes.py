"""Changes are carried out by the date on which they take effect, not in the order of their versions."""

import datetime as dt

from canonical.lifecycle import ApprovedItem, ChangeType
from rules.agenda import order


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
