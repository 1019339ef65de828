"""What a line has earned where the contract catches modifications up, read from the standard alone.

ASC 606-10-25-13(b): what remains is not distinct, so the modified line is one performance obligation that is
partly satisfied, and revenue is brought to the new price at the day of the modification, as an increase or a
reduction. Progress is days (FINANCE.md). So by the end of any day a modified line has earned the price of its
whole term, by what is known on that day, times the days gone over the days of the term.
"""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from tests.rules.oracle.books import NOTHING
from tests.rules.oracle.figures import ONE_DAY, Json, day, days, rounded, written
from tests.rules.oracle.walk import Charge, Walk


def caught_up_schedule(scenario: Json) -> dict[str, dict[str, str]]:
    """Line → month → what is earned, of a valid scenario that says `catch_up`; months of zero left out."""
    reader = _Reader(scenario)
    found: dict[str, dict[str, str]] = {}
    for line in reader.lines():
        found[line] = {}
        before = NOTHING
        for month_end in reader.month_ends():
            after = rounded(reader.earned(line, month_end), reader.currency)
            if after != before:
                found[line][month_end.isoformat()[:7]] = written(after - before, reader.currency)
            before = after
    return {line: months for line, months in found.items() if months or reader.is_billed(line)}


@dataclass(frozen=True)
class Term:
    """Which of the terms it is, its first day, the end that was agreed, and the one that it really had."""

    number: int
    start: dt.date
    agreed: dt.date
    end: dt.date


class _Reader:
    def __init__(self, scenario: Json) -> None:
        self._scenario = scenario
        self._as_of = day(scenario["as_of"])
        self._changes: list[Json] = scenario.get("changes", [])
        walk = Walk(scenario)
        self._issued = [charge for charge in walk.run() if charge.date <= self._as_of]
        self.currency = walk.currency
        begun = [term for term in walk.terms if term[0] <= self._as_of]
        nexts = [start for start, _ in begun[1:]]
        self._terms = [
            Term(number, start, agreed, min([agreed, *nexts[number : number + 1]]))
            for number, (start, agreed) in enumerate(begun)
        ]
        self._first = walk.start
        self._plans: dict[tuple[dt.date, dt.date], list[Charge]] = {}

    def lines(self) -> list[str]:
        """Those with documents, and those that are modified: they earn by progress, billed or not."""
        modified = {line for line in self._recurring() for t in self._terms if self._modified_on(line, t)}
        return sorted({charge.line for charge in self._issued} | modified)

    def is_billed(self, line: str) -> bool:
        return any(charge.line == line for charge in self._issued)

    def _recurring(self) -> set[str]:
        added = [e["add"] | {"id": e["id"]} for c in self._changes for e in c.get("lines", []) if "add" in e]
        lines = [*self._scenario["contract"]["lines"], *added]
        return {line["id"] for line in lines if line.get("charge", "recurring") == "recurring"}

    def month_ends(self) -> list[dt.date]:
        last = max(
            [term.agreed for term in self._terms] + [max(c.end, c.accepted_on or c.end) for c in self._issued]
        )
        found, today = [], self._first
        while today <= last + 31 * ONE_DAY:
            tomorrow = today + ONE_DAY
            if tomorrow.day == 1:
                found.append(today)
            today = tomorrow
        return found

    def earned(self, line: str, by: dt.date) -> Fraction:
        """By the end of the day, exactly."""
        modified = [term for term in self._terms if self._modified_on(line, term) is not None]
        total = sum(
            (
                _of_documents(charge, by, self._as_of)
                for charge in self._issued
                if charge.line == line and not any(_within(charge, term) for term in modified)
            ),
            NOTHING,
        )
        return total + sum((self._of_term(line, term, by) for term in modified), NOTHING)

    def _of_term(self, line: str, term: Term, by: dt.date) -> Fraction:
        known = min(by, self._as_of)
        first = self._modified_on(line, term)
        assert first is not None
        if by < first:
            plan = self._plan(line, term, first - ONE_DAY)
            return sum((_of_documents(charge, by, term.agreed) for charge in plan), NOTHING)
        plan = self._plan(line, term, known)
        price = sum((_net(charge, term.agreed) for charge in plan), NOTHING)
        start, end = max(term.start, self._added(line)), self._end(line, term, known)
        gone = days(start, min(by + ONE_DAY, end))
        return price if by + ONE_DAY >= end else price * gone / days(start, end)

    def _plan(self, line: str, term: Term, known: dt.date) -> list[Charge]:
        """All that will have been billed of the line for the term, by the changes known on the day."""
        if (term.agreed, known) not in self._plans:
            changes = [c for c in self._changes if day(c["effective_date"]) <= known]
            told = {**self._scenario, "changes": changes, "as_of": term.agreed.isoformat()}
            self._plans[term.agreed, known] = Walk(told).run()
        return [c for c in self._plans[term.agreed, known] if c.line == line and _within(c, term)]

    def _modified_on(self, line: str, term: Term) -> dt.date | None:
        """The first amendment of the line after its first day in the term, if it is a recurring one's."""
        if line not in self._recurring():
            return None
        start = max(term.start, self._added(line))
        void = {c["effective_date"] for c in self._changes if c["type"] == "cancellation"}
        found = [
            day(change["effective_date"])
            for change in self._changes
            if change["type"] == "amendment" and change["effective_date"] not in void
            if start < day(change["effective_date"]) < term.end
            if day(change["effective_date"]) <= self._as_of
            if any(entry["id"] == line and "add" not in entry for entry in change["lines"])
        ]
        return min(found, default=None)

    def _added(self, line: str) -> dt.date:
        for change in self._changes:
            if any(entry["id"] == line and "add" in entry for entry in change.get("lines", [])):
                return day(change["effective_date"])
        return self._first

    def _end(self, line: str, term: Term, known: dt.date) -> dt.date:
        """Where the line's service ends in the term, by what is known on the day."""
        found = [term.agreed]
        for change in self._changes:
            on = day(change["effective_date"])
            removes = any(e["id"] == line and e.get("remove") for e in change.get("lines", []))
            ends = change["type"] in ("cancellation", "renewal")
            if term.start < on <= known and (removes or ends):
                found.append(on)
        return min(found)


def _within(charge: Charge, term: Term) -> bool:
    return charge.term == term.number and charge.charge == "recurring"


def _net(charge: Charge, by: dt.date) -> Fraction:
    return charge.amount - sum((credit.amount for credit in charge.credits if credit.date <= by), NOTHING)


def _of_documents(charge: Charge, by: dt.date, issued_by: dt.date) -> Fraction:
    """What an invoice's line and the credits against it have earned by the end of the day."""
    start, end = charge.accepted_on or charge.start, charge.accepted_on or charge.end
    found = _evenly(charge.amount, start, end, by)
    for credit in charge.credits:
        if credit.date <= issued_by:
            found -= _evenly(credit.amount, credit.start, charge.end, by)
    return found


def _evenly(amount: Fraction, start: dt.date, end: dt.date, by: dt.date) -> Fraction:
    if by < start:
        return NOTHING
    return amount if by + ONE_DAY >= end else amount * days(start, by + ONE_DAY) / days(start, end)
