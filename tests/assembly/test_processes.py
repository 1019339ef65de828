"""Real processes: told apart by their start, ended for certain, their group with them."""

import asyncio
import os
import sys
from pathlib import Path

from assembly.processes import Child, Program, end, is_alive, start, start_time, tail
from tests.assembly.waiting import until

READY = "print('ready', flush=True)"
HANGS = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}; time.sleep(600)"
WAITS = f"import time; {READY}; time.sleep(600)"
HAS_A_CHILD = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    f"print(child.pid, flush=True); {READY}; time.sleep(600)"
)


async def started(tmp_path: Path, code: str, grace_seconds: float = 5) -> Child:
    """The program, once it has said that it is ready."""
    log = tmp_path / "child.log"
    program = Program("child", [sys.executable, "-c", code], dict(os.environ), grace_seconds)
    child = await start(program, log)
    await until(lambda: "ready" in log.read_text())
    return child


async def test_a_process_ends_by_sigterm(tmp_path: Path) -> None:
    child = await started(tmp_path, WAITS)
    await child.stop()
    assert await child.ended() == "was killed by SIGTERM"
    assert not is_alive(child.described())


async def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    child = await started(tmp_path, HANGS, grace_seconds=0.1)
    await child.stop()
    assert await child.ended() == "was killed by SIGKILL"


async def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    child = await started(tmp_path, HAS_A_CHILD)
    grandchild = int(child.log.read_text().split()[0])
    assert start_time(grandchild) is not None
    await child.stop()
    await until(lambda: start_time(grandchild) is None)


async def test_a_process_that_died_says_how_and_its_log_why(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = await start(Program("child", [sys.executable, "-c", "raise SystemExit('no luck')"]), log)
    assert await child.ended() == "ended with exit code 1"
    assert tail(log) == "  | no luck"
    await child.stop()


async def test_a_later_process_with_the_same_pid_is_another_one(tmp_path: Path) -> None:
    child = await started(tmp_path, WAITS)
    described = child.described()
    assert is_alive(described)
    assert not is_alive(described.model_copy(update={"started": "long ago"}))
    await child.stop()


async def test_ending_from_outside_leaves_another_process_with_the_pid_alone(tmp_path: Path) -> None:
    child = await started(tmp_path, WAITS)
    end(child.described().model_copy(update={"started": "long ago"}), 0)
    assert child.alive
    await child.stop()


async def test_a_process_that_hangs_is_ended_from_outside(tmp_path: Path) -> None:
    child = await started(tmp_path, HANGS)
    await asyncio.to_thread(end, child.described(), 0.1)
    assert await child.ended() == "was killed by SIGKILL"


def test_there_is_no_start_time_where_there_is_no_process() -> None:
    finished = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    os.waitpid(finished, 0)
    assert start_time(finished) is None


async def test_logs_are_for_their_owner_only(tmp_path: Path) -> None:
    child = await started(tmp_path, WAITS)
    assert child.log.stat().st_mode & 0o777 == 0o600
    await child.stop()
