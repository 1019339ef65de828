"""A document at the billing platform beside its posting: what was changed of it that touches money."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.document import DocumentLine, Invoice
from ports.billing import IssuedDocument, IssuedLine
from ports.erp import PostedDocument, PostedLine
from rules.accepted import accepted_document, with_accepted
from rules.edits import edits, is_another, moved_periods, standing, told, touches_tax
from rules.subledger import as_issued, compare

KEY, DAY, DUE = "C-1/invoice/2026-01-01", dt.date(2026, 1, 1), dt.date(2026, 1, 31)
NET, TAX = Decimal("100.00"), Decimal("8.88")


def posted(**fields: Any) -> PostedDocument:
    given: dict[str, Any] = {
        "platform": "netsuite",
        "kind": "invoice",
        "id": "7",
        "number": "N-1",
        "key": KEY,
        "legal_entity": "US01",
        "currency": "USD",
        "date": DAY,
        "due_date": DUE,
        "period": "Jan 2026",
        "status": "open",
        "lines": (PostedLine(account="2100", amount=NET, tax=TAX),),
        "tax": TAX,
        "total": NET + TAX,
    }
    return PostedDocument(**(given | fields))


def issued(net: Decimal = NET, tax: Decimal = TAX, **fields: Any) -> IssuedDocument:
    line = IssuedLine(
        id="il_1", line="L1", kind="recurring", amount=net, tax=tax, period_start=DAY, period_end=DUE
    )
    given: dict[str, Any] = {
        "platform": "stripe",
        "kind": "invoice",
        "id": "in_1",
        "number": "N-1",
        "key": KEY,
        "contract": "C-1",
        "customer_id": "cus_1",
        "subscription_id": None,
        "status": "open",
        "origin": "ours",
        "currency": "USD",
        "date": DAY,
        "due_date": DUE,
        "lines": (line,),
        "subtotal": net,
        "tax": tax,
        "total": net + tax,
    }
    return IssuedDocument(**(given | fields))


def test_a_document_that_is_posted_as_it_is_was_not_edited() -> None:
    assert edits(posted(), issued()) == ()
    nothing = PostedLine(account="2100", amount=Decimal(0), tax=Decimal(0))
    assert edits(posted(lines=(*posted().lines, nothing)), issued()) == ()
    assert edits(posted(due_date=None), issued(due_date=dt.date(2027, 1, 1))) == ()  # the ERP does not say


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (issued(due_date=dt.date(2026, 3, 1)), "due date is 2026-03-01 where 2026-01-31 is posted"),
        (issued(date=dt.date(2026, 1, 2)), "date is 2026-01-02 where 2026-01-01 is posted"),
        (issued(currency="EUR"), "currency is EUR where USD is posted"),
        (
            issued(net=Decimal("100.01")),
            "lines is 100.01 (tax 8.88) where 100.00 (tax 8.88) is posted; "
            "total is 108.89 where 108.88 is posted",
        ),
        (
            issued(tax=Decimal("8.87")),
            "lines is 100.00 (tax 8.87) where 100.00 (tax 8.88) is posted; tax is 8.87 where 8.88 is posted; "
            "total is 108.87 where 108.88 is posted",
        ),
    ],
)
def test_every_difference_of_a_minor_unit_or_a_day_is_named(document: IssuedDocument, words: str) -> None:
    assert told(edits(posted(), document)) == words


def test_only_an_edit_of_more_than_the_due_date_touches_tax() -> None:
    assert not touches_tax(edits(posted(), issued(due_date=dt.date(2026, 3, 1))))
    assert touches_tax(edits(posted(), issued(date=dt.date(2026, 1, 2))))


def test_the_posting_that_stands_is_the_newest_that_is_not_taken_off() -> None:
    first = posted(status="voided")
    counter = posted(id="8", kind="credit_memo", key=f"void:{KEY}", number="V-1", status="paid")
    anew = posted(id="9", key=f"{KEY}/repost/edit-1")
    other = posted(id="10", key="C-1/invoice/2026-02-01", number="N-2")
    everything = (first, counter, anew, other)
    assert standing(everything, "invoice", KEY, "N-1") == anew
    assert standing(everything, "invoice", None, "N-2") == other
    assert standing((first, counter), "invoice", KEY, "N-1") is None
    assert standing(everything, "credit_memo", KEY, "N-1") is None


def due() -> Invoice:
    """The document as it is expected."""
    line = DocumentLine.model_validate(
        {
            "line": "L1",
            "product": "SEAT",
            "kind": "recurring",
            "charge": "recurring",
            "timing": "advance",
            "quantity": Decimal(1),
            "amount": NET,
            "tax": TAX,
            "tax_rate_percent": Decimal("8.875"),
            "period_start": DAY,
            "period_end": DUE,
        }
    )
    return Invoice.model_validate(
        {
            "id": "INV-1",
            "key": KEY,
            "contract": "C-1",
            "account": "A-1",
            "currency": "USD",
            "date": DAY,
            "posting_date": DAY,
            "due_date": DUE,
            "lines": (line,),
            "subtotal": NET,
            "tax": TAX,
            "total": NET + TAX,
        }
    )


def test_a_due_date_that_is_not_the_expected_one_is_a_difference_before_posting() -> None:
    expected = due()
    assert compare(expected, issued()) == ()
    [difference] = compare(expected, issued(due_date=dt.date(2026, 3, 1)))
    assert difference.field == "due date"


@pytest.mark.parametrize(
    ("given", "another"),
    [
        ({"net": Decimal(0), "tax": Decimal(0), "number": "N-2"}, True),
        ({"net": Decimal(0), "tax": Decimal(0), "number": "N-1"}, False),
        ({"number": "N-2"}, False),
    ],
    ids=["empty, another number", "the posted one, emptied", "another number, bills something"],
)
def test_empty_invoice_of_a_cycle_is_no_edit_of_what_a_change_has_billed(
    given: dict[str, Any], another: bool
) -> None:
    assert is_another(posted(), issued(origin="cycle", **given)) is another


def moved(*days: int) -> IssuedDocument:
    """A line of the due amount for each, whose service ends so many days later."""
    line = issued().lines[0]
    lines = [line.model_copy(update={"period_end": DUE + dt.timedelta(days=each)}) for each in days]
    return issued().model_copy(update={"lines": tuple(lines)})


def test_a_service_period_that_is_not_the_one_due_is_named_though_nothing_else_differs() -> None:
    assert moved_periods(due(), moved(0)) == ()
    [found] = moved_periods(due(), moved(10))
    assert str(found) == (
        "service period of L1 is 2026-01-01 to 2026-02-10 where 2026-01-01 to 2026-01-31 is expected"
    )
    assert not touches_tax([found])


def test_a_line_of_another_amount_is_no_moved_period() -> None:
    assert moved_periods(due(), issued(net=Decimal("99.99"))) == ()
    assert moved_periods(None, moved(10)) == ()


def test_of_two_lines_alike_the_one_that_moved_is_named() -> None:
    twice = due().model_copy(update={"lines": due().lines * 2})
    assert [each.actual for each in moved_periods(twice, moved(0, 5))] == ["2026-01-01 to 2026-02-05"]
    assert len(moved_periods(twice, moved(5, 5))) == 2


def test_what_was_accepted_is_due_from_then_on() -> None:
    taken = as_issued(due(), moved(10))
    accepted = with_accepted(due(), [accepted_document(due(), taken)])
    assert accepted == taken
    assert with_accepted(due(), []) is None
    assert moved_periods(accepted, moved(10)) == ()
    assert len(moved_periods(accepted, moved(0))) == 1
