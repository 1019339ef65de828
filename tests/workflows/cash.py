"""Customers who pay, in the tests of money: by Stripe's own API, as they would."""

from decimal import Decimal
from typing import Any

import httpx

from ports.receipts import PostedReceipt
from tests.world import World


async def issued(made: World, contract: str = "C-1") -> list[dict[str, Any]]:
    """The contract's open invoices at Stripe, oldest first."""
    async with made.stripe() as api:
        listed = (await api.get("/v1/invoices", params={"limit": 100, "status": "open"})).json()["data"]
    found = [one for one in listed if one["metadata"].get("q2c_contract") == contract]
    return sorted(found, key=lambda one: str(one["metadata"]["q2c_date"]))


async def pays(made: World, invoice: str, method: str = "pm_card_visa") -> httpx.Response:
    """The customer pays what remains of the invoice."""
    async with made.stripe() as api:
        return await api.post(f"/v1/invoices/{invoice}/pay", data={"payment_method": method})


async def charged(
    made: World, customer: str, amount: int, *, method: str = "pm_card_visa", **more: str
) -> dict[str, Any]:
    """A payment that is not made by way of an invoice."""
    body = {"amount": str(amount), "currency": "usd", "customer": customer, "confirm": "true"}
    async with made.stripe() as api:
        answer = await api.post("/v1/payment_intents", data=body | {"payment_method": method} | more)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def call(made: World, method: str, path: str, **data: str) -> dict[str, Any]:
    async with made.stripe() as api:
        answer = await api.request(method, path, data=data or None)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def until_receipts(made: World, count: int, entity: str = "US01") -> tuple[PostedReceipt, ...]:
    """Waits until the ERP lists so many transactions of money."""

    async def done() -> tuple[PostedReceipt, ...] | None:
        found: tuple[PostedReceipt, ...] = await made.ports["netsuite"].receipts(entity)
        return found if len(found) >= count else None

    try:
        return await made.settle(done, f"{count} receipts in the ledger")
    except AssertionError as error:
        opened = [(e.code, e.step, e.summary) for e in await made.exceptions()]
        held = await made.ports["netsuite"].receipts(entity)
        raise AssertionError(f"{error}; {held}; exceptions: {opened}") from error


async def balances(made: World, entity: str = "US01") -> dict[str, Decimal]:
    """What the general ledger leaves in each account, debits above zero; zeros are left out."""
    sums: dict[str, Decimal] = {}
    for line in await made.ports["netsuite"].general_ledger(entity):
        sums[line.account] = sums.get(line.account, Decimal(0)) + line.debit - line.credit
    return {account: amount for account, amount in sums.items() if amount}


async def people(made: World, **verbs: Any) -> dict[str, Any]:
    """What customers, their banks and the account's schedule do at the simulated Stripe."""
    found: dict[str, Any] = await made.platforms["stripe"].load(verbs)
    return found
