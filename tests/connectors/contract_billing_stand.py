"""What the contract suite of billing connectors stands on: a connector on its simulator, and orders."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from canonical.contract import Account, Address
from canonical.document import DocumentLine
from canonical.ids import credit_memo_key, invoice_key
from canonical.origin import Origin
from ports.billing import (
    Billing,
    CreditOrder,
    CustomerOrder,
    DraftCompletion,
    InvoiceOrder,
    IssuedDocument,
    SubscriptionCancellation,
    SubscriptionLine,
    SubscriptionOrder,
    SubscriptionPhase,
)
from sandbox.kit.faults import Faults
from sandbox.kit.platform import Platform

CONTRACT, ENTITY = "C-1001", "US01"
NOON = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
"""When every test begins, at the platform and for us."""
TODAY = NOON.date()
START = dt.date(2026, 1, 1)
PERCENT = Decimal("8.875")
ACCOUNT = Account(
    id="A-77",
    name="Northwind Analytics Inc.",
    email="billing@northwind.example",
    billing_address=Address(
        line1="350 5th Ave", city="New York", region="NY", postal_code="10118", country="US"
    ),
)


@dataclass
class BillingStand:
    """`routes` names the requests by which a kind of write is done, for faults. `pay` has an invoice paid at
    the platform; `foreign` makes an invoice there that is none of ours; `forget` has the platform forget
    whatever keys it remembers requests by."""

    billing: Billing
    platform: Platform
    routes: Mapping[str, str]
    read_route: str
    pay: Callable[[str], Awaitable[None]]
    foreign: Callable[[str], Awaitable[str]]
    forget: Callable[[], None] = field(default=lambda: None)

    @property
    def faults(self) -> Faults:
        return self.platform.faults

    async def until(self, day: dt.date, hour: int = 3) -> None:
        """Set the platform's clock forward; it bills what falls due on the way."""
        await self.platform.advance_clock(dt.datetime.combine(day, dt.time(hour), dt.UTC))

    async def customer(self) -> str:
        return (await self.billing.ensure_customer(customer_order())).id

    async def documents(self, kind: str = "invoice", contract: str = CONTRACT) -> list[IssuedDocument]:
        """In the order of their dates, without voided ones."""
        found = [d for d in await self.billing.documents(contract) if d.kind == kind and d.status != "void"]
        return sorted(found, key=lambda document: document.date)


def origin(step: str, contract: str = CONTRACT, revision: int = 0) -> Origin:
    return Origin(
        tenant="t",
        contract=contract,
        change=contract,
        step=step,
        revision=revision,
        correlation_id="corr-1",
        event_id="evt-1",
    )


def customer_order(account: Account = ACCOUNT, contract: str = CONTRACT) -> CustomerOrder:
    return CustomerOrder(
        origin=origin("customer", contract), account=account, legal_entity=ENTITY, currency="USD"
    )


# Subscriptions


def seats(amount: str = "120.00", quantity: str = "10", line: str = "L1", **more: Any) -> SubscriptionLine:
    given: dict[str, Any] = {
        "line": line,
        "product": "PLATFORM-SEAT",
        "description": "Seats",
        "charge": "recurring",
        "quantity": Decimal(quantity),
        "period_amount": Decimal(amount),
        "tax_rate_percent": PERCENT,
    }
    return SubscriptionLine(**(given | more))


def usage(line: str = "U1") -> SubscriptionLine:
    """What is billed in arrears costs nothing by itself."""
    return seats(
        "0", "1", line, product="API-CALLS", charge="usage", tax_rate_percent=Decimal(0), description="Calls"
    )


def phase(
    start: dt.date, *lines: SubscriptionLine, end: dt.date | None = None, months: int = 1
) -> SubscriptionPhase:
    return SubscriptionPhase(start=start, end=end, period_months=months, lines=lines or (seats(),))


def subscription(customer: str, *phases: SubscriptionPhase, **changes: Any) -> SubscriptionOrder:
    """Monthly since 1 January; the next cycle begins on 1 February."""
    given: dict[str, Any] = {
        "origin": origin("subscription"),
        "business_key": CONTRACT,
        "customer_id": customer,
        "legal_entity": ENTITY,
        "currency": "USD",
        "start_date": START,
        "anchor_day": 1,
        "end_date": None,
        "payment_terms_days": 30,
        "phases": phases or (phase(dt.date(2026, 2, 1)),),
    }
    given |= changes
    if "current_lines" not in given:
        given["current_lines"] = given["phases"][0].lines
    return SubscriptionOrder(**given)


def cancellation(day: dt.date) -> SubscriptionCancellation:
    return SubscriptionCancellation(origin=origin("cancel"), business_key=CONTRACT, effective_date=day)


# Documents


def line(
    amount: str,
    tax: str | None = None,
    *,
    id: str = "L1",
    kind: str = "recurring",
    start: dt.date = START,
    end: dt.date = dt.date(2026, 2, 1),
    percent: Decimal = PERCENT,
    **more: Any,
) -> DocumentLine:
    computed = (Decimal(amount) * percent / 100).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    given: dict[str, Any] = {
        "line": id,
        "kind": kind,
        "amount": Decimal(amount),
        "tax": computed if tax is None else Decimal(tax),
        "period_start": start,
        "period_end": end,
        "product": "PLATFORM-SEAT",
        "charge": "usage" if kind == "usage" else "recurring",
        "timing": "arrears" if kind == "usage" else "advance",
        "tax_rate_percent": percent,
        "quantity": Decimal(10),
    }
    return DocumentLine(**(given | more))


def invoice(customer: str, *lines: DocumentLine, date: dt.date = START, **changes: Any) -> InvoiceOrder:
    given: dict[str, Any] = {
        "origin": origin(f"draft {date}"),
        "key": invoice_key(CONTRACT, date),
        "contract": CONTRACT,
        "customer_id": customer,
        "subscription_id": None,
        "currency": "USD",
        "date": date,
        "due_date": date + dt.timedelta(days=30),
        "lines": lines or (line("120.00"),),
    }
    return InvoiceOrder(**(given | changes))


def credit(
    credited: InvoiceOrder | tuple[DocumentLine, ...],
    *lines: DocumentLine,
    date: dt.date = TODAY,
    invoice_date: dt.date = START,
    **changes: Any,
) -> CreditOrder:
    there = credited.lines if isinstance(credited, InvoiceOrder) else credited
    given: dict[str, Any] = {
        "origin": origin(f"credit {date}"),
        "key": credit_memo_key(CONTRACT, date, invoice_date),
        "contract": CONTRACT,
        "currency": "USD",
        "date": date,
        "invoice_key": invoice_key(CONTRACT, invoice_date),
        "reason": "amendment",
        "lines": lines or (line("50.00", kind="proration", start=date, credits=0),),
        "credited": there,
    }
    return CreditOrder(**(given | changes))


def completion(
    draft: IssuedDocument, *add: DocumentLine, own: tuple[DocumentLine, ...] = ()
) -> DraftCompletion:
    return DraftCompletion(
        origin=origin(f"complete {draft.date}"),
        invoice_id=draft.id,
        key=invoice_key(CONTRACT, draft.date),
        contract=CONTRACT,
        date=draft.date,
        due_date=draft.date + dt.timedelta(days=30),
        add=add,
        taxes=own,
    )


def figures(document: IssuedDocument) -> list[tuple[str | None, str | None, str, str, str, str]]:
    """Lines of not nothing, as one compares them."""
    return sorted(
        (
            each.line,
            each.kind,
            str(each.amount),
            str(each.tax),
            each.period_start.isoformat(),
            each.period_end.isoformat(),
        )
        for each in document.lines
        if each.amount or each.tax
    )
