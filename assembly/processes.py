"""Child processes: started with a log file, told apart by pid and start time, ended for certain."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from assembly.stack_state import Process

_POLL_SECONDS = 0.05
_KILLED_SECONDS = 5.0
_TAIL_LINES = 15


@dataclass(frozen=True)
class Program:
    """What to run. `grace_seconds` is how long it may take to end after SIGTERM."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: float = 5.0


class ProcessDied(Exception):
    """A process of the stack ended by itself, or is not ready in time."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}\n{tail(log)}".rstrip())
        self.name = name


class Child:
    """A program that runs, in a session of its own, so that Ctrl-C in the terminal does not reach it."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process, log: Path) -> None:
        self.program = program
        self.log = log
        self._process = process
        self.started = start_time(process.pid) or ""

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    def described(self) -> Process:
        return Process(name=self.name, pid=self.pid, started=self.started, log=str(self.log))

    async def ended(self) -> str:
        """Waits for its end and says how it ended."""
        code = await self._process.wait()
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    async def stop(self) -> None:
        """SIGTERM; after the grace period SIGKILL to its whole group. Returns when it has gone."""
        if self.alive:
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self.program.grace_seconds)
        self.kill()
        await self._process.wait()

    def kill(self) -> None:
        """SIGKILL to what is left of its group."""
        _kill_group(self.pid)


async def start(program: Program, log: Path) -> Child:
    """Starts the program; its output goes to the end of the log, whose directory is there. OSError."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env={**program.environment},
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    return Child(program, process, log)


def start_time(pid: int) -> str | None:
    """When the process of this pid began, in the system's own words; None if there is none (or a zombie)."""
    proc = Path("/proc") / str(pid) / "stat"
    if Path("/proc/self/stat").exists():
        try:
            fields = proc.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] == "Z" else fields[19]
    listed = subprocess.run(  # noqa: S603 - a fixed command
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = listed.stdout.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()


def is_alive(process: Process) -> bool:
    """Whether this very process still runs; a later one that got its pid does not count."""
    return start_time(process.pid) == process.started


def end(process: Process, grace_seconds: float, *, asked: bool = False) -> None:
    """End a process that is not our child: SIGTERM unless it was `asked` before, then SIGKILL to its group.

    Returns when it has gone.
    """
    if not is_alive(process):
        return
    if not asked:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    if _gone_within(process, grace_seconds):
        return
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    _kill_group(process.pid)
    _gone_within(process, _KILLED_SECONDS)


def tail(log: Path) -> str:
    """The last lines of a log, indented; empty if there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(f"  | {line}" for line in lines[-_TAIL_LINES:])


def _gone_within(process: Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(process):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _kill_group(pid: int) -> None:
    """What is left of the group that this process leads, if it leads one."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
