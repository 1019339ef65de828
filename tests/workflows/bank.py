"""Money at a bank in these tests: receipts taken in by the gateway, and what became of them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from ports.records import ContractRecord
from store.contracts import ContractList
from tests.world import World, today


async def sells(made: World, entity: str = "US01") -> None:
    """Lists a contract of the legal entity: money is taken in only for one that has any."""
    record = ContractRecord(
        id="C-LISTED",
        account="A-1",
        legal_entity=entity,
        currency="USD",
        status="active",
        version=1,
        workflow_id="contract/C-LISTED",
        updated_at=dt.datetime.now(dt.UTC),
    )
    await ContractList(made.database).record(record)


def receipt(ref: str, amount: Decimal, text: str = "", **more: Any) -> dict[str, Any]:
    said = {
        "bank": "ubs",
        "ref": ref,
        "entity": "US01",
        "amount": f"{amount:f}",
        "currency": "USD",
        "value_date": today().isoformat(),
        "text": text,
    }
    return said | more


async def taken(made: World, *receipts: dict[str, Any]) -> dict[str, int]:
    answer = await made.act("fiona", "POST", "/cash/receipts", {"receipts": receipts})
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()
    return found


async def shown(made: World, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = (await made.act("vera", "GET", f"/cash/receipts/ubs/{ref}")).json()
    return found


async def until_receipt(made: World, ref: str, status: str) -> dict[str, Any]:
    async def done() -> dict[str, Any] | None:
        found = await shown(made, ref)
        is_asked = status != "waiting" or found["exception"] is not None
        return found if found["status"] == status and is_asked else None

    return await made.settle(done, f"receipt {ref} is {status}")


def total_of(invoice: dict[str, Any]) -> Decimal:
    return Decimal(invoice["total"]) / 100


def key_of(invoice: dict[str, Any]) -> str:
    return f"C-1/invoice/{invoice['metadata']['q2c_date']}"
