"""The ERP's side effects, and the check that comes before the first of them."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities._errors import port_errors
from canonical.base import Noun
from canonical.money import MixedCurrencies
from canonical.origin import Origin, Reference
from canonical.revenue import ContractPosted, PostedQuestion
from ports.billing import CustomerOrder
from ports.erp import (
    Erp,
    ErpCheck,
    ErpProblem,
    LedgerDocument,
    LedgerJournal,
    PostedDocument,
    PostingPeriod,
)
from ports.errors import NotFound, PeriodClosed
from rules.edits import standing
from rules.month_end import UnknownLine, posted_by

T = TypeVar("T")

_CLOSED_IN_BETWEEN = 2
"""How often a period may be closed under a write before a person is asked."""


class ErpCheckResult(Noun):
    problems: tuple[ErpProblem, ...]


class LedgerVoid(Noun):
    origin: Origin
    kind: Literal["invoice", "credit_memo"]
    key: str
    legal_entity: str
    date: dt.date
    reason: str


class JournalReversal(Noun):
    origin: Origin
    key: str
    legal_entity: str
    date: dt.date
    reason: str


class PostingReversal(Noun):
    """Take the effect of one posted transaction off, by the ERP's own id."""

    origin: Origin
    kind: Literal["invoice", "credit_memo", "journal_entry"]
    id: str
    legal_entity: str
    date: dt.date
    reason: str


class LedgerQuestion(Noun):
    """Which posting of this document stands? By its key, or the number that the billing platform gave it."""

    legal_entity: str
    contract: str
    kind: Literal["invoice", "credit_memo"]
    key: str | None
    number: str | None


class LedgerFound(Noun):
    posted: PostedDocument | None


class PeriodClose(Noun):
    origin: Origin
    legal_entity: str
    date: dt.date


def posting_date(document_date: dt.date, period: PostingPeriod) -> dt.date:
    """The document's own date if its period is open, else the first day of the first open one."""
    return document_date if period.start <= document_date <= period.end else period.start


async def in_open_period(
    erp: Erp, legal_entity: str, date: dt.date, write: Callable[[dt.date], Awaitable[T]]
) -> T:
    """Writes with the posting date that `date` has by the ERP's periods.

    Accounting may close the period between the question and the write: that is refused, nothing is posted,
    and the periods are asked anew. PeriodClosed where that happens again and again.
    """
    closed = 0
    while True:
        period = await erp.posting_period(legal_entity, date)
        try:
            return await write(posting_date(date, period))
        except PeriodClosed:
            closed += 1
            if closed > _CLOSED_IN_BETWEEN:
                raise


class ErpActivities:
    def __init__(self, erp: Erp) -> None:
        self._erp = erp

    @activity.defn(name="erp.check")
    async def check(self, request: ErpCheck) -> ErpCheckResult:
        with port_errors():
            return ErpCheckResult(problems=await self._erp.check(request))

    @activity.defn(name="erp.ensure_customer")
    async def ensure_customer(self, order: CustomerOrder) -> Reference:
        with port_errors():
            return await self._erp.ensure_customer(order)

    @activity.defn(name="erp.post_document")
    async def post_document(self, document: LedgerDocument) -> Reference:
        """Posts into the document's period, or the first open one where that is closed, keeping its date.

        A credit memo may be announced before its invoice is posted: it waits (retried) until that is.
        """
        with port_errors():
            try:
                return await in_open_period(
                    self._erp,
                    document.legal_entity,
                    document.document_date,
                    lambda when: self._erp.post_document(document.model_copy(update={"posting_date": when})),
                )
            except NotFound as error:
                if document.applies_to_key is None or error.field != "applies_to_key":
                    raise  # something else is not there, which no waiting brings
                raise ApplicationError(
                    f"{document.applies_to_key} is not posted yet", type="CreditedInvoiceMissing"
                ) from error

    @activity.defn(name="erp.find_document")
    async def find_document(self, question: LedgerQuestion) -> LedgerFound:
        with port_errors():
            found = await self._erp.contract_documents(question.legal_entity, question.contract)
        return LedgerFound(posted=standing(found, question.kind, question.key, question.number))

    @activity.defn(name="erp.void_document")
    async def void_document(self, order: LedgerVoid) -> Reference | None:
        with port_errors():
            return await in_open_period(
                self._erp,
                order.legal_entity,
                order.date,
                lambda when: self._erp.void_document(order.origin, order.kind, order.key, when, order.reason),
            )

    @activity.defn(name="erp.post_journal")
    async def post_journal(self, journal: LedgerJournal) -> Reference:
        with port_errors():
            return await in_open_period(
                self._erp,
                journal.legal_entity,
                journal.date,
                lambda when: self._erp.post_journal(journal.model_copy(update={"posting_date": when})),
            )

    @activity.defn(name="erp.reverse_posting")
    async def reverse_posting(self, order: PostingReversal) -> Reference:
        with port_errors():
            return await in_open_period(
                self._erp,
                order.legal_entity,
                order.date,
                lambda when: self._erp.reverse_posting(
                    order.origin, order.kind, order.id, when, order.reason
                ),
            )

    @activity.defn(name="erp.close_period")
    async def close_period(self, order: PeriodClose) -> PostingPeriod:
        with port_errors():
            return await self._erp.close_period(order.origin, order.legal_entity, order.date)

    @activity.defn(name="erp.reverse_journal")
    async def reverse_journal(self, order: JournalReversal) -> Reference | None:
        with port_errors():
            return await in_open_period(
                self._erp,
                order.legal_entity,
                order.date,
                lambda when: self._erp.reverse_journal(order.origin, order.key, when, order.reason),
            )

    @activity.defn(name="erp.contract_revenue")
    async def contract_revenue(self, question: PostedQuestion) -> ContractPosted:
        """What of the contract's revenue is posted, by the ERP's own listing."""
        with port_errors():
            found = await self._erp.contract_documents(question.entity, question.contract)
        try:
            return posted_by(question, found)
        except (UnknownLine, MixedCurrencies) as error:
            raise ApplicationError(str(error), type="Conflict", non_retryable=True) from error
