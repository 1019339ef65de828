"""Each invariant holds where it should and is found broken where it is: one listing changed at a time."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from canonical.document import CreditMemo, Invoice
from ports.billing import IssuedDocument
from ports.erp import GeneralLedgerLine, PostedDocument
from ports.records import ExceptionItem
from ports.tax import TaxResult
from rules.billing_plan import documents
from rules.invariants import Listings, findings
from tests.rules import scenarios as s
from tests.rules.test_subscription_order import _scenario

_CONTRACT = _scenario(s.contract(s.seats(tax_rate_percent="8.875"), every=12)).contract


def _invoice() -> Invoice:
    return documents(_CONTRACT, (), (), dt.date(2026, 6, 1)).invoices[0]


def _issued(invoice: Invoice, **more: Any) -> IssuedDocument:
    figures = {
        "platform": "stripe",
        "kind": "invoice",
        "id": "in_1",
        "number": "N-1",
        "key": invoice.key,
        "contract": "C-1",
        "customer_id": "cus_1",
        "subscription_id": None,
        "status": "open",
        "origin": "ours",
        "currency": "USD",
        "date": invoice.date,
        "due_date": invoice.due_date,
        "lines": (),
        "subtotal": invoice.subtotal,
        "tax": invoice.tax,
        "total": invoice.total,
    }
    return IssuedDocument.model_validate(figures | more)


def _posted(invoice: Invoice, **more: Any) -> PostedDocument:
    figures = {
        "platform": "netsuite",
        "kind": "invoice",
        "id": "1",
        "number": "N-1",
        "key": invoice.key,
        "legal_entity": "US01",
        "currency": "USD",
        "date": invoice.date,
        "period": "Jan 2026",
        "status": "open",
        "lines": (),
        "tax": invoice.tax,
        "total": invoice.total,
    }
    return PostedDocument.model_validate(figures | more)


def _taxed(invoice: Invoice, **more: Any) -> TaxResult:
    figures = {
        "code": invoice.key,
        "id": "9",
        "status": "committed",
        "total_tax": invoice.tax,
        "lines": (),
    }
    return TaxResult.model_validate(figures | more)


def _ledger(debit: str, credit: str) -> tuple[GeneralLedgerLine, ...]:
    common = {"entry": "1", "legal_entity": "US01", "currency": "USD"}
    return (
        GeneralLedgerLine(**common, account="1200", debit=Decimal(debit), credit=Decimal(0)),
        GeneralLedgerLine(**common, account="2400", debit=Decimal(0), credit=Decimal(credit)),
    )


def _listings(**more: Any) -> Listings:
    invoice = _invoice()
    expected: list[Invoice | CreditMemo] = [invoice]
    figures: dict[str, Any] = {
        "issued": [_issued(invoice)],
        "posted": [_posted(invoice)],
        "taxes": [_taxed(invoice)],
        "general_ledger": _ledger("1306.50", "1306.50"),
        "expected": expected,
    }
    return Listings(**(figures | more))


_WORKFLOW = "contract/C-1/activation/C-1"
_OPENED = dt.datetime(2026, 1, 1, 9, tzinfo=dt.UTC)


def _exception(**more: Any) -> ExceptionItem:
    figures = {
        "key": f"{_WORKFLOW}##check#1",
        "workflow_id": _WORKFLOW,
        "contract": "C-1",
        "change": "C-1",
        "step": "check",
        "platform": "netsuite",
        "code": "rejected",
        "summary": "The ERP does not know the item SEAT",
        "amount": None,
        "currency": None,
        "owner": "finance-operations",
        "opened_at": _OPENED,
        "due_at": _OPENED + dt.timedelta(hours=24),
        "actions": ("retry", "fix"),
        "correlation_id": "evt-1",
    }
    return ExceptionItem.model_validate(figures | more)


def _failed(*exceptions: ExceptionItem, waiting: tuple[str, ...] = (_WORKFLOW,)) -> set[str]:
    known = {"owners": {"finance-operations"}, "codes": {"rejected"}}
    return _broken(exceptions=exceptions, waiting=waiting, **known)


def _broken(**more: Any) -> set[str]:
    return {finding.invariant for finding in findings(_listings(**more))}


def test_all_hold_where_every_platform_has_what_is_due() -> None:
    assert _broken() == set()


def test_i1_a_document_that_is_missing_doubled_or_not_due_is_found() -> None:
    invoice = _invoice()
    assert "I1" in _broken(posted=[])
    assert "I1" in _broken(issued=[_issued(invoice), _issued(invoice, id="in_2")])
    assert "I1" in _broken(taxes=[_taxed(invoice), _taxed(invoice, code="C-1/invoice/2026-02-01")])


def test_i1_a_draft_and_a_void_document_are_none() -> None:
    invoice = _invoice()
    assert "I1" in _broken(issued=[_issued(invoice, status="draft")])
    void = _issued(invoice, id="in_0", key="C-1/invoice/2025-01-01", status="void")
    assert _broken(issued=[_issued(invoice), void]) == set()


def test_i1_a_cycle_that_bills_nothing_is_none_and_one_that_bills_is() -> None:
    invoice, nothing = _invoice(), Decimal("0.00")
    figures: dict[str, Any] = {"id": "in_0", "key": "C-1/invoice/2026-02-01", "origin": "cycle"}
    empty = _issued(invoice, **figures, subtotal=nothing, tax=nothing, total=nothing)
    assert _broken(issued=[_issued(invoice), empty]) == set()
    assert "I1" in _broken(issued=[_issued(invoice), _issued(invoice, **figures)])


def test_i3_an_entry_that_does_not_balance_by_a_minor_unit_is_found() -> None:
    assert _broken(general_ledger=_ledger("1306.50", "1306.49")) == {"I3"}


def test_i4_a_minor_unit_between_billing_and_ledger_is_found() -> None:
    invoice = _invoice()
    off = invoice.total + Decimal("0.01")
    assert _broken(posted=[_posted(invoice, total=off)]) == {"I4"}
    assert _broken(issued=[_issued(invoice, total=off)]) == {"I4"}
    assert _broken(taxes=[_taxed(invoice, total_tax=invoice.tax - Decimal("0.01"))]) == {"I4"}


def test_i7_what_was_undone_and_still_stands_is_found_wherever_it_stands() -> None:
    invoice = _invoice()
    gone = {"expected": [], "undone": ["C-1"], "general_ledger": ()}
    nothing: dict[str, Any] = {"issued": [], "posted": [], "taxes": []}
    assert _broken(**gone, **nothing) == set()
    for side, standing in (
        ("issued", _issued(invoice)),
        ("posted", _posted(invoice)),
        ("taxes", _taxed(invoice)),
    ):
        assert "I7" in _broken(**gone, **(nothing | {side: [standing]}))


def test_i7_a_void_and_its_counter_document_have_no_net_effect() -> None:
    invoice = _invoice()
    voided = _posted(invoice, status="voided")
    counter = _posted(invoice, id="2", kind="credit_memo", key=f"void:{invoice.key}", status="paid")
    gone = _broken(
        expected=[],
        undone=["C-1"],
        issued=[_issued(invoice, status="void")],
        posted=[voided, counter],
        taxes=[_taxed(invoice, status="cancelled")],
    )
    assert gone == set()


def test_i6_a_step_that_failed_has_one_open_exception_and_it_alone() -> None:
    assert _failed(_exception()) == set()
    assert _failed(_exception(), _exception(step="quote tax", key="2")) == set()
    assert _failed() == {"I6"}
    assert _failed(_exception(), waiting=()) == {"I6"}
    assert _failed(_exception(), _exception(key="2")) == {"I6"}


@pytest.mark.parametrize("more", [{"owner": "nobody"}, {"owner": ""}, {"code": "oops"}, {"due_at": _OPENED}])
def test_i6_an_exception_has_an_owner_a_reason_and_a_due_time(more: dict[str, Any]) -> None:
    assert _failed(_exception(**more)) == {"I6"}
