"""Payments at Stripe: read with the invoices that they pay, given back, listed."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from canonical.origin import Reference
from canonical.payment import CashMovement, Dispute, PaidInvoice, Payment, Payout, Refund
from connectors.stripe import mapping, payment_mapping, wire
from connectors.stripe.client import PLATFORM, StripeClient
from connectors.stripe.forms import day_of, midnight
from connectors.stripe.lookups import Lookups
from connectors.stripe.money import from_stripe, to_stripe
from connectors.stripe.writes import StripeWrites
from ports.errors import Rejected, UnexpectedAnswer
from ports.payments import RefundOrder

Listed = TypeVar("Listed", bound=wire.Made)
_ENTRIES = "/v1/balance_transactions"


@dataclass
class _Known:
    """What one reading has asked already: invoices with their contracts and keys, payments' invoices."""

    invoices: dict[str, tuple[str | None, str | None, str]] = field(default_factory=dict)
    """By invoice id: contract, key, currency."""
    paid: dict[str, tuple[PaidInvoice, ...]] = field(default_factory=dict)
    """By payment id."""
    contracts: dict[str, str | None] = field(default_factory=dict)
    """By customer id: the contract of the newest invoice that has one."""


class StripePayments:
    def __init__(self, client: StripeClient, lookups: Lookups) -> None:
        self._client, self._lookups = client, lookups
        self._writes = StripeWrites(client)

    async def payment(self, payment_id: str) -> Payment:
        intent = await self._client.get(wire.PaymentIntent, "/v1/payment_intents/{id}", payment_id)
        charge = None
        if intent.latest_charge is not None:
            charge = await self._client.get(wire.Charge, "/v1/charges/{id}", intent.latest_charge)
        return await self._payment(intent, charge, _Known())

    async def _payment(
        self, intent: wire.PaymentIntent, charge: wire.Charge | None, known: _Known
    ) -> Payment:
        invoices = await self._invoices_of(intent.id, intent.currency.upper(), known)
        invoices = invoices or _by_metadata(intent.metadata, intent.amount_received, intent.currency.upper())
        contract = intent.metadata.get(mapping.CONTRACT) or self._contract(invoices, known)
        if contract is None and intent.customer is not None:
            contract = await self._contract_of_customer(intent.customer, known)
        return payment_mapping.payment(intent, charge, invoices, contract)

    async def refund(self, refund_id: str) -> Refund:
        found = await self._client.get(wire.Refund, "/v1/refunds/{id}", refund_id)
        return await self._refund(found, _Known())

    async def _refund(self, found: wire.Refund, known: _Known) -> Refund:
        payment_id = _payment_of(found.id, found.payment_intent)
        invoices, contract = await self._of_payment(payment_id, found.currency.upper(), known)
        return payment_mapping.refund(
            found, payment_id, invoices, found.metadata.get(mapping.CONTRACT) or contract
        )

    async def dispute(self, dispute_id: str) -> Dispute:
        found = await self._client.get(wire.Dispute, "/v1/disputes/{id}", dispute_id)
        return await self._dispute(found, _Known())

    async def _dispute(self, found: wire.Dispute, known: _Known) -> Dispute:
        payment_id = _payment_of(found.id, found.payment_intent)
        invoices, contract = await self._of_payment(payment_id, found.currency.upper(), known)
        return payment_mapping.dispute(found, payment_id, invoices, contract)

    async def payout(self, payout_id: str) -> Payout:
        found = await self._client.get(wire.Payout, "/v1/payouts/{id}", payout_id)
        entries, contract = [], None
        asked = {"payout": found.id}
        async for entry in self._client.list(wire.BalanceTransaction, _ENTRIES, params=asked):
            if entry.type == "payout":
                continue
            payments = await self._payment_of_charge(entry)
            entries.append(payment_mapping.balance_entry(entry, payments))
            payment_id = next(iter(payments.values()), None)
            if contract is None and payment_id is not None:
                contract = (await self._of_payment(payment_id, entry.currency.upper(), _Known()))[1]
        return payment_mapping.payout(found, entries, contract)

    async def _payment_of_charge(self, entry: wire.BalanceTransaction) -> dict[str, str | None]:
        if entry.type not in ("charge", "payment") or entry.source is None:
            return {}
        charge = await self._client.get(wire.Charge, "/v1/charges/{id}", entry.source)
        return {entry.source: charge.payment_intent}

    async def give_back(self, order: RefundOrder) -> Reference:
        async def find() -> wire.Refund | None:
            asked = {"payment_intent": order.payment_id}
            async for refund in self._client.list(wire.Refund, "/v1/refunds", params=asked):
                if refund.metadata.get(mapping.KEY) == order.key:
                    return refund
            return None

        body = {
            "payment_intent": order.payment_id,
            "amount": to_stripe(order.amount, order.currency),
            "reason": "requested_by_customer",
            "metadata": mapping.metadata(
                order.origin,
                **{mapping.KEY: order.key, "q2c_reason": order.reason},
                **({payment_mapping.OF_UNAPPLIED: "true"} if order.unapplied else {}),
            ),
        }
        made = await self._writes.create(
            wire.Refund,
            "/v1/refunds",
            body=body,
            origin=order.origin,
            part=f"refund/{order.key}",
            find=find,
        )
        held = from_stripe(made.amount, order.currency)
        if held != order.amount:
            raise Rejected(
                f"{order.key} was refunded with {held}",
                platform=PLATFORM,
                operation="refund_payment",
                field="amount",
                vendor_code="REFUNDED_DIFFERENTLY",
            )
        return Reference(
            platform=PLATFORM,
            kind="refund",
            id=made.id,
            business_key=order.key,
            total=held,
            status=made.status,
        )

    # Listings

    async def movements(self, since: dt.date | None) -> tuple[CashMovement, ...]:
        known = _Known()
        await self._learn(known, since)
        found: list[CashMovement] = []
        for charge in await self._listed(wire.Charge, "/v1/charges", since):
            if charge.status == "succeeded" and charge.captured and charge.payment_intent is not None:
                found.append(await self._charge_movement(charge, charge.payment_intent, known))
        for refund in await self._listed(wire.Refund, "/v1/refunds", since):
            if refund.status == "succeeded":
                found.append(payment_mapping.movement(await self._refund(refund, known)))
        for dispute in await self._disputes(since):
            made = payment_mapping.movements_of_dispute(await self._dispute(dispute, known))
            found += [each for each in made if since is None or each.date >= since]
        return tuple(sorted(found, key=lambda each: (each.date, each.key)))

    async def _disputes(self, since: dt.date | None) -> list[wire.Dispute]:
        """With `since`, those made since, and older ones that have moved the balance since: they are found by
        its entries."""
        found = await self._listed(wire.Dispute, "/v1/disputes", since)
        if since is None:
            return found
        entries = await self._listed(
            wire.BalanceTransaction, _ENTRIES, since, type=payment_mapping.ADJUSTMENT
        )
        moved = dict.fromkeys(payment_mapping.dispute_of(each) for each in entries)
        older = [id_ for id_ in moved if id_ is not None and id_ not in {each.id for each in found}]
        return [
            *[await self._client.get(wire.Dispute, "/v1/disputes/{id}", id_) for id_ in older],
            *found,
        ]

    async def _charge_movement(self, charge: wire.Charge, payment_id: str, known: _Known) -> CashMovement:
        currency = charge.currency.upper()
        listed = known.paid.get(payment_id, ())
        if sum((each.amount for each in listed), Decimal(0)) < from_stripe(charge.amount_captured, currency):
            known.paid.pop(payment_id, None)  # what it paid before the listing began is not in it: ask
        invoices = await self._invoices_of(payment_id, currency, known)
        invoices = invoices or _by_metadata(charge.metadata, charge.amount_captured, currency)
        contract = charge.metadata.get(mapping.CONTRACT) or self._contract(invoices, known)
        if contract is None and charge.customer is not None:
            contract = await self._contract_of_customer(charge.customer, known)
        return payment_mapping.movement(
            Payment(
                platform=PLATFORM,
                id=payment_id,
                status="succeeded",
                method="other",
                amount=from_stripe(charge.amount_captured, currency),
                currency=currency,
                date=day_of(charge.created),
                customer_id=charge.customer,
                contract=contract,
                invoices=invoices,
            )
        )

    async def payouts(self, since: dt.date | None) -> tuple[Payout, ...]:
        found = await self._listed(wire.Payout, "/v1/payouts", since)
        return tuple(payment_mapping.payout(each, ()) for each in found)

    async def _listed(
        self, model: type[Listed], path: str, since: dt.date | None, **more: str
    ) -> list[Listed]:
        """Oldest first."""
        asked = more if since is None else {**more, "created": {"gte": midnight(since)}}
        return [one async for one in self._client.list(model, path, params=asked)][::-1]

    async def _learn(self, known: _Known, since: dt.date | None) -> None:
        """The invoices made since and what paid them, in two listings instead of two questions for each
        payment; what is older is asked for where it is needed."""
        for invoice in reversed(await self._listed(wire.Invoice, "/v1/invoices", since)):
            contract = await self._know(invoice, known)
            if contract is not None:
                known.contracts.setdefault(invoice.customer, contract)  # the newest first
        paid: dict[str, list[PaidInvoice]] = {}
        for each in await self._listed(wire.InvoicePayment, "/v1/invoice_payments", since):
            if each.payment_intent is not None:
                paid.setdefault(each.payment_intent, []).append(await self._paid(each, known))
        known.paid = {payment: tuple(invoices[::-1]) for payment, invoices in paid.items()}

    # Which invoices, whose

    async def _of_payment(
        self, payment_id: str, currency: str, known: _Known
    ) -> tuple[tuple[PaidInvoice, ...], str | None]:
        invoices = await self._invoices_of(payment_id, currency, known)
        contract = self._contract(invoices, known)
        if contract is not None:
            return invoices, contract
        intent = await self._client.get(wire.PaymentIntent, "/v1/payment_intents/{id}", payment_id)
        invoices = invoices or _by_metadata(intent.metadata, intent.amount_received, currency)
        contract = intent.metadata.get(mapping.CONTRACT)
        if contract is None and intent.customer is not None:
            contract = await self._contract_of_customer(intent.customer, known)
        return invoices, contract

    async def _invoices_of(self, payment_id: str, currency: str, known: _Known) -> tuple[PaidInvoice, ...]:
        if payment_id not in known.paid:
            asked = {"payment": {"type": "payment_intent", "payment_intent": payment_id}}
            found = []
            async for each in self._client.list(wire.InvoicePayment, "/v1/invoice_payments", params=asked):
                found.append(await self._paid(each, known))
            known.paid[payment_id] = tuple(found)
        return known.paid[payment_id]

    async def _know(self, invoice: wire.Invoice, known: _Known) -> str | None:
        """Its contract."""
        key = mapping.key_of(invoice, await self._lookups.lines_of(invoice))
        contract = mapping.contract_of(invoice)
        known.invoices[invoice.id] = (contract, key, invoice.currency.upper())
        return contract

    async def _paid(self, each: wire.InvoicePayment, known: _Known) -> PaidInvoice:
        if each.invoice not in known.invoices:
            await self._know(await self._client.get(wire.Invoice, "/v1/invoices/{id}", each.invoice), known)
        _, key, currency = known.invoices[each.invoice]
        units = each.amount_paid or 0
        amount = from_stripe(units, currency) if each.status == "paid" else Decimal(0)
        return PaidInvoice(invoice_id=each.invoice, key=key, amount=amount)

    def _contract(self, invoices: tuple[PaidInvoice, ...], known: _Known) -> str | None:
        found = (known.invoices[each.invoice_id][0] for each in invoices)
        return next((contract for contract in found if contract is not None), None)

    async def _contract_of_customer(self, customer: str, known: _Known) -> str | None:
        if customer not in known.contracts:
            known.contracts[customer] = await self._lookups.contract_of_customer(customer)
        return known.contracts[customer]


def _by_metadata(metadata: dict[str, str], units: int, currency: str) -> tuple[PaidInvoice, ...]:
    """A payment that is not made by way of its invoice may name it all the same."""
    key = metadata.get(mapping.KEY)
    if key is None:
        return ()
    return (PaidInvoice(invoice_id="", key=key, amount=from_stripe(units, currency)),)


def _payment_of(id_: str, payment_intent: str | None) -> str:
    if payment_intent is None:
        raise UnexpectedAnswer(
            f"{id_} is of a charge without a payment intent",
            platform=PLATFORM,
            operation="read payments",
            field="payment_intent",
        )
    return payment_intent
