"""The waterfalls of many contracts: some are asked at a time, and each has its own place in the answer."""

import asyncio
import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from assembly.revenue_operations import TemporalRevenue
from canonical.lifecycle import ContractNow, ContractState
from gateway.operations import TemporalUnreachable
from tests.rules import scenarios as s

_FIRST, _LAST = dt.date(2026, 1, 1), dt.date(2026, 12, 31)


class _Contracts:
    """Answers the query of each contract's workflow, once all that may be asked at a time are."""

    def __init__(self, *, unknown: str = "", out_of_reach: str = "") -> None:
        self.asked: list[str] = []
        self.most = self._now = 0
        self._unknown, self._out_of_reach = unknown, out_of_reach

    def get_workflow_handle(self, workflow_id: str) -> Any:
        async def query(name: str, question: Any, *, result_type: type) -> ContractNow:
            contract = workflow_id.removeprefix("contract/")
            self.asked.append(contract)
            self._now += 1
            self.most = max(self.most, self._now)
            await asyncio.sleep(0)
            self._now -= 1
            if contract in (self._unknown, self._out_of_reach):
                status = RPCStatusCode.NOT_FOUND if contract == self._unknown else RPCStatusCode.UNAVAILABLE
                raise RPCError("no", status, b"")
            return _now(contract)

        return SimpleNamespace(query=query)


def _now(contract: str) -> ContractNow:
    told = s.scenario(s.contract(s.seats()) | {"id": contract})
    state = ContractState(
        id=contract,
        tenant="t",
        crm="salesforce",
        contract=told.contract,
        carried=(s.activated(told),),
    )
    return ContractNow(state=state, running=None, status="active", is_resting=True)


def _operations(contracts: _Contracts) -> TemporalRevenue:
    return TemporalRevenue(cast(Client, contracts), tenant="t", ui_url=None)


async def test_many_are_asked_some_at_a_time_and_answer_in_their_order() -> None:
    names = [f"C-{number}" for number in range(40)]
    contracts = _Contracts(unknown="C-7")
    found = await _operations(contracts).waterfalls(names, _FIRST, _LAST)
    assert contracts.most == 16
    assert sorted(contracts.asked) == sorted(names)
    assert [None if rows is None else rows[0].contract for rows in found] == [
        None if name == "C-7" else name for name in names
    ]


async def test_temporal_out_of_reach_ends_it_for_all() -> None:
    contracts = _Contracts(out_of_reach="C-3")
    with pytest.raises(TemporalUnreachable):
        await _operations(contracts).waterfalls([f"C-{number}" for number in range(40)], _FIRST, _LAST)
