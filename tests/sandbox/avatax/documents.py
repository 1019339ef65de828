"""Requests that tests send."""

from decimal import Decimal
from typing import Any

from tests.sandbox.avatax.conftest import ADDRESS


def line(amount: str = "100.00", item: str = "SEAT", number: str = "1", **more: Any) -> dict[str, Any]:
    return {"number": number, "amount": Decimal(amount), "quantity": 1, "itemCode": item, **more}


def sale(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "type": "SalesInvoice",
        "code": "I-1",
        "companyCode": "US01",
        "date": "2026-01-01",
        "customerCode": "A-77",
        "currencyCode": "USD",
        "addresses": {"shipTo": ADDRESS},
        "lines": list(lines) or [line()],
        **changes,
    }


def one(code: str = "I-1", action: str = "") -> str:
    return f"/companies/US01/transactions/{code}{'/' if action else ''}{action}"
