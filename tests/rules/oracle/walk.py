"""The walk: from the contract's first day to `as_of`, one day after the other, writing down what is billed.

Each day: does the term end, is it renewed; the day's amendments; its cancellation; then what falls due.
"""

import datetime as dt
from dataclasses import dataclass, field
from fractions import Fraction

from tests.rules.oracle.figures import (
    ONE_DAY,
    Json,
    day,
    days,
    discounted,
    month_after,
    number,
    price,
    rounded,
    tax_rate,
)

FEE_LINE = "termination-fee"


@dataclass
class Credit:
    date: dt.date
    amount: Fraction
    tax: Fraction
    start: dt.date


@dataclass
class Charge:
    """A line of an invoice, and the credits given against it."""

    date: dt.date
    line: str
    kind: str
    charge: str
    amount: Fraction
    tax: Fraction
    rate: Fraction
    start: dt.date
    end: dt.date
    accepted_on: dt.date | None = None
    term: int = 0
    """Which of the contract's terms bills it, counted from 0."""
    credits: list[Credit] = field(default_factory=list)


@dataclass
class Stretch:
    start: dt.date
    end: dt.date
    rate: Fraction


@dataclass
class Live:
    """A line as it stands, and what the open period has seen of it."""

    terms: Json
    since: dt.date
    uplift: Fraction = Fraction(1)
    stretches: list[Stretch] = field(default_factory=list)
    usage: Fraction = Fraction(0)
    usage_from: dt.date | None = None
    usage_until: dt.date | None = None
    usage_pricing: Json = field(default_factory=dict)
    usage_discount: str = "0"
    removed: bool = False

    @property
    def charge(self) -> str:
        return str(self.terms.get("charge", "recurring"))

    @property
    def discount(self) -> str:
        return self.terms.get("discount_percent") or "0"

    @property
    def quantity(self) -> Fraction:
        return number(self.terms.get("quantity") or "1")

    def monthly_rate(self) -> Fraction:
        pricing = self.terms["pricing"]
        yearly = 12 if pricing.get("per") == "year" else 1
        return discounted(price(pricing, self.quantity) / yearly, self.discount) * self.uplift

    def fix_usage_price(self, today: dt.date) -> None:
        """What this period's units cost: a change inside the period counts from the next one."""
        self.usage_from, self.usage_until = today, None
        self.usage, self.usage_pricing, self.usage_discount = (
            Fraction(0),
            self.terms["pricing"],
            self.discount,
        )


class Walk:
    """`charges` in the order in which they were billed."""

    def __init__(self, scenario: Json) -> None:
        self.contract = scenario["contract"]
        self.currency: str = self.contract["currency"]
        self.start = day(self.contract["start_date"])
        self.as_of = day(scenario["as_of"])
        self.every: int = self.contract["billing"]["frequency_months"]
        self.advance = self.contract["billing"]["timing"] == "advance"
        self.changes = sorted(scenario.get("changes", []), key=lambda change: str(change["effective_date"]))
        self.events = _distinct(scenario.get("usage", []))
        self.lines: dict[str, Live] = {}
        self.charges: list[Charge] = []
        self.today = self.start
        self.anchor, self.month = self.start, 0
        self.term_end: int | None = self.contract["term_months"]
        self.first, self.last, self.months = self.start, self.start, 0
        self.terms: list[tuple[dt.date, dt.date]] = []
        """Each term's first day, and the day after its last, as it was agreed."""
        self._note_term()

    def _note_term(self) -> None:
        if self.term_end is not None:
            self.terms.append((self.today, month_after(self.anchor, self.term_end)))

    def run(self) -> list[Charge]:
        while self.today <= self.as_of:
            if not self.live_a_day():
                break
            self.today += ONE_DAY
        return sorted(self.charges, key=lambda charge: charge.date)

    def live_a_day(self) -> bool:
        """False once the contract has ended."""
        boundary = self.today == self.last
        ended = boundary and self.term_end is not None and self.month == self.term_end
        cancellation = self._cancellation_today()
        if boundary and self.today > self.start:
            self._bill_the_period_that_ends()
        if ended and self.today > self.start and not self._renew():
            if cancellation is not None:
                self._cancel(cancellation, boundary)
            return False
        if not ended and self._today("renewal"):
            self._renew_early(boundary)
            boundary = True
        if cancellation is not None:
            self._cancel(cancellation, boundary)
            return False
        if boundary:
            self._open_period()
        if self.today == self.start:
            for terms in self.contract["lines"]:
                self._begin(terms, boundary)
        for change in self._today("amendment"):
            for entry in change["lines"]:
                self._amend(entry, boundary)
        if boundary:
            self._begin_period()
        self._count_the_day()
        return True

    def _today(self, kind: str) -> list[Json]:
        return [c for c in self.changes if c["type"] == kind and day(c["effective_date"]) == self.today]

    def _cancellation_today(self) -> Json | None:
        found = self._today("cancellation")
        return found[0] if found else None

    # periods

    def _open_period(self) -> None:
        months = self.every if self.term_end is None else min(self.every, self.term_end - self.month)
        self.first, self.months = self.today, months
        self.month += months
        self.last = month_after(self.anchor, self.month)

    def _begin_period(self) -> None:
        """After the day's changes: bill what is billed in advance, and fix what units cost."""
        for name, line in self.lines.items():
            if line.removed:
                continue
            line.stretches = []
            if line.charge == "recurring" and self.advance:
                self._bill(name, line, "recurring", line.monthly_rate() * self.months, self.first, self.last)
            if line.charge == "usage":
                line.fix_usage_price(self.today)

    def _count_the_day(self) -> None:
        for name, line in self.lines.items():
            if line.removed:
                continue
            if line.charge == "usage":
                line.usage += self.events.get((name, self.today), Fraction(0))
            if line.charge == "recurring" and not self.advance:
                self._count_service(line)

    def _count_service(self, line: Live) -> None:
        rate, tomorrow = line.monthly_rate(), self.today + ONE_DAY
        stretches = line.stretches
        if stretches and stretches[-1].end == self.today and stretches[-1].rate == rate:
            stretches[-1].end = tomorrow
        else:
            stretches.append(Stretch(self.today, tomorrow, rate))

    def _bill_the_period_that_ends(self) -> None:
        """What is billed in arrears: recurring stretches, and usage; a cancellation ends it early."""
        length = days(self.first, self.last)
        for name, line in self.lines.items():
            if line.charge == "recurring" and not self.advance:
                for stretch in line.stretches:
                    part = Fraction(days(stretch.start, stretch.end), length)
                    amount = stretch.rate * self.months * part
                    self._bill(name, line, "recurring", amount, stretch.start, stretch.end)
            if line.charge == "usage" and line.usage_from is not None:
                amount = price(line.usage_pricing, max(line.usage, Fraction(0)))
                amount = discounted(amount, line.usage_discount)
                until = line.usage_until or self.today
                self._bill(name, line, "usage", amount, line.usage_from, until)
                if "minimum" in line.terms and until > line.usage_from:
                    least = number(line.terms["minimum"]["amount"])
                    short = least - rounded(amount, self.currency)
                    self._bill(name, line, "usage", max(short, Fraction(0)), line.usage_from, until)
            line.stretches, line.usage, line.usage_from = [], Fraction(0), None

    # changes

    def _renew(self) -> bool:
        explicit = self._today("renewal")
        said = self.contract.get("renewal") or {}
        if not explicit and not said.get("auto"):
            return False
        terms = {**said, **(explicit[0] if explicit else {})}
        assert self.term_end is not None
        length = terms["term_months"]
        self.term_end = None if length is None else self.term_end + length
        for line in self.lines.values():
            if line.charge == "recurring":
                line.uplift *= 1 + number(terms.get("uplift_percent") or "0") / 100
        self._note_term()
        return True

    def _renew_early(self, boundary: bool) -> None:
        """Cancelled with credit today; a new term from today, its periods counting from today."""
        if not boundary:
            self._bill_the_period_that_ends()
            if self.advance:
                for name in self.lines:
                    self._credit_unused(name)
        self.anchor, self.month, self.term_end = self.today, 0, 0
        self._renew()

    def _begin(self, terms: Json, boundary: bool) -> None:
        name = terms["id"]
        line = self.lines[name] = Live(dict(terms), self.today)
        if line.charge == "one_time":
            amount = discounted(price(terms["pricing"], line.quantity), line.discount)
            self._bill(name, line, "one_time", amount, self.today, self.today)
        elif line.charge == "usage":
            line.fix_usage_price(self.today)
        elif not boundary and self.advance:
            self._prorate(name, line, Fraction(0), line.monthly_rate())

    def _amend(self, entry: Json, boundary: bool) -> None:
        name = entry["id"]
        if "add" in entry:
            self._begin({"id": name, **entry["add"]}, boundary)
            return
        line = self.lines[name]
        if line.charge == "usage" and line.since == self.today and not entry.get("remove"):
            line.terms = {**line.terms, **{k: v for k, v in entry.items() if k != "id"}}
            line.fix_usage_price(self.today)  # nothing was used at the price that its first day replaces
            return
        if entry.get("remove"):
            line.removed = True
            if line.charge == "usage":
                line.usage_until = self.today
                if boundary:
                    line.usage_from = None
            elif self.advance:
                self._credit_unused(name)
            return
        old = line.monthly_rate()
        line.terms = {**line.terms, **{k: v for k, v in entry.items() if k != "id"}}
        if "pricing" in entry:
            line.uplift = Fraction(1)
        if line.charge == "recurring" and self.advance and not boundary:
            self._prorate(name, line, old, line.monthly_rate())

    def _prorate(self, name: str, line: Live, old: Fraction, new: Fraction) -> None:
        rest = Fraction(days(self.today, self.last), days(self.first, self.last))
        if new > old:
            self._bill(name, line, "proration", (new - old) * self.months * rest, self.today, self.last)
        elif new < old:
            left = rounded((old - new) * self.months * rest, self.currency)
            for billed in self._last_billed_first(name):
                left -= self._give(billed, left)

    def _cancel(self, cancellation: Json, boundary: bool) -> None:
        if "fee" in cancellation:
            fee = Live({"charge": "one_time"}, self.today)
            self._bill(FEE_LINE, fee, "one_time", number(cancellation["fee"]), self.today, self.today)
        if boundary:
            return
        self._bill_the_period_that_ends()
        if self.advance and cancellation.get("credit", "prorated") == "prorated":
            for name in self.lines:
                self._credit_unused(name)

    # credits

    def _last_billed_first(self, name: str) -> list[Charge]:
        return [c for c in reversed(self.charges) if c.line == name and c.charge == "recurring"]

    def _credit_unused(self, name: str) -> None:
        for billed in self._last_billed_first(name):
            self._give(billed, None)

    def _give(self, billed: Charge, wanted: Fraction | None) -> Fraction:
        """Credits the billed line what it can take of `wanted` (None: all). Returns what it took."""
        if billed.end <= self.today:
            return Fraction(0)
        most = max(rounded(self._unused(billed), self.currency), Fraction(0))
        amount = most if wanted is None else min(wanted, most)
        if amount <= 0:
            return Fraction(0)
        tax = rounded(amount * billed.rate / 100, self.currency)
        tax = min(tax, billed.tax - sum((credit.tax for credit in billed.credits), Fraction(0)))
        billed.credits.append(Credit(self.today, amount, tax, self.today))
        return amount

    def _unused(self, billed: Charge) -> Fraction:
        left = days(self.today, billed.end)
        unused = billed.amount * left / days(billed.start, billed.end)
        for credit in billed.credits:
            unused -= credit.amount * left / days(credit.start, billed.end)
        return unused

    def _bill(self, name: str, line: Live, kind: str, exact: Fraction, start: dt.date, end: dt.date) -> None:
        amount = rounded(exact, self.currency)
        if amount == 0:
            return
        rate = tax_rate(line.terms, self.today)
        tax = rounded(amount * rate / 100, self.currency)
        accepted = line.terms.get("accepted_on")
        self.charges.append(
            Charge(
                date=self.today,
                line=name,
                kind=kind,
                charge=line.charge,
                amount=amount,
                tax=tax,
                rate=rate,
                start=start,
                end=end,
                accepted_on=day(accepted) if accepted else None,
                term=len(self.terms) - 1,
            )
        )


def _distinct(usage: list[Json]) -> dict[tuple[str, dt.date], Fraction]:
    """What is used of a line on a day; every event, those with an id once."""
    seen: set[str] = set()
    found: dict[tuple[str, dt.date], Fraction] = {}
    for event in usage:
        name = event.get("id")
        if name is not None and name in seen:
            continue
        if name is not None:
            seen.add(name)
        key = str(event["line"]), day(event["date"])
        found[key] = found.get(key, Fraction(0)) + number(event["quantity"])
    return found
