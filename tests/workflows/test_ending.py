"""A workflow ends when everybody who asked it has been answered, and is thrown away without a word."""

import asyncio
from collections.abc import Callable, Generator

import pytest
from temporalio import workflow

from workflows._ending import answered


class Suspended:
    """What a workflow waits for when its worker stops."""

    def __await__(self) -> Generator[None, None, str]:
        yield
        return "done"


async def _work(error: BaseException | None = None) -> str:
    done = await Suspended()
    if error is not None:
        raise error
    return done


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], bool]]:
    """What was waited for, in the place of a workflow that runs."""
    found: list[Callable[[], bool]] = []

    async def wait_condition(condition: Callable[[], bool]) -> None:
        found.append(condition)

    monkeypatch.setattr(workflow, "wait_condition", wait_condition)
    return found


def test_thrown_away_workflow_waits_for_nobody(asked: list[Callable[[], bool]]) -> None:
    thrown_away = answered(_work())
    thrown_away.send(None)
    thrown_away.close()
    assert asked == []


def test_result_waits_for_the_handlers(asked: list[Callable[[], bool]]) -> None:
    assert asyncio.run(answered(_work())) == "done"
    assert asked == [workflow.all_handlers_finished]


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError()])
def test_error_waits_for_the_handlers(asked: list[Callable[[], bool]], error: BaseException) -> None:
    with pytest.raises(type(error)):
        asyncio.run(answered(_work(error)))
    assert asked == [workflow.all_handlers_finished]
