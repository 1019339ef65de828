"""`activities.revenue.ContractStates` over Temporal: the contract's own workflow is asked."""

import asyncio

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractNow, ContractState, StateQuestion

_PATIENCE_SECONDS = 20
_QUESTION = StateQuestion(documents=False)


class TemporalContractStates:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def state_of(self, contract: str) -> tuple[ContractState, str | None] | None:
        """The state without its documents, and the workflow id of the change under way; None where there is
        no such contract. One query: a contract out of the worker's cache is replayed for each.
        """
        handle = self._client.get_workflow_handle(contract_workflow_id(contract))
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found: ContractNow = await handle.query("now", _QUESTION, result_type=ContractNow)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        return found.state, found.running
