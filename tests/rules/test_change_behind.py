"""Which change a document comes from, whatever has been carried out since."""

import datetime as dt

import pytest

from canonical.lifecycle import CarriedChange, ChangeStatus, ChangeType, ContractState, DocumentQuestion
from rules.agenda import change_behind


def carried(id: str, type: ChangeType, date: str, status: ChangeStatus = "done") -> CarriedChange:
    return CarriedChange(
        id=id,
        type=type,
        version=1,
        effective_date=dt.date.fromisoformat(date),
        status=status,
        workflow_id=f"contract/C-1/{type}/{id}",
    )


STATE = ContractState(
    id="C-1",
    tenant="default",
    crm="salesforce",
    carried=(
        carried("C-1", "activation", "2026-01-01"),
        carried("CH-2", "amendment", "2026-05-10"),
        carried("CH-1", "amendment", "2026-03-10"),  # backdated: carried out after the later one
        carried("CH-3", "amendment", "2026-06-01", "compensated"),
    ),
    issued_by={"C-1/invoice/2026-01-01": "C-1"},
)


@pytest.mark.parametrize(
    ("key", "date", "change"),
    [
        ("C-1/invoice/2026-01-01", "2026-07-01", "C-1"),  # issued by the activation, asked about long after
        (None, "2026-02-01", "C-1"),
        (None, "2026-03-10", "CH-1"),
        (None, "2026-05-09", "CH-1"),
        ("C-1/invoice/2026-06-01", "2026-06-01", "CH-2"),  # what was undone is behind nothing
    ],
)
def test_document_comes_from_the_change_that_issued_it_or_was_in_force(
    key: str | None, date: str, change: str
) -> None:
    question = DocumentQuestion(contract="C-1", kind="invoice", key=key, date=dt.date.fromisoformat(date))
    assert change_behind(STATE, question) == change
