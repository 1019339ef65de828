"""What the contract of ERPs is tested with: a connector on its simulator, orders, a look from outside."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from canonical.contract import Account, Address
from canonical.document import AccountRole
from canonical.origin import Origin, Reference
from ports.billing import CustomerOrder
from ports.erp import (
    Dimensions,
    Erp,
    ErpCheck,
    LedgerDocument,
    LedgerJournal,
    LedgerJournalLine,
    LedgerLine,
    PostedDocument,
)
from sandbox.kit.faults import Faults

Write = Literal["customer", "document", "journal"]


@dataclass
class ErpStand:
    """One ERP under test. Accounts by role, two items, one entity and its currency are in the simulator."""

    erp: Erp
    faults: Faults
    routes: Mapping[Write, str]
    """The route (METHOD path pattern) by which each kind of thing is written."""
    read_route: str
    """A route by which documents are looked up."""
    close_month: Callable[[str], None]
    """Close the period of "2026-01"."""
    customers: Callable[[], int]
    """How many customers the platform has, counted in its own state."""
    posted: Callable[[], int]
    """How many invoices, credit memos and journals it has."""
    accounts: Mapping[AccountRole, str]
    legal_entity: str = "US01"
    currency: str = "USD"
    item: str = "PLATFORM-SEAT"
    usage_item: str = "API-CALLS"
    revoke: Callable[[], None] | None = None
    """Make all credentials invalid for good; None where the simulator can't."""
    close: Callable[[], Awaitable[None]] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def origin(step: str = "step", change: str = "CH-1") -> Origin:
    return Origin(tenant="t1", contract="C-1001", change=change, step=step, correlation_id="corr-1")


def customer_order(stand: ErpStand, account: str = "A-77", **changes: Any) -> CustomerOrder:
    fields: dict[str, Any] = {
        "id": account,
        "name": "Northwind Analytics Inc.",
        "email": "ap@northwind.example",
        "billing_address": Address(
            line1="350 5th Ave", city="New York", region="NY", postal_code="10118", country="US"
        ),
    }
    return CustomerOrder(
        origin=origin("customer"),
        account=Account(**(fields | changes)),
        legal_entity=stand.legal_entity,
        currency=stand.currency,
    )


def ledger_line(stand: ErpStand, line: str = "L1", amount: str = "12000.00", **changes: Any) -> LedgerLine:
    fields: dict[str, Any] = {
        "line": line,
        "item": stand.item,
        "role": "deferred_revenue",
        "account": stand.accounts["deferred_revenue"],
        "amount": Decimal(amount),
        "tax": Decimal("1065.00"),
        "tax_rate_percent": Decimal("8.875"),
        "quantity": Decimal("10"),
        "period_start": dt.date(2026, 1, 1),
        "period_end": dt.date(2027, 1, 1),
        "memo": "Platform seats",
        "dimensions": Dimensions(),
    }
    return LedgerLine(**(fields | changes))


def usage_line(stand: ErpStand, amount: str = "10.01") -> LedgerLine:
    return ledger_line(
        stand,
        "U1",
        amount,
        item=stand.usage_item,
        role="unbilled_receivable",
        account=stand.accounts["unbilled_receivable"],
        tax=Decimal("0.00"),
        tax_rate_percent=Decimal("0"),
        quantity=Decimal("1500.5"),
        memo="API calls",
    )


def invoice(
    stand: ErpStand, customer: str, key: str = "C-1001/invoice/2026-01-01", **changes: Any
) -> LedgerDocument:
    lines = changes.pop("lines", (ledger_line(stand),))
    subtotal = sum((line.amount for line in lines), Decimal(0))
    tax = sum((line.tax for line in lines), Decimal(0))
    fields: dict[str, Any] = {
        "origin": origin("post"),
        "kind": "invoice",
        "key": key,
        "contract": "C-1001",
        "number": "BILL-0001",
        "customer_id": customer,
        "legal_entity": stand.legal_entity,
        "currency": stand.currency,
        "document_date": dt.date(2026, 1, 1),
        "posting_date": dt.date(2026, 1, 1),
        "due_date": dt.date(2026, 1, 31),
        "receivable_account": stand.accounts["accounts_receivable"],
        "tax_account": stand.accounts["tax_payable"],
        "lines": lines,
        "subtotal": subtotal,
        "tax": tax,
        "total": subtotal + tax,
        "memo": "Invoice BILL-0001",
    }
    return LedgerDocument(**(fields | changes))


def credit_memo(
    stand: ErpStand, customer: str, key: str = "C-1001/credit-memo/2026-08-15/2026-01-01", **changes: Any
) -> LedgerDocument:
    lines = changes.pop(
        "lines", (ledger_line(stand, "L1", "1370.96", tax=Decimal("121.67"), quantity=Decimal("3")),)
    )
    base: dict[str, Any] = {
        "kind": "credit_memo",
        "number": "BILL-CN-0001",
        "document_date": dt.date(2026, 8, 15),
        "posting_date": dt.date(2026, 8, 15),
        "due_date": None,
        "applies_to_key": "C-1001/invoice/2026-01-01",
        "memo": "Credit memo BILL-CN-0001",
    }
    return invoice(stand, customer, key, lines=lines, **(base | changes))


def journal(stand: ErpStand, key: str = "C-1001/revenue/2026-01", **changes: Any) -> LedgerJournal:
    amount = changes.pop("amount", Decimal("1019.18"))
    zero = Decimal("0")
    lines = (
        LedgerJournalLine(
            role="deferred_revenue",
            account=stand.accounts["deferred_revenue"],
            debit=amount,
            credit=zero,
            memo="Revenue 2026-01",
        ),
        LedgerJournalLine(
            role="revenue",
            account=stand.accounts["revenue"],
            debit=zero,
            credit=amount,
            memo="Revenue 2026-01",
        ),
    )
    fields: dict[str, Any] = {
        "origin": origin("journal"),
        "key": key,
        "contract": "C-1001",
        "legal_entity": stand.legal_entity,
        "currency": stand.currency,
        "date": dt.date(2026, 1, 31),
        "posting_date": dt.date(2026, 1, 31),
        "memo": "Revenue 2026-01",
        "lines": lines,
    }
    return LedgerJournal(**(fields | changes))


async def listed(stand: ErpStand) -> dict[str | None, PostedDocument]:
    """The platform's documents by key."""
    return {found.key: found for found in await stand.erp.documents(stand.legal_entity)}


async def balances(stand: ErpStand) -> dict[str, Decimal]:
    """What the platform's own listing leaves in each account, debits above zero; zeros are left out."""
    sums: dict[str, Decimal] = {}

    def add(account: str, amount: Decimal) -> None:
        sums[account] = sums.get(account, Decimal(0)) + amount

    for document in await stand.erp.documents(stand.legal_entity):
        sign = {"invoice": -1, "credit_memo": 1, "journal_entry": 1}[document.kind]
        for line in document.lines:
            add(line.account, sign * line.amount)
        if document.kind != "journal_entry":
            add(stand.accounts["tax_payable"], sign * document.tax)
            add(stand.accounts["accounts_receivable"], -sign * document.total)
    return {account: amount for account, amount in sums.items() if amount}


def complete_check(stand: ErpStand, **changes: Any) -> ErpCheck:
    fields: dict[str, Any] = {
        "legal_entity": stand.legal_entity,
        "currency": stand.currency,
        "products": (stand.item, stand.usage_item),
        "dates": (dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        "accounts": tuple(stand.accounts.values()),
    }
    return ErpCheck(**(fields | changes))


def is_same(first: Reference, second: Reference) -> bool:
    return (first.id, first.kind, first.business_key) == (second.id, second.kind, second.business_key)


async def void(stand: ErpStand, kind: Literal["invoice", "credit_memo"], key: str) -> Reference | None:
    return await stand.erp.void_document(origin("void"), kind, key, dt.date(2026, 9, 1), "not due")
