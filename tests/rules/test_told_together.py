"""Backdated changes of a contract whose documents up to today are issued, told at once or one after another:
each line of what is then due is issued once."""

import datetime as dt
from collections import Counter

import pytest

from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import ApprovedItem, CarriedChange, ContractState, DocumentQuestion
from rules import agenda
from rules.billing_plan import documents
from rules.change_plan import scope
from rules.period_entries import booking_entries
from tests.rules.scenarios import account, amendment, approved, cancellation, contract, flat, scenario, seats

TODAY = dt.date(2026, 11, 28)
MONTHS = ("2026-02", "2026-05", "2026-08", "2026-11")
"""Whose windows, of three months each, are all of the year."""
BROUGHT = {name: value for name, value in flat("L3").items() if name != "id"}
TOLD = scenario(
    contract(seats(price="100"), flat("L2"), start="2026-01-31", every=6),
    amendment("2026-03-31", {"id": "L1", "quantity": "15"}, name="UP"),
    amendment(
        "2026-05-10", {"id": "L1", "quantity": "9"}, {"id": "L2", "discount_percent": "50"}, name="DOWN"
    ),
    amendment("2026-07-31", {"id": "L3", "add": BROUGHT}, name="ADD"),
    amendment("2026-08-20", {"id": "L3", "remove": True}, name="OUT"),
    cancellation("2026-09-20", fee="500"),
    {"id": "MOVE", "type": "transfer", "effective_date": "2026-05-31", "account": account("A-2")},
    as_of="2026-11-28",
)
CONTRACT = TOLD.contract
UP, DOWN, ADD, OUT, END, MOVE = approved(TOLD)
START = ApprovedItem(
    id=CONTRACT.id,
    type="activation",
    version=1,
    effective_date=CONTRACT.start_date,
    correlation_id="evt",
)


def carry_out(state: ContractState, item: ApprovedItem) -> ContractState:
    """As the contract's workflow does, from the change's scope alone."""
    found = scope(state, CONTRACT, item, TODAY, agenda.until(state, item, TODAY))
    done = CarriedChange(
        id=item.id,
        type=item.type,
        version=item.version,
        effective_date=item.effective_date,
        status="done",
        change=found.change,
        workflow_id=f"contract/C-1/{item.type}/{item.id}",
    )
    return state.model_copy(
        update={
            "planned": tuple(other for other in state.planned if other.id != item.id),
            "carried": (*state.carried, done),
            "expected": (*state.expected, *found.invoices, *found.credit_memos),
            "billed_through": found.through,
            "cycle_from": state.cycle_from or found.since,
        }
    )


def lines(found: tuple[Invoice | CreditMemo, ...]) -> Counter[str]:
    return Counter(f"{document.date} {line!r}" for document in found for line in without_place(document))


def without_place(document: Invoice | CreditMemo) -> list[object]:
    """A credit's line names its place on the credited invoice, which a supplement has not."""
    return [line.model_copy(update={"credits": None}) for line in document.lines]


@pytest.mark.parametrize(
    "groups",
    [
        [[UP, DOWN, END]],
        [[UP], [DOWN, END]],
        [[UP, DOWN], [END]],
        [[END], [DOWN, UP]],
        [[UP], [DOWN], [END]],
        [[ADD, OUT]],
        [[ADD], [OUT]],
        [[ADD, UP], [OUT, DOWN, END]],
        [[MOVE]],
        [[UP], [DOWN, MOVE], [END]],
        [[MOVE, ADD], [OUT]],
    ],
    ids=lambda groups: " then ".join("+".join(item.id for item in group) for group in groups),
)
def test_each_line_that_is_due_is_issued_and_booked_once(groups: list[list[ApprovedItem]]) -> None:
    state = ContractState(id="C-1", tenant="t", crm="salesforce", contract=CONTRACT, planned=(START,))
    for group in ([], *groups):
        state = state.model_copy(update={"planned": (*state.planned, *group)})
        while (item := agenda.due_item(state, TODAY)) is not None:
            state = carry_out(state, item)
    due = documents(CONTRACT, state.changes_in_force(), (), TODAY)
    assert lines(state.expected) == lines((*due.invoices, *due.credit_memos))
    assert max(Counter(document.key for document in state.expected).values()) == 1
    booked = {entry.key for month in MONTHS for entry in booking_entries(state, None, month, TODAY)}
    assert booked == {document.key for document in state.expected}


def test_invoice_that_has_a_supplement_is_expected_as_it_was_issued() -> None:
    """Also where the plan that issued it is not kept, or a cycle of the platform's has billed it."""
    state = carry_out(
        ContractState(id="C-1", tenant="t", crm="salesforce", contract=CONTRACT, planned=(START,)), START
    )
    issued = state.expected
    state = carry_out(state.model_copy(update={"planned": (ADD,)}), ADD)
    (supplement,) = (document for document in state.expected if document not in issued)
    state = state.model_copy(update={"expected": (supplement,)})
    for document in issued:
        question = DocumentQuestion(contract="C-1", kind="invoice", key=document.key, date=TODAY)
        assert agenda.expected_document(state, question) == document
