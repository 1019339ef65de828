"""Reading a contract's workflow from a document's: what is expected, by whom it is posted."""

import datetime as dt
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from canonical.base import Dec, Noun
from canonical.contract import Contract
from canonical.lifecycle import ContractAnswer, ContractState, DocumentQuestion, PlatformIds
from canonical.policy import PolicyExcerpt
from ports.records import Records
from rules.late_usage import unbilled
from rules.zones import day_of

CLOSED = "closed"
"""Why a contract's answer is not ready and never will be: its workflow runs no more."""


class ContractStanding(Noun):
    """Whose a contract is, and by which policy its money goes; `policy` is None before it is first decided
    on."""

    contract: Contract | None
    ids: PlatformIds
    policy: PolicyExcerpt | None


class UsageAnswer(Noun):
    """Whether a contract that has ended has been told of usage, and if not, why and what it comes to: tax
    included, null where the contract can't be asked any more.
    """

    taken: bool
    reason: str = ""
    amount: Dec | None = None
    currency: str | None = None
    policy: PolicyExcerpt | None = None


class ContractBook(Protocol):
    """Asks the contract's own workflow, which is the one place where its state lives."""

    async def expected_document(self, question: DocumentQuestion) -> ContractAnswer | None:
        """None where there is no such contract; one that does not know the question's usage is told of it.
        Not ready for the reason `CLOSED`, with the policy last known, where its workflow runs no more and
        would have to go on.
        """
        ...

    async def standing(self, contract: str) -> ContractStanding | None:
        """As it is now, whatever change is under way; None where there is no such contract."""
        ...

    async def tell_of_usage(self, contract: str) -> bool:
        """Has the contract look for usage that was reported; False where its workflow runs no more."""
        ...

    async def last_state(self, contract: str) -> ContractState | None:
        """As its workflow holds it, or held it when it ended; None where nothing of it is kept."""
        ...


class ContractActivities:
    def __init__(self, book: ContractBook, records: Records) -> None:
        self._book = book
        self._records = records

    @activity.defn(name="contract.expected_document")
    async def expected_document(self, question: DocumentQuestion) -> ContractAnswer:
        """The expected document; asked again while the contract is busy. Writes nothing. Where the contract
        can't come to an answer any more: not ready, for the reason `CLOSED`.
        """
        if question.cycle == "draft":
            question = question.model_copy(update={"usage": await self._records.usage(question.contract)})
        answer = await self._book.expected_document(question)
        if answer is None:
            raise ApplicationError(
                f"no contract {question.contract} is known", type="NotFound", non_retryable=True
            )
        if not answer.ready and answer.reason != CLOSED:
            raise ApplicationError(
                f"contract {question.contract} is busy: {answer.reason}", type="ContractBusy"
            )
        return answer

    @activity.defn(name="contract.standing")
    async def standing(self, contract: str) -> ContractStanding:
        """Waits (retried) until the contract is known to the ERP. Writes nothing."""
        found = await self._book.standing(contract)
        if found is None:
            raise ApplicationError(f"no contract {contract} is known", type="NotFound", non_retryable=True)
        if found.contract is None or found.policy is None or found.ids.erp_customer is None:
            raise ApplicationError(f"contract {contract} has no customer in the ERP yet", type="ContractBusy")
        return found

    @activity.defn(name="contract.tell_of_usage")
    async def tell_of_usage(self, contract: str) -> UsageAnswer:
        """Has a contract bill usage that came after its end; where it can't, says what is at stake."""
        state = await self._book.last_state(contract)
        if await self._book.tell_of_usage(contract):
            return UsageAnswer(taken=True, policy=state and state.policy)
        reason = f"the workflow of contract {contract} runs no more, so that its usage is not billed"
        if state is None:
            return UsageAnswer(taken=False, reason=reason)
        zone = state.policy.time_zone if state.policy else "UTC"
        today = day_of(dt.datetime.now(dt.UTC), zone)
        owed = unbilled(state, await self._records.usage(contract), max(today, state.business_date or today))
        amount, currency = owed if owed is not None else (None, None)
        return UsageAnswer(taken=False, reason=reason, amount=amount, currency=currency, policy=state.policy)
