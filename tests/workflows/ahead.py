"""What lies ahead: the day moved there, and waiting until the billing platform is told of what is planned."""

from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractState
from tests.world import World


async def told_ahead(made: World, *names: str, contract: str = "C-1") -> None:
    """Waits until the platform has been told of just these."""

    async def done() -> bool:
        handle = made.client.get_workflow_handle(contract_workflow_id(contract))
        state: ContractState = await handle.query("whole_state", result_type=ContractState)
        return {item.id for item in state.planned if item.announced} == set(names)

    await made.settle(done, f"{names} are announced to {contract}")


async def at(made: World, contract: str, date: str) -> None:
    """Moves the platforms' clocks to the day, and the contract's."""
    await made.advance(date)
    await tell_the_day(made, contract, date)


async def tell_the_day(made: World, contract: str, date: str) -> None:
    """What the contract's own timer says, whose clock does not move in these tests."""
    await made.client.get_workflow_handle(contract_workflow_id(contract)).signal("business_date", date)
