"""Reading a contract's workflow from a document's: what is expected, by whom it is posted."""

from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from canonical.base import Noun
from canonical.contract import Contract
from canonical.lifecycle import ContractAnswer, DocumentQuestion, PlatformIds
from canonical.policy import PolicyExcerpt
from ports.records import Records


class ContractStanding(Noun):
    """Whose a contract is, and by which policy its money goes; `policy` is None before it is first decided
    on."""

    contract: Contract | None
    ids: PlatformIds
    policy: PolicyExcerpt | None


class ContractBook(Protocol):
    """Asks the contract's own workflow, which is the one place where its state lives."""

    async def expected_document(self, question: DocumentQuestion) -> ContractAnswer | None:
        """None where there is no such contract; one that does not know the question's usage is told of it."""
        ...

    async def standing(self, contract: str) -> ContractStanding | None:
        """As it is now, whatever change is under way; None where there is no such contract."""
        ...


class ContractActivities:
    def __init__(self, book: ContractBook, records: Records) -> None:
        self._book = book
        self._records = records

    @activity.defn(name="contract.expected_document")
    async def expected_document(self, question: DocumentQuestion) -> ContractAnswer:
        """The expected document; asked again while the contract is busy. Writes nothing."""
        if question.cycle == "draft":
            question = question.model_copy(update={"usage": await self._records.usage(question.contract)})
        answer = await self._book.expected_document(question)
        if answer is None:
            raise ApplicationError(
                f"no contract {question.contract} is known", type="NotFound", non_retryable=True
            )
        if not answer.ready:
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
