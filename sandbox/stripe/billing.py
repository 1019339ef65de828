"""What falls due as time goes by, in chronological order: schedules' phases, ends, cycles, finalizations."""

import heapq
from typing import Any

from sandbox.stripe.resources import cycles, invoice_life, phases, subscriptions
from sandbox.stripe.world import World

Document = dict[str, Any]

_LIVE = ("active", "trialing", "past_due", "incomplete", "unpaid", "paused")
_GRACE_SECONDS = 3600
_LEAP_SECONDS = 10
_PHASE, _END, _CYCLE, _FINALIZE = range(4)
"""What comes first where several things are due at one moment."""

Due = tuple[int, int, int, str, str]  # moment, order, serial number, kind, id


def run(world: World, *, test_clock: str | None = None) -> None:
    """Do all that is due by now for the customers of one clock (none: the platform's own)."""
    clock = world.get("test_helpers.test_clock", test_clock) if test_clock else None
    until: int = clock["frozen_time"] if clock else world.clock_time()
    if test_clock is None and not _may_be_due(world, until):
        return
    queue = _Queue(world, test_clock, until)
    while (due := queue.next()) is not None:
        moment, order, _, kind, id = due
        with world.at(moment), world.state.transaction():
            _carry_out(world, kind, id, order, moment)
        queue.look_again()
    if test_clock is None:
        world.next_due = queue.later


def _may_be_due(world: World, until: int) -> bool:
    """Whether anything was written, or became due, since the last look."""
    return bool(world.touched) or world.next_due is None or world.next_due <= until


class _Queue:
    """The dues of all objects, kept up to date with what is written while they are carried out."""

    def __init__(self, world: World, test_clock: str | None, until: int) -> None:
        self._world, self._test_clock, self._until = world, test_clock, until
        self._heap: list[Due] = []
        self._serial = 0
        self.later = 2**62
        world.touched.clear()
        for status in _LIVE:
            self._push_all("subscription", status)
        for status in ("not_started", "active"):
            self._push_all("subscription_schedule", status)
        self._push_all("invoice", "draft")

    def _push_all(self, kind: str, status: str) -> None:
        for obj in self._world.state.find(kind, status=status):
            self._push(obj)

    def _push(self, obj: Document) -> None:
        if obj.get("test_clock") != self._test_clock:
            return
        for moment, order in _dues(self._world, obj, test=self._test_clock is not None):
            self._serial += 1
            if moment <= self._until:
                heapq.heappush(self._heap, (moment, order, self._serial, obj["object"], obj["id"]))
            else:
                self.later = min(self.later, moment)

    def look_again(self) -> None:
        """Take up the dues of what was just written."""
        for kind, id in sorted(self._world.touched):
            obj = self._world.get(kind, id)
            if obj is not None:
                self._push(obj)
        self._world.touched.clear()

    def next(self) -> Due | None:
        """The earliest that is still due."""
        while self._heap:
            due = heapq.heappop(self._heap)
            obj = self._world.get(due[3], due[4])
            if obj is not None and (due[0], due[1]) in _dues(
                self._world, obj, test=self._test_clock is not None
            ):
                return due
        return None


def _dues(world: World, obj: Document, *, test: bool) -> list[tuple[int, int]]:
    """(moment, order) of what happens next to an object."""
    match obj["object"]:
        case "subscription_schedule":
            moment = phases.due(obj)
            return [] if moment is None else [(moment, _PHASE)]
        case "subscription" if obj["status"] not in subscriptions.ENDED:
            cycle = (min(item["current_period_end"] for item in obj["_items"]), _CYCLE)
            return [cycle, (obj["cancel_at"], _END)] if obj["cancel_at"] is not None else [cycle]
        case "invoice" if obj["status"] == "draft" and obj["automatically_finalizes_at"] is not None:
            return [(_finalization(obj, test=test), _FINALIZE)]
        case _:
            return []


def _finalization(invoice: Document, *, test: bool) -> int:
    """An hour after its webhook could be heard: a draft that was made by a leap of the clock waits an hour
    from the leap's end. Test clocks finalize by their own time."""
    at: int = invoice["automatically_finalizes_at"]
    by_a_leap = invoice["_made_at"] - invoice["created"] > _LEAP_SECONDS
    return max(at, invoice["_made_at"] + _GRACE_SECONDS) if by_a_leap and not test else at


def _carry_out(world: World, kind: str, id: str, order: int, moment: int) -> None:
    obj = world.get(kind, id)
    if obj is None:
        return
    match order:
        case 0:  # _PHASE
            phases.proceed(world, obj, moment)
        case 1:  # _END
            subscriptions.cancel_now(world, obj)
        case 2:  # _CYCLE
            cycles.roll(world, obj, moment)
            world.update(obj, "customer.subscription.updated")
        case _:
            _finalize(world, obj)


def _finalize(world: World, invoice: Document) -> None:
    invoice_life.finalize(world, invoice)
    if invoice["status"] == "open" and invoice["auto_advance"]:
        invoice_life.advance(world, invoice)
        _note_failure(world, invoice)


def _note_failure(world: World, invoice: Document) -> None:
    """A subscription whose automatic payment failed is past due."""
    details = (invoice["parent"] or {}).get("subscription_details")
    if invoice["status"] == "paid" or invoice["collection_method"] == "send_invoice" or details is None:
        return
    subscription = world.get("subscription", details["subscription"])
    if subscription is not None and subscription["status"] == "active":
        subscription["status"] = "past_due"
        world.update(subscription, "customer.subscription.updated")
