"""Money in the ERP: what is open of a customer, and posting what was decided."""

import asyncio

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities._errors import port_errors
from activities.erp import in_open_period
from canonical.bank import BankReceipt, CashMatch, Tolerance
from canonical.base import Dec, Noun
from canonical.cash import UnappliedListing, UnappliedMoney, UnappliedQuestion
from canonical.origin import Reference
from ports.erp import Erp
from ports.receipts import CashEntry, PostedReceipt, ReceivablesAccount
from rules.cash_application import CashRefused
from rules.cash_matching import choose, match

MOST_LISTED = 1000


class ReceivablesQuestion(Noun):
    """`wanted` are the keys of invoices that must be there: money may be announced before its invoice is
    posted. `source` is the payment's that goes back, which may be on its way too."""

    legal_entity: str
    customer_id: str
    wanted: tuple[str, ...] = ()
    source: str | None = None
    invoice: str | None = None
    """An invoice by key: the account is then that of the customer to whom it was billed."""


class ReceiptsQuestion(Noun):
    keys: tuple[str, ...]


class ReceiptsFound(Noun):
    receipts: tuple[PostedReceipt, ...]


class MatchQuestion(Noun):
    """`names`: what a person has decided, invoices by key or number with their shares (None: as much as is
    open and left); without it the receipt is matched."""

    receipt: BankReceipt
    tolerance: Tolerance
    names: dict[str, Dec | None] | None = None


class CashActivities:
    def __init__(self, erp: Erp) -> None:
        self._erp = erp

    @activity.defn(name="erp.receivables")
    async def receivables(self, question: ReceivablesQuestion) -> ReceivablesAccount:
        """Waits (retried) until the wanted invoices, and the payment that goes back, are posted."""
        with port_errors():
            if question.source is not None and not await self._erp.find_receipts((question.source,)):
                raise ApplicationError(f"{question.source} is not posted yet", type="PaymentMissing")
            account = await self._erp.receivables(
                question.legal_entity, question.customer_id, question.invoice
            )
        missing = set(question.wanted) - {item.key for item in account.invoices}
        if missing:
            raise ApplicationError(f"{min(missing)} is not posted yet", type="InvoiceMissing")
        return account

    @activity.defn(name="erp.match_receipt")
    async def match_receipt(self, question: MatchQuestion) -> CashMatch:
        """What the receipt is for, by all that is open of its entity and currency. Writes nothing.

        The listing stays here: it is too large for a workflow.
        """
        receipt = question.receipt
        with port_errors():
            open_ = await self._erp.open_receivables(receipt.entity, receipt.currency)
            given_up = await self._erp.written_off(receipt.entity, receipt.currency)
        if question.names is None:
            # half a second for ten thousand invoices: beside the loop, which others' heartbeats need
            return await asyncio.to_thread(match, receipt, open_, question.tolerance, given_up)
        try:
            return CashMatch(exact=choose(receipt, open_, question.names))
        except CashRefused as reason:
            raise ApplicationError(str(reason), type="UnmatchedCash", non_retryable=True) from None

    @activity.defn(name="erp.find_receipts")
    async def find_receipts(self, question: ReceiptsQuestion) -> ReceiptsFound:
        with port_errors():
            return ReceiptsFound(receipts=await self._erp.find_receipts(question.keys))

    @activity.defn(name="erp.list_unapplied")
    async def list_unapplied(self, question: UnappliedQuestion) -> UnappliedListing:
        """By the ERP's own listing, the oldest first; bounded, since it goes through a workflow."""
        with port_errors():
            receipts = await self._erp.receipts(question.entity)
        found = [
            UnappliedMoney(
                key=each.key.removesuffix("/unapplied"),
                customer_id=each.customer_id,
                date=each.date,
                currency=each.currency,
                amount=each.amount,
                unapplied=each.unapplied,
            )
            for each in receipts
            if each.kind == "unapplied" and each.unapplied > 0 and each.key is not None
        ]
        found.sort(key=lambda each: (each.date, each.key))
        return UnappliedListing(
            entity=question.entity,
            money=tuple(found[:MOST_LISTED]),
            left_out=max(0, len(found) - MOST_LISTED),
        )

    @activity.defn(name="erp.post_cash")
    async def post_cash(self, entry: CashEntry) -> Reference:
        """Posts on the entry's day, or the first day of the first open period where that is closed."""
        with port_errors():
            return await in_open_period(
                self._erp,
                entry.legal_entity,
                entry.date,
                lambda when: self._erp.post_cash(entry.model_copy(update={"posting_date": when})),
            )
