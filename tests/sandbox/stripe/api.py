"""Stripe's API in tests: nested parameters in, JSON out."""

from collections.abc import Mapping
from typing import Any

import httpx

Json = dict[str, Any]


def flat(value: Any, name: str = "") -> dict[str, str]:
    """Nested parameters as form fields."""
    if isinstance(value, Mapping):
        parts = [flat(one, f"{name}[{key}]" if name else str(key)) for key, one in value.items()]
    elif isinstance(value, list | tuple):
        parts = [flat(one, f"{name}[{index}]") for index, one in enumerate(value)]
    else:
        text = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else str(value)
        return {name: str(text)}
    return {key: one for part in parts for key, one in part.items()}


class Api:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def send(self, method: str, path: str, params: Json, key: str | None = None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        sent = flat(params)
        if method == "POST":
            return await self.client.post(f"/v1/{path}", data=sent, headers=headers)
        return await self.client.request(method, f"/v1/{path}", params=sent, headers=headers)

    async def post(self, path: str, key: str | None = None, **params: Any) -> Json:
        return self._done(await self.send("POST", path, params, key))

    async def get(self, path: str, **params: Any) -> Json:
        return self._done(await self.send("GET", path, params))

    async def delete(self, path: str, **params: Any) -> Json:
        return self._done(await self.send("DELETE", path, params))

    async def refused(self, path: str, method: str = "POST", **params: Any) -> Json:
        """The error of a request that is refused, its status included."""
        answer = await self.send(method, path, params)
        assert answer.status_code >= 400, answer.text
        error: Json = answer.json()["error"]
        return error | {"status": answer.status_code}

    @staticmethod
    def _done(answer: httpx.Response) -> Json:
        assert answer.status_code == 200, answer.text
        done: Json = answer.json()
        return done

    # What most tests need

    async def customer(self, **params: Any) -> str:
        return str((await self.post("customers", **{"name": "Northwind", **params}))["id"])

    async def price(self, amount: int = 1000, interval: str = "month", **params: Any) -> str:
        products = await self.get("products", ids=["SEAT"])
        if not products["data"]:
            await self.post("products", id="SEAT", name="Seat")
        given = {"product": "SEAT", "currency": "usd", "unit_amount": amount, **params}
        recurring = {"recurring": {"interval": interval}} if interval else {}
        return str((await self.post("prices", **(recurring | given)))["id"])

    async def tax_rate(self, percent: str = "8.875", **params: Any) -> str:
        given = {"display_name": "Tax", "inclusive": False, "percentage": percent, **params}
        return str((await self.post("tax_rates", **given))["id"])

    async def draft(self, customer: str, *amounts: int, **params: Any) -> Json:
        """A draft with a line for each amount."""
        given = {"collection_method": "send_invoice", "days_until_due": 30, **params}
        invoice = await self.post("invoices", customer=customer, **given)
        if not amounts:
            return invoice
        lines = [{"amount": amount, "description": f"line {amount}"} for amount in amounts]
        return await self.post(f"invoices/{invoice['id']}/add_lines", lines=lines)

    async def issued(self, customer: str, *amounts: int, **params: Any) -> Json:
        draft = await self.draft(customer, *amounts, **params)
        return await self.post(f"invoices/{draft['id']}/finalize")

    async def event_types(self) -> list[str]:
        """Oldest first."""
        events = await self.get("events", limit=100)
        return [str(event["type"]) for event in reversed(events["data"])]
