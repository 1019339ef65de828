"""The demo waits for what it shows, on a machine that has much else to do."""

import pytest
import typer

from cli import demo_stage
from cli.demo_stage import Stage
from cli.exits import FAILED, UNREACHABLE


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(demo_stage, "Simulators", lambda: None)
    monkeypatch.setattr(demo_stage, "_POLL_SECONDS", 0.0)
    return Stage(lambda line: None, {})


class Gateway:
    """Leaves the command with these codes, then answers."""

    def __init__(self, *codes: int) -> None:
        self._codes = list(codes)

    def __call__(self, path: str) -> dict[str, str]:
        if self._codes:
            raise typer.Exit(self._codes.pop(0))
        return {"status": "active"}


def test_workflow_that_no_worker_answers_for_is_asked_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_stage, "known", Gateway(UNREACHABLE, UNREACHABLE))
    assert stage._status("D-01") is None
    assert stage._until(lambda: stage._status("D-01"), "D-01 active") == "active"


def test_other_refusals_end_the_demo(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_stage, "known", Gateway(FAILED))
    with pytest.raises(typer.Exit):
        stage._until(lambda: stage._status("D-01"), "D-01 active")
