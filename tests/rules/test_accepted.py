"""What people have accepted of a contract's documents is what it owes and earns."""

import datetime as dt
from decimal import Decimal
from typing import Any

from canonical.document import DocumentLine, Invoice
from canonical.lifecycle import AcceptedDocument, ContractState, DocumentQuestion
from canonical.scenario import Scenario
from rules.accepted import accepted_document, taken_in
from rules.billing_plan import documents
from rules.contract_view import answer_to
from rules.exchange import Exchange
from rules.month_end import Sold, earned
from rules.period_entries import booking_entries
from rules.period_revenue import earned_entries
from rules.waterfall import waterfall
from tests.rules.scenarios import activated, amendment, contract, scenario, seats

AS_OF = dt.date(2026, 6, 30)
FEBRUARY = "C-1/invoice/2026-02-01"


def monthly(*changes: Any) -> Scenario:
    return scenario(contract(seats(), start="2026-01-01", every=1), *changes, as_of=AS_OF.isoformat())


def revenue_by(period: str, told: Scenario, **accepted: Any) -> Decimal:
    sold = Sold(told.contract, told.changes, told.usage, **accepted)
    return -earned(sold, period, AS_OF, Exchange("USD", None), {}).earned["revenue"]


def invoice_of(told: Scenario, key: str = FEBRUARY) -> Invoice:
    found = documents(told.contract, told.changes, told.usage, AS_OF).invoices
    return next(each for each in found if each.key == key)


def changed(invoice: Invoice, **more: Any) -> AcceptedDocument:
    """The invoice accepted with its first line changed so."""
    line = DocumentLine.model_validate({**dict(invoice.lines[0]), **more})
    return accepted_document(invoice, invoice.model_copy(update={"lines": (line, *invoice.lines[1:])}))


def state_of(told: Scenario, **more: Any) -> ContractState:
    given: dict[str, Any] = {"contract": told.contract, "carried": (activated(told),), **more}
    return ContractState(id="C-1", tenant="t", crm="salesforce", **given)


def test_an_invoice_whose_void_was_accepted_earns_nothing_and_the_others_what_they_did() -> None:
    told = monthly()
    assert revenue_by("2026-03", told) == Decimal("300.00")
    assert revenue_by("2026-03", told, voided=(FEBRUARY,)) == Decimal("200.00")


def test_a_credit_of_an_invoice_whose_void_was_accepted_takes_nothing_back() -> None:
    told = monthly(amendment("2026-02-15", {"id": "L1", "quantity": "5"}, received_date="2026-03-10"))
    whole = revenue_by("2026-02", told)
    assert whole == Decimal("175.00")  # 100 in January, 100 less the half of half in February
    assert revenue_by("2026-02", told, voided=(FEBRUARY,)) == Decimal("100.00")


def test_a_document_accepted_as_it_is_earns_what_it_says_when_it_says() -> None:
    told = monthly()
    dearer = changed(invoice_of(told), amount="100.01")
    assert revenue_by("2026-02", told, accepted=(dearer,)) == Decimal("200.01")
    later = changed(invoice_of(told), period_start="2026-03-01", period_end="2026-04-01")
    assert revenue_by("2026-02", told, accepted=(later,)) == Decimal("100.00")
    assert revenue_by("2026-03", told, accepted=(later,)) == Decimal("300.00")


def test_a_document_accepted_in_a_piece_of_its_own_adds_to_the_whole() -> None:
    told = monthly()
    piece = changed(invoice_of(told), amount="100.01").model_copy(update={"key": f"{FEBRUARY}/CH-2"})
    sold = Sold(told.contract, told.changes, told.usage, accepted=(piece,))
    found = earned(sold, "2026-02", AS_OF, Exchange("USD", None), {})
    assert (-found.earned["revenue"], found.documents[FEBRUARY]) == (Decimal("200.01"), Decimal("100.01"))


def test_a_document_as_expected_differs_by_nothing() -> None:
    invoice = invoice_of(monthly())
    assert accepted_document(invoice, invoice).lines == ()


def test_an_accepted_due_date_is_the_documents_from_then_on() -> None:
    told, later = monthly(), dt.date(2026, 5, 31)
    invoice = invoice_of(told)
    taken = accepted_document(invoice, invoice.model_copy(update={"due_date": later}))
    assert (taken.lines, taken.due_date) == ((), later)
    state = state_of(told, accepted=taken_in((), taken, (), AS_OF), billed_through=AS_OF)
    question = DocumentQuestion(contract="C-1", kind="invoice", key=FEBRUARY, date=invoice.date)
    answer = answer_to(question, state, {}, None)
    assert (answer.expected, answer.accepted) == (invoice, invoice.model_copy(update={"due_date": later}))
    [due] = [
        i
        for i in Sold(told.contract, (), (), accepted=(taken,)).documents(AS_OF).invoices
        if i == answer.accepted
    ]
    assert (due.due_date, due.total) == (later, invoice.total)
    # and as it was again, once that is accepted
    assert taken_in(state.accepted, accepted_document(invoice, invoice), (), AS_OF) == ()


def test_a_document_is_booked_in_the_month_of_the_date_that_was_accepted() -> None:
    told, invoice = monthly(), invoice_of(monthly())
    moved = invoice.model_copy(update={"date": dt.date(2026, 3, 3)})
    taken = accepted_document(invoice, moved)
    state = state_of(told, accepted=taken_in((), taken, (), AS_OF))
    dates = {entry.key: entry.date for entry in booking_entries(state, None, "2026-03", AS_OF)}
    assert dates[FEBRUARY] == moved.date
    question = DocumentQuestion(contract="C-1", kind="invoice", key=FEBRUARY, date=invoice.date)
    assert answer_to(question, state, {}, None).accepted == moved
    assert revenue_by("2026-02", told, accepted=state.accepted) == revenue_by("2026-02", told)


def test_the_reconciliation_expects_what_was_accepted() -> None:
    told = monthly()
    accepted = changed(invoice_of(told), amount="100.01")
    state = state_of(told, accepted=(accepted,), voided=("C-1/invoice/2026-01-01",))
    (revenue,) = earned_entries(state, "2026-03", AS_OF)
    assert revenue.total == Decimal("200.01")
    booked = {entry.key: entry.total for entry in booking_entries(state, None, "2026-02", AS_OF)}
    assert booked == {FEBRUARY: Decimal("100.01"), "C-1/invoice/2026-03-01": Decimal("100.00")}


def test_the_waterfall_bills_and_earns_what_was_accepted() -> None:
    told = monthly()
    sold = Sold(
        told.contract,
        told.changes,
        told.usage,
        voided=("C-1/invoice/2026-01-01",),
        accepted=(changed(invoice_of(told), amount="100.01"),),
    )
    (row,) = waterfall(sold, AS_OF, dt.date(2026, 1, 1), dt.date(2026, 3, 1))
    assert [str(each.billed) for each in row.months] == ["0.00", "100.01", "100.00"]
    assert [str(each.earned) for each in row.months] == ["0.00", "100.01", "100.00"]
