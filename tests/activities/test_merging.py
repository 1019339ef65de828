"""A contract that is to be merged and that nobody knows is waited for, and then a person is told."""

import dataclasses
import datetime as dt
from typing import cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.merging import MergeActivities, MergeBook
from canonical.merging import MergeRequest, MergeStanding

DAY = dt.date(2026, 8, 15)
REQUEST = MergeRequest(
    contract="C-2", key="C-1/M", into="C-1", day=DAY, business_date=DAY, correlation_id="evt-1"
)


class Book:
    def __init__(self, standing: MergeStanding | None) -> None:
        self._standing = standing

    async def join(self, request: MergeRequest) -> MergeStanding | None:
        return self._standing


async def asked(standing: MergeStanding | None, attempt: int) -> ApplicationError:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    activities = MergeActivities(cast(MergeBook, Book(standing)))
    with pytest.raises(ApplicationError) as failed:
        await environment.run(activities.join, REQUEST)
    return failed.value


async def test_contract_that_stays_unknown_is_refused_after_a_while() -> None:
    assert (await asked(None, 59)).type == "ContractBusy"
    refused = await asked(None, 60)
    assert (refused.type, refused.non_retryable) == ("MergeRefused", True)
    assert "contract C-2 is not known here" in refused.message


async def test_contract_that_is_ending_is_waited_for_as_long_as_it_takes() -> None:
    busy = await asked(MergeStanding(status="waiting", reason="it is ending"), 1000)
    assert (busy.type, busy.non_retryable) == ("ContractBusy", False)
