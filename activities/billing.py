"""The billing platform's side effects, one each."""

import datetime as dt

from temporalio import activity

from activities._errors import port_errors
from canonical.base import Noun
from canonical.origin import Origin, Reference
from ports.billing import (
    Billing,
    CreditOrder,
    CustomerOrder,
    DraftCompletion,
    InvoiceOrder,
    IssuedDocument,
    SubscriptionCancellation,
    SubscriptionOrder,
)


class DocumentAction(Noun):
    """Finalize, discard or void a document: by the platform's `id` or by our `key`."""

    origin: Origin
    id: str | None = None
    key: str
    reason: str = ""


class DocumentsQuestion(Noun):
    """Which documents of the contract has the platform, dated on the day or later?"""

    contract: str
    since: dt.date


class KeyedDocuments(Noun):
    """Documents of a contract by their business keys, and what was issued of them apart, `<key>/<change>`."""

    contract: str
    keys: tuple[str, ...]


class DocumentsListed(Noun):
    documents: tuple[IssuedDocument, ...]


class BillingActivities:
    def __init__(self, billing: Billing) -> None:
        self._billing = billing

    @activity.defn(name="billing.ensure_customer")
    async def ensure_customer(self, order: CustomerOrder) -> Reference:
        with port_errors():
            return await self._billing.ensure_customer(order)

    @activity.defn(name="billing.set_subscription")
    async def set_subscription(self, order: SubscriptionOrder) -> Reference:
        with port_errors():
            return await self._billing.set_subscription(order)

    @activity.defn(name="billing.cancel_subscription")
    async def cancel_subscription(self, order: SubscriptionCancellation) -> Reference:
        with port_errors():
            return await self._billing.cancel_subscription(order)

    @activity.defn(name="billing.draft_invoice")
    async def draft_invoice(self, order: InvoiceOrder) -> Reference:
        with port_errors():
            return await self._billing.draft_invoice(order)

    @activity.defn(name="billing.complete_draft")
    async def complete_draft(self, order: DraftCompletion) -> IssuedDocument:
        with port_errors():
            return await self._billing.complete_draft(order)

    @activity.defn(name="billing.finalize_invoice")
    async def finalize_invoice(self, action: DocumentAction) -> IssuedDocument:
        if action.id is None:
            raise ValueError("finalize_invoice needs the invoice's id")
        with port_errors():
            return await self._billing.finalize_invoice(action.origin, action.id)

    @activity.defn(name="billing.discard_invoice")
    async def discard_invoice(self, action: DocumentAction) -> Reference | None:
        with port_errors():
            return await self._billing.discard_invoice(action.origin, action.key, action.reason, id=action.id)

    @activity.defn(name="billing.issue_credit_memo")
    async def issue_credit_memo(self, order: CreditOrder) -> IssuedDocument:
        with port_errors():
            return await self._billing.issue_credit_memo(order)

    @activity.defn(name="billing.void_credit_memo")
    async def void_credit_memo(self, action: DocumentAction) -> Reference | None:
        with port_errors():
            return await self._billing.void_credit_memo(action.origin, action.key, action.reason)

    @activity.defn(name="billing.list_documents")
    async def list_documents(self, question: DocumentsQuestion) -> DocumentsListed:
        with port_errors():
            found = await self._billing.documents(question.contract)
        return DocumentsListed(documents=tuple(each for each in found if each.date >= question.since))

    @activity.defn(name="billing.read_invoice")
    async def read_invoice(self, document_id: str) -> IssuedDocument:
        with port_errors():
            return await self._billing.read_invoice(document_id)

    @activity.defn(name="billing.read_credit_memo")
    async def read_credit_memo(self, document_id: str) -> IssuedDocument:
        with port_errors():
            return await self._billing.read_credit_memo(document_id)

    @activity.defn(name="billing.contract_documents")
    async def contract_documents(self, question: KeyedDocuments) -> DocumentsListed:
        """Those that stand, from the platform's own listing."""
        with port_errors():
            listed = await self._billing.documents(question.contract)
        standing = (each for each in listed if each.status != "void")
        return DocumentsListed(documents=tuple(each for each in standing if _is_of(each, question.keys)))


def _is_of(document: IssuedDocument, keys: tuple[str, ...]) -> bool:
    own = document.key
    return own is not None and any(own == key or own.startswith(f"{key}/") for key in keys)
