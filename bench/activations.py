"""Activations per second and lone latency of the three contenders, measured in turns."""

import asyncio
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.book import CallBook
from bench.contenders import (
    Callers,
    Contender,
    Orchestrated,
    Plain,
    Skeleton,
    book_calls,
    counts,
    recorded_plan,
    skeleton_workers,
)
from bench.stage import Server
from tests.world import working_world, world


@dataclass(frozen=True)
class Size:
    """How much is measured: whole rounds, at most `rounds`, none begun after `seconds` but the first two.

    `batch` and `lone` are of q2c; the faster ones do more.
    """

    rounds: int
    seconds: float
    batch: int
    lone: int
    at_once: int = 8


_LEAST_ROUNDS = 2
_MORE = {"q2c": 1, "bare Temporal": 2, "plain asyncio": 4}


@dataclass
class Taken:
    """Of one contender, one entry a round; milliseconds where the name says so."""

    per_second: list[float] = field(default_factory=list)
    lone_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    server_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Activations:
    """`cpu_ms` is this process's CPU time per activation, `server_ms` the part of it in the HTTP servers."""

    activities: int
    http_calls: int
    at_once: int
    taken: dict[str, Taken]

    def ratio(self, name: str) -> list[float]:
        """q2c's rate over the contender's, in each round."""
        pairs = zip(self.taken["q2c"].per_second, self.taken[name].per_second, strict=True)
        return [ours / theirs for ours, theirs in pairs]


async def measured_activations(server: Server, home: Path, size: Size) -> Activations:
    book = CallBook()
    async with world(home, server.address, working=False) as made:
        book_calls(made, book)
        async with working_world(made):
            q2c = Orchestrated(made, book)
            plan, calls = await recorded_plan(q2c)
            callers = Callers(home, calls, book)
            async with skeleton_workers(made.client, callers):
                contenders = (q2c, Skeleton(made.client, book, plan), Plain(callers, plan))
                taken = await _in_turns(contenders, book, size)
            await callers.aclose()
    return Activations(at_once=size.at_once, taken=taken, **counts(plan))


async def _in_turns(contenders: Sequence[Contender], book: CallBook, size: Size) -> dict[str, Taken]:
    taken = {contender.name: Taken() for contender in contenders}
    for contender in contenders:
        await _batch(contender, size.at_once, size.at_once)
    began = time.monotonic()
    for number in range(size.rounds):
        if number >= _LEAST_ROUNDS and time.monotonic() - began > size.seconds:
            break
        turn = number % len(contenders)
        for contender in (*contenders[turn:], *contenders[:turn]):
            more = _MORE[contender.name]
            await _round(contender, taken[contender.name], book, size, more)
    return taken


async def _round(contender: Contender, taken: Taken, book: CallBook, size: Size, more: int) -> None:
    count = size.batch * more
    names = await contender.prepare(count)
    in_servers, cpu, started = book.simulators_seconds, time.process_time(), time.perf_counter()
    await activate_all(contender, names, size.at_once)
    taken.per_second.append(count / (time.perf_counter() - started))
    taken.cpu_ms.append((time.process_time() - cpu) / count * 1000)
    taken.server_ms.append((book.simulators_seconds - in_servers) / count * 1000)
    lone = []
    for name in await contender.prepare(size.lone * more):
        started = time.perf_counter()
        await contender.activate(name)
        lone.append((time.perf_counter() - started) * 1000)
    taken.lone_ms.append(statistics.median(lone))


async def _batch(contender: Contender, count: int, at_once: int) -> None:
    await activate_all(contender, await contender.prepare(count), at_once)


async def activate_all(
    contender: Contender, names: Sequence[str], at_once: int, seconds: float = math.inf
) -> list[str]:
    """Activates them, so many at once, and returns those that were begun within `seconds`."""
    waiting, done = iter(names), []
    until = time.monotonic() + seconds

    async def one_after_the_other() -> None:
        while time.monotonic() < until and (name := next(waiting, None)) is not None:
            await contender.activate(name)
            done.append(name)

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return done
