"""Customers: one for each account, found by the account's id in their metadata."""

from typing import Any

from canonical.contract import Account
from canonical.origin import Reference
from connectors.stripe import mapping
from connectors.stripe.catalog import shared
from connectors.stripe.client import PLATFORM, StripeClient
from connectors.stripe.lookups import quoted
from connectors.stripe.wire import Customer, TaxId
from connectors.stripe.writes import StripeWrites
from ports.billing import CustomerOrder

_NEWEST_PAGES = 3


class Customers:
    def __init__(self, client: StripeClient) -> None:
        self._client, self._writes = client, StripeWrites(client)

    async def ensure(self, order: CustomerOrder) -> Reference:
        """Creates the customer or brings it in line with the account.

        The search finds customers older than about a minute, the list the newest three hundred, the
        Idempotency-Key whatever was made within a day; see README for the window that remains.
        """
        account = order.account
        body = mapping.customer_body(account, order.origin.tenant)
        customer = await self._writes.create(
            Customer,
            "/v1/customers",
            body=body,
            origin=shared(order.origin, "customer"),
            part=account.id,
            find=lambda: self._find(account.id, order.origin.tenant),
        )
        if not _same(customer, body):
            posted = await self._client.post(Customer, "/v1/customers/{id}", customer.id, body=body)
            customer = posted.value
        await self._set_tax_id(customer, account)
        return Reference(
            platform=PLATFORM, kind="customer", id=customer.id, business_key=account.id, status="active"
        )

    async def _find(self, account: str, tenant: str) -> Customer | None:
        """The oldest of the account's customers (there should be one): by search, else among the newest."""
        query = f"metadata['{mapping.ACCOUNT}']:{quoted(account)}"
        for source in (
            self._client.search(Customer, "/v1/customers/search", query),
            self._client.list(Customer, "/v1/customers", pages=_NEWEST_PAGES),
        ):
            found = [customer async for customer in source if _is(customer, account, tenant)]
            if found:
                return min(found, key=lambda customer: customer.created)
        return None

    async def _set_tax_id(self, customer: Customer, account: Account) -> None:
        """The account's registration as the customer's tax id; others of its type are taken away."""
        wanted = mapping.tax_id(account)
        there = [one async for one in self._client.list(TaxId, "/v1/customers/{id}/tax_ids", customer.id)]
        for old in there:
            if wanted is not None and old.type == wanted[0] and old.value != wanted[1]:
                await self._client.delete("/v1/customers/{id}/tax_ids/{tax_id}", customer.id, old.id)
        if wanted is not None and not any((one.type, one.value) == wanted for one in there):
            body = {"type": wanted[0], "value": wanted[1]}
            await self._client.post(TaxId, "/v1/customers/{id}/tax_ids", customer.id, body=body)


def _is(customer: Customer, account: str, tenant: str) -> bool:
    named = customer.metadata.get(mapping.ACCOUNT), customer.metadata.get("q2c_tenant")
    return named == (account, tenant) and not customer.deleted


def _same(customer: Customer, body: mapping.Body) -> bool:
    address = customer.address.model_dump() if customer.address else {}
    wanted: dict[str, Any] = dict(body["address"])
    return (
        (customer.name or "") == body["name"]
        and (customer.email or "") == body["email"]
        and all((address.get(name) or "") == value for name, value in wanted.items())
        and all(customer.metadata.get(name, "") == value for name, value in body["metadata"].items())
    )
