"""Asking the workflow of a contract that is merged into another to end, and telling it how that ended."""

from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from canonical.merging import MergeRequest, MergeStanding, MergeWord


class MergeBook(Protocol):
    """Speaks with the workflows of contracts. Everything can be said again."""

    async def announce(self, request: MergeRequest) -> MergeStanding | None:
        """Asks the contract to end for a merge on its day, once, unless it is in a circle with the one that
        asks; None where there is no such contract yet.
        """
        ...

    async def join(self, request: MergeRequest) -> MergeStanding | None:
        """Has the contract end for a merge, once; None where there is no such contract yet."""
        ...

    async def settle(self, word: MergeWord) -> MergeStanding | None:
        """Tells the contract how the merge has ended; None where there is no such contract."""
        ...


_ASKED_FOR = 60
"""How often a contract is asked for that nobody has told of: about five minutes, by the retries' waits."""


class MergeActivities:
    def __init__(self, book: MergeBook) -> None:
        self._book = book

    @activity.defn(name="contract.announce_merge")
    async def announce_merge(self, request: MergeRequest) -> MergeStanding:
        """Asks a contract ahead to end for a merge; one that is not known yet is asked on the day."""
        return await self._book.announce(request) or MergeStanding(status="unknown")

    @activity.defn(name="contract.join")
    async def join(self, request: MergeRequest) -> MergeStanding:
        """Asks the contract to end for a merge, and again until it has, or has been kept from it, or can't
        since it is in a circle with the one that asks. One that stays unknown is refused: nobody else would
        see that it is waited for.
        """
        standing = await self._book.join(request)
        if standing is None and activity.info().attempt >= _ASKED_FOR:
            raise _unknown(request.contract)
        if standing is None or (standing.status in ("unknown", "waiting") and not standing.circle):
            raise _not_yet(request.contract, standing)
        return standing

    @activity.defn(name="contract.settle_merge")
    async def settle_merge(self, word: MergeWord) -> MergeStanding:
        """Says how the merge has ended, and again until the contract has drawn the consequence."""
        standing = await self._book.settle(word)
        if standing is None:
            return MergeStanding(status="unknown")
        if standing.status in ("waiting", "prepared"):
            raise _not_yet(word.contract, standing)
        return standing


def _not_yet(contract: str, standing: MergeStanding | None) -> ApplicationError:
    reason = "it is not known yet" if standing is None else standing.reason
    return ApplicationError(f"contract {contract} is busy: {reason}", type="ContractBusy")


def _unknown(contract: str) -> ApplicationError:
    words = f"contract {contract} is not known here: have it approved in the CRM, or start it, then retry"
    return ApplicationError(words, {"field": "contracts"}, type="MergeRefused", non_retryable=True)
