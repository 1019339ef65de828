"""The time machine: a contract's whole life, lived by the real workflows against the simulators in seconds.

It goes from day to day on which something is due (a billing period, a change, a term's end): tells the CRM
and the gateway what the scenario has happen by then, moves the workflows' clock and the simulators' together,
and lets everything come to rest. Then it holds what the platforms list against what the rules predict.
"""

import asyncio
import contextlib
import datetime as dt
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from assembly.in_process import Document, InProcess, NotEntered, Operator, in_process
from assembly.simulated_books import policy_of_books, rate_sheet
from assembly.simulated_cash import SimulatedCash, due_by
from assembly.simulated_months import run_months
from assembly.simulated_sides import Sides, sides
from assembly.virtual_time import VirtualTime, virtual_time
from canonical.change import ContractChange, Merge
from canonical.contract import Contract
from canonical.ids import contract_workflow_id
from canonical.lifecycle import ContractNow, StateQuestion
from canonical.scenario import Scenario, Usage
from rules import agenda
from rules.ahead import falls_due
from rules.billing_plan import documents
from rules.cash_moves import CashMove, cash_moves, made_from
from rules.changes import known_on
from rules.invariants import Finding
from rules.merge import end_of, metered_by
from rules.subscription import subscription_at
from rules.subscription_order import cycle_dates
from rules.tax_rates import product_of_two_rates
from rules.zones import day_of, start_of
from sandbox.kit.faults import SEEDED_OUTCOMES
from store.event_log import EventLog
from store.exceptions import ExceptionQueue, RecordedException
from store.rates import RateTable

METER = Operator(name="meter", role="operator", token="meter-of-the-simulation")  # noqa: S106 - in process
_MOST_FAULTS = 0.3
_FAULTS = [outcome for outcome in SEEDED_OUTCOMES if outcome != "token-expired"]
"""Those of the transport: an expired key is a person's business."""
_PATIENCE_SECONDS = 0.1
"""After so long without an end of anything, what waits for another try gets it."""
_JUST_AFTER = dt.timedelta(seconds=1)
_TRY_AGAIN = dt.timedelta(seconds=1)
_DECISION = "written_off_paid"
_LOOK_AGAIN_SECONDS = 0.01
_BLOCKED_SECONDS = 3.0
"""After so long what still moves waits for what somebody has to decide."""
_STUCK_SECONDS = 60.0

_QUESTION = StateQuestion()

Progress = Callable[[str], None]


class Stuck(Exception):
    """Something neither ends nor waits for a person."""


@dataclass(frozen=True)
class Simulation(Sides):
    """What happened by `until`; a workflow that ended with an error, which none may, is a finding."""

    until: dt.date
    status: str
    exceptions: tuple[RecordedException, ...]
    seconds: float

    @property
    def agrees(self) -> bool:
        sides = (self.documents, self.payments, self.balances, self.months)
        same = all(each.agrees for side in sides for each in side)
        return same and not self.findings and not self.exceptions


async def simulate(
    scenario: Scenario,
    written: Document,
    *,
    begin: dt.date | None = None,
    until: dt.date | None = None,
    faults: int | None = None,
    revenue: bool = False,
    governance: Path | None = None,
    progress: Progress = lambda line: None,
) -> Simulation:
    """Lives a valid scenario through to a day, `until` or else its `as_of`; at least to today, since a
    contract that is approved today is billed up to today. `written` is the same scenario as a file has it.

    `begin` is a day to come on which the life begins, instead of today: the same life on whatever day it is
    lived. `revenue` runs the months that have ended by its last day, revenue and revaluation, once it is
    lived. `faults` is the seed of the transport faults that the simulators make. Stops early where somebody
    would have to decide. A payment of a day before the life begins is made when it begins. Raises NotEntered,
    NotMovable (a payment that no platform could make), Stuck, and FileNotFoundError where the server's wheel
    is not installed.
    """
    product = product_of_two_rates(scenario.contract, scenario.changes)
    if product is not None:
        raise NotEntered("avatax", f"lines of product {product} have different tax rates, and it takes one")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="q2c-simulation-", dir=_memory()) as home:
        async with _life(Path(home), scenario, written, governance, progress) as life:
            if faults is not None:
                life.draw_faults(faults)
            if begin is not None:
                await life.set_forward(begin)
            last = await life.live(until or scenario.as_of)
            if revenue:
                await life.run_months(last)
            life.clear_faults()
            found = await life.sides(last, months=revenue)
            now = await life.contract(scenario.contract.id)
            return Simulation(
                **vars(found),
                until=last,
                status=now.status if now is not None else "pending",
                exceptions=tuple(await life.exceptions()),
                seconds=time.monotonic() - began,
            )


@contextlib.asynccontextmanager
async def _life(
    home: Path, scenario: Scenario, written: Document, governance: Path | None, progress: Progress
) -> AsyncIterator["_Life"]:
    policy = policy_of_books(home, scenario, governance)
    async with (
        virtual_time() as clock,
        in_process(home, clock.client, operators=(METER,), governance=policy) as system,
    ):
        yield _Life(system, clock, scenario, written, progress)


class _Life:
    """One contract on one system."""

    def __init__(
        self,
        system: InProcess,
        clock: VirtualTime,
        scenario: Scenario,
        written: Document,
        progress: Progress,
    ) -> None:
        self._system, self._clock = system, clock
        self._scenario, self._written = scenario, written
        self._progress = progress
        self._log = EventLog(system.database)
        self._queue = ExceptionQueue(system.database)
        self._lives = _lives(scenario)
        self._handles: dict[str, WorkflowHandle[Any, Any]] = {
            contract.id: clock.client.get_workflow_handle(contract_workflow_id(contract.id))
            for contract, _ in self._lives
        }
        self._at_rest: dict[str, ContractNow] = {}
        self._unapproved = list(scenario.changes)
        self._approved: list[str] = []
        self._moved: list[str] = []
        self._unreported = _named(scenario.usage)
        self._cash = SimulatedCash(system)
        self._unpaid: list[CashMove] = []
        self._zone = "UTC"
        self._today = dt.date.min
        self._fed = False

    # -- the days --------------------------------------------------------------------------------

    async def set_forward(self, day: dt.date) -> None:
        """Sets all clocks to the day, where it is to come, before anything has happened."""
        moment = dt.datetime.combine(day, dt.time(), dt.UTC) + _JUST_AFTER
        await self._system.set_clocks(max(moment, await self._clock.now()))
        await self._clock.move_to(moment)

    async def live(self, until: dt.date) -> dt.date:
        """Up to `until`, or to the day on which somebody would have to decide. Returns the last day."""
        self._today = day_of(await self._clock.now(), self._zone)
        self._plan_payments(max(until, self._today))
        await self._take_in_rates(max(until, self._today))
        await self._report_usage(self._today)
        await self._system.enter(self._written, approve="contract")
        self._approved = [self._scenario.contract.id]
        await self._approve(self._today)
        await self._pay(self._today)
        self._say(self._today, 0)
        while not await self.exceptions():
            day = self._next_day(max(until, self._today))
            if day is None:
                break
            await self._go_to(day)
        return self._today

    def _next_day(self, until: dt.date) -> dt.date | None:
        """The next day on which something is due anywhere, `until` at the latest; None after that."""
        days: list[dt.date | None] = [until, *map(self._approval_day, self._unapproved)]
        days += [move.payment.date for move in self._unpaid]
        for contract, changes in self._lives:
            days.append(subscription_at(contract, changes, self._today).next_billing_date)
            if contract.id in self._at_rest:
                days.append(agenda.next_day(self._at_rest[contract.id].state, self._today))
        ended = self._ended()
        for name, entries in self._by_contract(self._unreported).items() if ended else ():
            days += [usage.received_date or usage.date for usage in entries if name in ended]
        ahead = [day for day in days if day is not None and self._today < day <= until]
        return min(ahead, default=None)

    async def _go_to(self, day: dt.date) -> None:
        """Moves all clocks to the day: to where it begins first, in UTC (the platforms' day) or at the legal
        entity, then to where it begins last.
        """
        await self._report_usage(day, but=self._ended())
        before = self._documents()
        midnights = {dt.datetime.combine(day, dt.time(), dt.UTC), start_of(day, self._zone)}
        for moment in sorted(midnights):
            self._today = day_of(moment, self._zone)
            await self._system.set_clocks(moment + _JUST_AFTER)
            await self._clock.move_to(moment + _JUST_AFTER)
            await self.come_to_rest()
        self._today = day
        await self._report_usage(day)
        await self._approve(day)
        await self._pay(day)
        self._say(day, before)

    def _ended(self) -> set[str]:
        """The contracts of which no draft asks for usage any more: what comes then counts from the day on
        which it comes.
        """
        return {name for name, now in self._at_rest.items() if now.status in ("cancelled", "expired")}

    def _by_contract(self, usage: Iterable[Usage]) -> Mapping[str, tuple[Usage, ...]]:
        return metered_by(self._scenario.model_copy(update={"usage": tuple(usage)}))

    async def _approve(self, day: dt.date) -> None:
        """Has the CRM approve what it approves on the day, and lets it be carried out."""
        due = [change for change in self._unapproved if self._approval_day(change) <= day]
        for change in due:
            self._unapproved.remove(change)
            await self._system.enter(self._written, approve=change.id)
        self._approved += [change.id for change in due]
        await self.come_to_rest()

    def _plan_payments(self, until: dt.date) -> None:
        """Puts the payments on the days on which they can be made."""
        self._scenario = made_from(self._scenario, self._today)
        due = documents(
            self._scenario.contract, self._scenario.changes, self._scenario.usage, until, self._closed()
        )
        wanted = [payment for payment in self._scenario.payments if payment.date <= until]
        scenario = self._scenario.model_copy(update={"payments": tuple(wanted)})
        self._unpaid = list(cash_moves(scenario, {invoice.id: invoice for invoice in due.invoices}))

    async def _take_in_rates(self, until: dt.date) -> None:
        """All of them, each with its own day."""
        sheet = rate_sheet(self._scenario, until)
        if sheet is not None:
            await RateTable(self._system.database).record(sheet, METER.name, None)

    async def _pay(self, day: dt.date) -> None:
        """Has the money of the day move, one movement after the other, unless somebody must decide first."""
        for move in due_by(self._unpaid, day):
            if await self.exceptions():
                return
            self._unpaid.remove(move)
            state = self._at_rest[self._scenario.contract.id].state
            await self._cash.make(move, state)
            self._moved.append(f"{move.payment.kind.replace('_', '-')} {move.payment.id}")
            await self.come_to_rest()

    def _closed(self) -> tuple[str, ...]:
        return self._scenario.periods.closed if self._scenario.periods is not None else ()

    def _approval_day(self, change: ContractChange) -> dt.date:
        """The day before it takes effect, as changes are approved ahead. Of a backdated one its received
        date, or the day before, where a period begins on it: the platform bills in the day's first hour.
        """
        known = known_on(change)
        contract, before = self._scenario.contract, known - dt.timedelta(days=1)
        others = [each for each in self._scenario.changes if each != change]
        ahead = known == change.effective_date or known in cycle_dates(contract, others, before, known)
        return before if ahead else known

    def _documents(self) -> int:
        """How many documents the billing platform has announced."""
        return sum(id.startswith(("invoice/", "credit-memo/")) for id in self._clock.started.ids)

    def _say(self, day: dt.date, documents_before: int) -> None:
        made = self._documents() - documents_before
        words = [f"approved: {', '.join(self._approved)}"] if self._approved else []
        words += [f"{made} document{'s' if made > 1 else ''}"] if made else []
        words += [", ".join(self._moved)] if self._moved else []
        self._progress(f"{day}  {'; '.join(words)}".rstrip())
        self._approved, self._moved = [], []

    async def _report_usage(self, day: dt.date, but: Set[str] = frozenset()) -> None:
        """Tells of the usage that is known by the day, that of some contracts left out."""
        known = [usage for usage in self._unreported if (usage.received_date or usage.date) <= day]
        for contract, entries in self._by_contract(known).items() if known else ():
            if contract in but:
                continue
            self._unreported = [usage for usage in self._unreported if usage not in entries]
            told = [
                usage.model_dump(mode="json", exclude={"received_date"}, exclude_none=True)
                for usage in entries
            ]
            await self._system.report_usage(contract, told, METER)

    # -- coming to rest --------------------------------------------------------------------------

    async def come_to_rest(self) -> None:
        """Returns when nothing moves any more: no webhook waits to be sent or handed on, no document is under
        way, the contract has nothing to do by today. What waits for a person's decision is at rest, and so is
        what waits for that.

        Asked in the order in which work flows, so that what was found empty stays so. Raises Stuck.
        """
        seen, since = "", time.monotonic()
        while True:
            delivered = await self._system.deliver()
            self._fed = self._fed or bool(delivered)
            moving = await self._moving()
            if moving is None:
                return
            now = time.monotonic()
            if delivered or moving != seen:
                seen, since = moving, now
            if now - since > _PATIENCE_SECONDS and await self._waits_for_somebody(now - since):
                return
            if now - since > _STUCK_SECONDS:
                raise Stuck(f"on {self._today}, for {_STUCK_SECONDS:.0f} s: {moving}")
            await self._let_work(now - since)

    async def _moving(self) -> str | None:
        """What is under way, in words; None where nothing is."""
        if self._fed and (await self._log.counts())["waiting"]:
            return "events wait to be handed on"
        self._fed = False  # only `deliver` feeds the log
        running = self._clock.started.running() - await self._left_to_a_person()
        if running:
            return f"under way: {', '.join(sorted(running))}"
        for contract in self._handles:
            if not await self._rests(contract):
                return f"contract {contract} is at work"
        if any(platform.outbox.waiting() for platform in self._system.platforms.values()):
            return "webhooks wait to be sent"
        return None

    async def _waits_for_somebody(self, waited_seconds: float) -> bool:
        """Whether all that moves is documents with an exception of their own, or has moved for long beside an
        open one.
        """
        blocked = {exception.workflow_id for exception in await self.exceptions()}
        if not blocked:
            return False
        running = self._clock.started.running()
        return waited_seconds > _BLOCKED_SECONDS or (bool(running) and running <= blocked)

    async def _let_work(self, waited_seconds: float) -> None:
        """Waits a moment, or for the next document to end, or for a webhook: it may concern a document under
        way. Where nothing ends, what waits for another try gets it: the clock goes on by a second.
        """
        if self._clock.started.running():
            await self._clock.started.until_one_ends(_PATIENCE_SECONDS, self._system.post)
        else:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        if waited_seconds > _PATIENCE_SECONDS:
            await self._clock.move_by(_TRY_AGAIN)
        if waited_seconds > _BLOCKED_SECONDS:
            await self._clock.started.ask_again()

    async def _rests(self, contract: str) -> bool:
        now = await self.contract(contract)
        if now is None or not (now.is_resting or now.status == "blocked"):
            return False
        state = now.state
        self._at_rest[contract] = now
        if now.status == "blocked":
            return True
        if state.policy is not None:
            self._zone = state.policy.time_zone
        today = max(self._today, state.business_date or self._today)
        due = agenda.due_item(state, today) or agenda.auto_renewal(state, today)
        due = due or falls_due(state, today, today)
        return not (state.queue or state.submissions or state.announce or due)

    async def contract(self, id: str) -> ContractNow | None:
        """What the contract's workflow holds and does; None before it was started."""
        handle = self._handles[id]
        try:
            now: ContractNow = await handle.query("now", _QUESTION, result_type=ContractNow)
            return now
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def exceptions(self) -> list[RecordedException]:
        """Those that are open, but for what the rules leave to a person's decision as well."""
        found = await self._queue.list(status="open", limit=1000)
        return [each for each in found if each.code != _DECISION]

    async def _left_to_a_person(self) -> set[str]:
        """Workflows that ask whether a write-off is to be taken back: until somebody decides, the money is
        where the preview has it."""
        found = await self._queue.list(status="open", limit=1000)
        return {each.workflow_id for each in found if each.code == _DECISION}

    # -- the months ------------------------------------------------------------------------------

    async def run_months(self, until: dt.date) -> None:
        """Runs the months that have ended by the day, unless somebody must decide first."""
        contract, fx = self._scenario.contract, self._scenario.fx
        await run_months(
            self._system,
            contract.legal_entity,
            min(each.start_date for each, _ in self._lives),
            until,
            revalues=fx is not None and fx.functional_currency != contract.currency,
            until_done=self._months_go_on,
        )

    async def _months_go_on(self) -> bool:
        await self.come_to_rest()
        return not await self.exceptions()

    # -- faults, and what came of it all ---------------------------------------------------------

    def draw_faults(self, seed: int) -> None:
        """From now on each platform makes faults, how often and which being drawn from the seed."""
        rate = random.Random(seed).uniform(0, _MOST_FAULTS)  # noqa: S311 - repeatable, no secret
        for platform in self._system.platforms.values():
            platform.faults.seed(seed, rate, _FAULTS)

    def clear_faults(self) -> None:
        for platform in self._system.platforms.values():
            platform.faults.clear()

    async def sides(self, until: dt.date, *, months: bool) -> Sides:
        """What came of it by the day, beside what was predicted."""
        found = await sides(self._system, self._scenario, until, self._cash.keys, months=months)
        failures = (Finding("I11", failure, "failed") for failure in self._clock.started.failures)
        return replace(found, findings=(*found.findings, *failures))


def _memory() -> str | None:
    """A directory that is in memory, where the machine has one: the store is gone at the end anyway."""
    return next((path for path in ("/dev/shm",) if os.access(path, os.W_OK)), None)  # noqa: S108 - made fresh


def _lives(scenario: Scenario) -> list[tuple[Contract, tuple[ContractChange, ...]]]:
    """The scenario's contract with its changes, and those merged into it, which end for that."""
    merges = [change for change in scenario.changes if isinstance(change, Merge)]
    merged = [(other, (end_of(merge),)) for merge in merges for other in merge.contracts]
    return [(scenario.contract, scenario.changes), *merged]


def _named(usage: Iterable[Usage]) -> list[Usage]:
    """Each entry with an id of its own, so that one that is told again counts once."""
    seen: Counter[str] = Counter()
    named = []
    for entry in usage:
        content = f"{entry.line}/{entry.date}/{entry.quantity}"
        seen[content] += 1
        named.append(entry if entry.id else entry.model_copy(update={"id": f"{content}/{seen[content]}"}))
    return named
