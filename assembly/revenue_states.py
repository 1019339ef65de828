"""`activities.revenue.ContractStates` over Temporal: the contract's own workflow is asked."""

import asyncio

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractState, ContractView

_PATIENCE_SECONDS = 20


class TemporalContractStates:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def state_of(self, contract: str) -> tuple[ContractState, str | None] | None:
        """The state, and the workflow id of the change under way; None where there is no such contract."""
        handle = self._client.get_workflow_handle(contract_workflow_id(contract))
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                view = await handle.query("state", result_type=ContractView)
                state = await handle.query("whole_state", result_type=ContractState)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        return state, view.running
