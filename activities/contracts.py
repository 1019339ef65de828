"""Reading a contract's workflow from a document's: what is expected, by whom it is posted."""

from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from canonical.lifecycle import ContractAnswer, DocumentQuestion
from ports.records import Records


class ContractBook(Protocol):
    """Asks the contract's own workflow, which is the one place where its state lives."""

    async def expected_document(self, question: DocumentQuestion) -> ContractAnswer | None:
        """None where there is no such contract; one that does not know the question's usage is told of it."""
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
