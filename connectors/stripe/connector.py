"""Stripe as billing and payment platform."""

import datetime as dt
from collections.abc import AsyncIterator, Callable

import httpx

from canonical.origin import Origin, Reference
from canonical.payment import CashMovement, Dispute, Payment, Payout, Refund
from connectors.auth import utc_now
from connectors.stripe.catalog import Catalog
from connectors.stripe.client import StripeClient
from connectors.stripe.credit_notes import CreditNotes
from connectors.stripe.customers import Customers
from connectors.stripe.events import Events
from connectors.stripe.forms import midnight
from connectors.stripe.invoices import Invoices
from connectors.stripe.lookups import Lookups
from connectors.stripe.mapping import contract_of
from connectors.stripe.payments import StripePayments
from connectors.stripe.settings import StripeSettings
from connectors.stripe.subscriptions import Subscriptions
from connectors.stripe.wire import CreditNote, Invoice, Page
from ports.access import AccessReport
from ports.billing import (
    CreditOrder,
    CustomerOrder,
    DraftCompletion,
    InvoiceOrder,
    IssuedDocument,
    SubscriptionCancellation,
    SubscriptionOrder,
)
from ports.events import EventPage
from ports.payments import RefundOrder

_AHEAD = dt.timedelta(days=2)
"""How long before its own day a document may be made: a day begins earlier in the east."""


class Stripe:
    """Implements `Billing`, `Payments` and `EventSource` of `ports`. Each write looks by business key first,
    so that a call that ended in OutcomeUnknown can simply be made again."""

    def __init__(self, client: StripeClient, settings: StripeSettings) -> None:
        self._client = client
        self._lookups = Lookups(client, dt.timedelta(hours=settings.recent_hours))
        catalog = Catalog(client, settings.tax_display_name)
        self._customers = Customers(client)
        self._subscriptions = Subscriptions(client, catalog, self._lookups)
        self._invoices = Invoices(client, catalog, self._lookups, settings.tax_display_name)
        self._credit_notes = CreditNotes(client, self._lookups)
        self._payments = StripePayments(client, self._lookups)
        self._events = Events(client)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def check(self) -> str:
        """The API version that answers. AuthenticationFailed: the key is not accepted."""
        await self._client.get(Page, "/v1/tax_rates", params={"limit": 1})
        return self._client.version

    async def access(self) -> AccessReport:
        """Stripe has no call that tells how much of the rate limit is used."""
        await self.check()
        return AccessReport()

    async def ensure_customer(self, order: CustomerOrder) -> Reference:
        return await self._customers.ensure(order)

    async def set_subscription(self, order: SubscriptionOrder) -> Reference:
        """The reference names the subscription; for a contract that begins later, the schedule that will make
        it; `none:…` where no line is billed by itself."""
        return await self._subscriptions.set(order)

    async def cancel_subscription(self, order: SubscriptionCancellation) -> Reference:
        return await self._subscriptions.cancel(order)

    async def draft_invoice(self, order: InvoiceOrder) -> Reference:
        return await self._invoices.draft(order)

    async def complete_draft(self, order: DraftCompletion) -> IssuedDocument:
        return await self._invoices.complete(order)

    async def finalize_invoice(self, origin: Origin, invoice_id: str) -> IssuedDocument:
        return await self._invoices.finalize(invoice_id)

    async def discard_invoice(
        self, origin: Origin, key: str, reason: str, *, id: str | None = None
    ) -> Reference | None:
        """`origin.contract` says whose invoice it is. Rejected: it is paid."""
        return await self._invoices.discard(origin, key, reason, id)

    async def issue_credit_memo(self, order: CreditOrder) -> IssuedDocument:
        """NotFound: the invoice or the line is not there. Conflict: it was paid meanwhile, ask again."""
        return await self._credit_notes.issue(order)

    async def void_credit_memo(self, origin: Origin, key: str, reason: str) -> Reference | None:
        """`origin.contract` says whose credit memo it is. Rejected: its invoice is no longer open."""
        return await self._credit_notes.void(origin, key, reason)

    async def read_invoice(self, invoice_id: str) -> IssuedDocument:
        invoice = await self._client.get(Invoice, "/v1/invoices/{id}", invoice_id)
        return await self._lookups.issued(invoice)

    async def read_credit_memo(self, credit_memo_id: str) -> IssuedDocument:
        note = await self._client.get(CreditNote, "/v1/credit_notes/{id}", credit_memo_id)
        return await self._lookups.credited(note)

    async def read_payment(self, payment_id: str) -> Payment:
        """`payment_id` is a PaymentIntent's."""
        return await self._payments.payment(payment_id)

    async def read_refund(self, refund_id: str) -> Refund:
        return await self._payments.refund(refund_id)

    async def read_dispute(self, dispute_id: str) -> Dispute:
        return await self._payments.dispute(dispute_id)

    async def read_payout(self, payout_id: str) -> Payout:
        return await self._payments.payout(payout_id)

    async def refund_payment(self, order: RefundOrder) -> Reference:
        return await self._payments.give_back(order)

    async def movements(self, since: dt.date | None = None) -> tuple[CashMovement, ...]:
        """Payments by their PaymentIntents: charges made without one (the old API) are left out."""
        return await self._payments.movements(since)

    async def payouts(self, since: dt.date | None = None) -> tuple[Payout, ...]:
        return await self._payments.payouts(since)

    def events(self, since: dt.datetime) -> AsyncIterator[EventPage]:
        """Newest first, of the types that lead to something; Stripe lists them for 30 days."""
        return self._events.pages(since)

    async def documents(
        self, contract: str | None = None, *, since: dt.date | None = None
    ) -> tuple[IssuedDocument, ...]:
        """Oldest first, invoices before credit memos; without a contract, the whole account's.

        Stripe filters by the second of creation, and by no date of ours. A document is made on its own day at
        the earliest (drafts are cycles that have begun), and much later where it is backdated: so what was
        made long before `since` is left out, and what was made after a period is not.
        """
        scopes: list[dict[str, object]] = [{}]
        if contract is not None:
            scopes = [{"customer": each} for each in sorted(await self._lookups.customers_of(contract))]
        made = {} if since is None else {"created": {"gte": midnight(since - _AHEAD)}}
        invoices, notes = [], []
        for scope in ({**each, **made} for each in scopes):
            async for invoice in self._client.list(Invoice, "/v1/invoices", params=scope):
                if contract in (None, contract_of(invoice)):
                    invoices.append(await self._lookups.issued(invoice))
            async for note in self._client.list(CreditNote, "/v1/credit_notes", params=scope):
                document = await self._lookups.credited(note)
                if contract in (None, document.contract):
                    notes.append(document)
        found = (*reversed(invoices), *reversed(notes))
        return found if since is None else await self._with_customers(found)

    async def _with_customers(self, found: tuple[IssuedDocument, ...]) -> tuple[IssuedDocument, ...]:
        """Whose a document is that names no contract, an older invoice of the customer may say."""
        contracts = {each.customer_id: each.contract for each in found if each.contract is not None}
        told = []
        for each in found:
            if each.contract is None and each.customer_id not in contracts:
                contract = await self._lookups.contract_of_customer(each.customer_id)
                each = each.model_copy(update={"customer_contract": contract})
            told.append(each)
        return tuple(told)


def create(
    settings: StripeSettings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], dt.datetime] = utc_now,
) -> Stripe:
    return Stripe(StripeClient(settings, transport=transport, clock=clock), settings)
