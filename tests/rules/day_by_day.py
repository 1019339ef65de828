"""The same rules written a second time, day by day and without anything of `rules`.

It walks from the contract's start to `as_of` one day at a time, knows only what is true on that day, and
writes down the lines billed and credited. It covers fixed-price and usage lines, both timings, amendments,
renewals by themselves, and cancellations; it is slow and plain on purpose.
"""

import calendar
import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

Row = tuple[str, str, str, str, str, str]
DAY = dt.timedelta(days=1)


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _cents(value: Fraction) -> Decimal:
    with localcontext() as context:
        context.prec = 80
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _plus_months(start: dt.date, count: int) -> dt.date:
    year, month = start.year, start.month
    for _ in range(count):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    return dt.date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def _cost(pricing: dict[str, Any], units: Fraction) -> Fraction:
    if pricing["model"] == "flat":
        return Fraction(pricing["amount"])
    if pricing["model"] == "per_unit":
        return units * Fraction(pricing["unit_price"])
    cost, done = Fraction(0), Fraction(0)
    for tier in pricing["tiers"]:
        limit = None if tier["up_to"] is None else Fraction(tier["up_to"])
        if pricing["model"] == "volume":
            if limit is None or units <= limit:
                return units * Fraction(tier["unit_price"])
            continue
        share = units - done if limit is None else max(Fraction(0), min(units, limit) - done)
        cost += share * Fraction(tier["unit_price"])
        done += share
    return cost


class _Line:
    def __init__(self, terms: dict[str, Any]) -> None:
        self.charge = terms.get("charge", "recurring")
        self.pricing = terms["pricing"]
        self.quantity = Fraction(terms.get("quantity", "1"))
        self.discount = Fraction(terms.get("discount_percent", "0"))
        self.tax = Fraction(terms.get("tax_rate_percent", "0"))
        self.uplift = Fraction(1)
        self.daily: list[tuple[dt.date, Fraction]] = []
        self.usage_price: tuple[dict[str, Any], Fraction] | None = None
        self.alive_days: list[dt.date] = []
        self.billed = False
        self.removed = False

    def rate(self) -> Fraction:
        months = 12 if self.pricing["per"] == "year" else 1
        return _cost(self.pricing, self.quantity) * (100 - self.discount) / 100 / months * self.uplift


class _Bill:
    """A billed line with its credits."""

    def __init__(
        self, invoice: dt.date, line: str, kind: str, amount: Decimal, start: dt.date, end: dt.date
    ) -> None:
        self.invoice, self.line, self.kind, self.amount = invoice, line, kind, amount
        self.start, self.end = start, end
        self.credits: list[tuple[dt.date, Decimal]] = []

    def unused(self, day: dt.date) -> Decimal:
        if self.end <= day or self.start == self.end:
            return Decimal("0.00")
        value = Fraction(self.amount) * (self.end - day).days / (self.end - self.start).days
        for since, credit in self.credits:
            value -= Fraction(credit) * (self.end - day).days / (self.end - since).days
        return _cents(value)


class DayByDay:
    def __init__(self, data: dict[str, Any]) -> None:
        self.contract = data["contract"]
        self.start = _date(self.contract["start_date"])
        self.advance = self.contract["billing"]["timing"] == "advance"
        self.frequency = self.contract["billing"]["frequency_months"]
        self.as_of = _date(data["as_of"])
        self.changes = data["changes"]
        self.usage = data.get("usage", [])
        self.lines: dict[str, _Line] = {}
        self.billed: list[_Bill] = []
        self.credited: list[tuple[dt.date, _Bill, Decimal, Decimal]] = []
        self.tax_back: dict[int, Decimal] = defaultdict(Decimal)
        self.over = False

    def run(self) -> tuple[list[Row], list[Row]]:
        self.term_months = self.contract["term_months"]
        self.term_first_month = 0
        self.period_month = 0
        self.set_period()
        day = self.start
        self.lines = {line["id"]: _Line(line) for line in self.contract["lines"]}
        while day <= self.as_of and not self.over:
            self.on(day)
            if not self.over:
                self.note(day)
            day += DAY
        return self.rows()

    def set_period(self) -> None:
        left = self.frequency
        if self.term_months is not None:
            left = min(left, self.term_first_month + self.term_months - self.period_month)
        self.months = left
        self.a = _plus_months(self.start, self.period_month)
        self.b = _plus_months(self.start, self.period_month + left)

    def on(self, day: dt.date) -> None:
        """What happens at the beginning of a day."""
        today = [change for change in self.changes if change["effective_date"] == str(day)]
        cancels = [change for change in today if change["type"] == "cancellation"]
        amends = [] if cancels else [change for change in today if change["type"] == "amendment"]
        first_day = day == self.start
        boundary = day == self.b
        if boundary:
            self.close_period(day)
            self.period_month += self.months
            if self.term_months is not None and self.period_month == self.term_first_month + self.term_months:
                self.renew_or_end(amends, day)
            if self.over:
                return
            self.set_period()
        for change in cancels:
            if not (boundary or first_day):
                self.close_period(day)
                if self.advance and change.get("credit", "prorated") == "prorated":
                    for name in self.lines:
                        self.give_back_all(name, day)
            self.over = True
            return
        for change in amends:
            for entry in change["lines"]:
                self.amend(entry, day, inside=not (boundary or first_day))
        if boundary or first_day:
            self.open_period(day)

    def renew_or_end(self, amends: list[dict[str, Any]], day: dt.date) -> None:
        terms = self.contract.get("renewal") or {}
        if not terms.get("auto"):
            self.over = True
            for change in amends:
                for entry in change["lines"]:
                    if "add" in entry and entry["add"].get("charge") == "one_time":
                        self.add(entry, day)
            return
        self.term_first_month = self.period_month
        self.term_months = terms["term_months"]
        for line in self.lines.values():
            if line.charge == "recurring":
                line.uplift *= 1 + Fraction(terms.get("uplift_percent", "0")) / 100

    def open_period(self, day: dt.date) -> None:
        for name, line in self.lines.items():
            if line.charge == "recurring" and self.advance:
                self.bill(day, name, "recurring", line.rate() * self.months, self.a, self.b)
            if line.charge == "one_time" and not line.billed:
                self.bill_once(name, line, day)
            if line.charge == "usage":
                line.usage_price = (line.pricing, line.discount)

    def close_period(self, day: dt.date) -> None:
        """Bills what is billed at the end of a period: stretches of daily rates, and usage."""
        whole = (self.b - self.a).days
        for name, line in self.lines.items():
            if line.charge == "recurring" and not self.advance:
                for start, end, rate in _runs(line.daily):
                    self.bill(
                        day, name, "recurring", rate * self.months * (end - start).days / whole, start, end
                    )
            if line.charge == "usage" and line.alive_days and line.usage_price is not None:
                days = set(line.alive_days)
                units = sum(
                    (
                        Fraction(u["quantity"])
                        for u in self.usage
                        if u["line"] == name and _date(u["date"]) in days
                    ),
                    Fraction(0),
                )
                pricing, discount = line.usage_price
                cost = _cost(pricing, max(units, Fraction(0))) * (100 - discount) / 100
                self.bill(day, name, "usage", cost, min(days), max(days) + DAY)
            line.daily, line.alive_days = [], []
        self.lines = {name: line for name, line in self.lines.items() if line.charge != "gone"}

    def note(self, day: dt.date) -> None:
        """A day of service passes."""
        for line in self.lines.values():
            if line.charge == "recurring":
                line.daily.append((day, line.rate()))
            if line.charge == "usage" and not line.removed:
                line.alive_days.append(day)

    def amend(self, entry: dict[str, Any], day: dt.date, inside: bool) -> None:
        if "add" in entry:
            self.add(entry, day)
            line = self.lines[entry["id"]]
            if inside and self.advance and line.charge == "recurring":
                self.prorate(entry["id"], Fraction(0), line.rate(), day)
            return
        line = self.lines[entry["id"]]
        old = line.rate() if line.charge == "recurring" else Fraction(0)
        if entry.get("remove"):
            self.give_back_all(entry["id"], day)
            if line.charge == "recurring" and self.advance:
                del self.lines[entry["id"]]
            elif line.charge == "recurring":
                line.charge = "gone"
                self.leave_for_close(entry["id"], line)
            else:
                line.removed = True
            return
        line.quantity = Fraction(entry.get("quantity", line.quantity))
        line.discount = Fraction(entry.get("discount_percent", line.discount))
        if "pricing" in entry:
            line.pricing, line.uplift = entry["pricing"], Fraction(1)
        if inside and self.advance and line.charge == "recurring":
            self.prorate(entry["id"], old, line.rate(), day)

    def leave_for_close(self, name: str, line: _Line) -> None:
        """A line removed in arrears is billed at the period's end all the same."""
        line.charge = "recurring"
        frozen = list(line.daily)
        line.rate = lambda: Fraction(0)  # type: ignore[method-assign]
        line.daily = frozen

    def add(self, entry: dict[str, Any], day: dt.date) -> None:
        line = self.lines[entry["id"]] = _Line(entry["add"])
        if line.charge == "one_time":
            self.bill_once(entry["id"], line, day)
        if line.charge == "usage":
            line.usage_price = (line.pricing, line.discount)

    def prorate(self, name: str, old: Fraction, new: Fraction, day: dt.date) -> None:
        cost = (new - old) * self.months * (self.b - day).days / (self.b - self.a).days
        if cost > 0:
            self.bill(day, name, "proration", cost, day, self.b)
        left = _cents(-cost)
        for bill in reversed(self.billed):
            if cost < 0 and bill.line == name:
                part = min(left, bill.unused(day))
                if part > 0:
                    self.credit(bill, part, day)
                    left -= part

    def give_back_all(self, name: str, day: dt.date) -> None:
        if self.lines[name].charge == "recurring":
            for bill in reversed(self.billed):
                if bill.line == name and bill.unused(day) > 0:
                    self.credit(bill, bill.unused(day), day)

    def credit(self, bill: _Bill, amount: Decimal, day: dt.date) -> None:
        bill.credits.append((day, amount))
        self.credited.append((day, bill, amount, Decimal(0)))

    def bill_once(self, name: str, line: _Line, day: dt.date) -> None:
        line.billed = True
        self.bill(
            day, name, "one_time", _cost(line.pricing, line.quantity) * (100 - line.discount) / 100, day, day
        )

    def bill(self, day: dt.date, name: str, kind: str, exact: Fraction, start: dt.date, end: dt.date) -> None:
        if _cents(exact) != 0:
            self.billed.append(_Bill(day, name, kind, _cents(exact), start, end))

    def rows(self) -> tuple[list[Row], list[Row]]:
        invoices = sorted({bill.invoice for bill in self.billed})
        number = {day: f"INV-{place}" for place, day in enumerate(invoices, start=1)}
        lines = [(b.invoice, (b.line, b.start, b.end, b.amount), b.kind) for b in self.billed]
        lines.sort(key=lambda one: (one[0], one[1]))
        billed = [(str(d), n, kind, str(a), str(s), str(e)) for d, (n, s, e, a), kind in lines]
        back = [(d, b.invoice, (b.line, d, b.end, a)) for d, b, a, _ in self.credited]
        back.sort()
        credited = [(str(d), number[i], n, str(a), str(s), str(e)) for d, i, (n, s, e, a) in back]
        return billed, credited


def _runs(daily: list[tuple[dt.date, Fraction]]) -> list[tuple[dt.date, dt.date, Fraction]]:
    """Consecutive days of one rate."""
    runs: list[tuple[dt.date, dt.date, Fraction]] = []
    for day, rate in daily:
        if runs and runs[-1][2] == rate and runs[-1][1] == day:
            runs[-1] = (runs[-1][0], day + DAY, rate)
        else:
            runs.append((day, day + DAY, rate))
    return runs
