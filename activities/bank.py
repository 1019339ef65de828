"""Receipts of banks in our own store: read with the policy that holds for them, and what became of them."""

from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from canonical.bank import Tolerance
from canonical.base import Noun
from canonical.cash import UnappliedQuestion
from canonical.policy import PolicyExcerpt
from ports.bank import BankRecords, ReceiptOutcome, RecordedReceipt


class CashPolicy(Protocol):
    """What governance says about cash."""

    def excerpt(self, legal_entity: str) -> PolicyExcerpt: ...

    def tolerance(self, currency: str) -> Tolerance: ...


class ReceiptName(Noun):
    bank: str
    ref: str


class ReceiptCase(Noun):
    """All that the match of a receipt rests on, besides what is open."""

    recorded: RecordedReceipt
    policy: PolicyExcerpt
    tolerance: Tolerance


class BankActivities:
    def __init__(self, records: BankRecords, policy: CashPolicy) -> None:
        self._records, self._policy = records, policy

    @activity.defn(name="bank.read_receipt")
    async def read_receipt(self, name: ReceiptName) -> ReceiptCase:
        recorded = await self._records.bank_receipt(name.bank, name.ref)
        if recorded is None:
            message = f"there is no receipt {name.ref} of {name.bank}: import the bank's file"
            raise ApplicationError(message, type="NotFound", non_retryable=True)
        return ReceiptCase(
            recorded=recorded,
            policy=self._policy.excerpt(recorded.receipt.entity),
            tolerance=self._policy.tolerance(recorded.receipt.currency),
        )

    @activity.defn(name="bank.policy")
    async def policy(self, question: UnappliedQuestion) -> PolicyExcerpt:
        """What governance says of the entity."""
        return self._policy.excerpt(question.entity)

    @activity.defn(name="bank.record_outcome")
    async def record_outcome(self, outcome: ReceiptOutcome) -> None:
        await self._records.record_receipt_outcome(outcome)
