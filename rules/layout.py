"""Lays a contract and its changes out in time, and refuses a change that does not fit what it meets.

`Layout.apply` takes the changes in the order of `rules.changes.steps`. Source: FINANCE.md, "Renewal",
"Cancellation", "Amendments" and "What is refused".
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from canonical.change import Amendment, AmendmentLine, Cancellation, Renewal, Transfer
from canonical.contract import Contract, LineTerms
from rules.calendar import add_months
from rules.changes import RampTurn, Step, opening_price
from rules.timeline import Customer, LineLife, LineState, Term, Timeline


class ChangeRefused(ValueError):
    """The change does not fit the contract as it stands; `path` is the field inside the change."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


def lay_out(
    contract: Contract,
    steps: Iterable[Step],
    horizon: dt.date,
    uplifts: Mapping[str, Fraction] | None = None,
    customer: Customer | None = None,
) -> Timeline:
    """The timeline of the contract with these steps, automatic renewals included up to the horizon.

    `uplifts` are those that lines bring along into a merged contract, `customer` is whom it has from the
    beginning, with the tax that is that customer's own. Raises ChangeRefused, BeyondCalendar.
    """
    layout = Layout(contract, uplifts or {}, customer)
    for step in steps:
        layout.apply(step)
    return layout.finish(horizon)


def lay_out_fitting(
    contract: Contract,
    steps: Iterable[Step],
    horizon: dt.date,
    uplifts: Mapping[str, Fraction],
    customer: Customer | None = None,
) -> Timeline:
    """The same without the steps that wait for one that is not among these (a line to be added)."""
    layout = Layout(contract, uplifts, customer)
    for step in steps:
        with suppress(ChangeRefused):
            layout.apply(step)
    return layout.finish(horizon)


def fitting(
    contract: Contract,
    steps: Iterable[Step],
    uplifts: Mapping[str, Fraction],
    customer: Customer | None = None,
) -> frozenset[str]:
    """The ids of the changes that wait for none that is not among these."""
    layout = Layout(contract, uplifts, customer)
    fit: set[str] = set()
    for step in steps:
        with suppress(ChangeRefused):
            layout.apply(step)
            if not isinstance(step.change, RampTurn):
                fit.add(step.change.id)
    return frozenset(fit)


def uplift_factor(contract: Contract, renewal: Renewal | None) -> Fraction:
    """1 + uplift/100 of the renewal, else of the contract's renewal terms, else 1."""
    percent = renewal.uplift_percent if renewal is not None else None
    if percent is None and contract.renewal is not None:
        percent = contract.renewal.uplift_percent
    return Fraction(1) if percent is None else 1 + Fraction(percent) / 100


def opening_life(line: str, terms: LineTerms, start: dt.date, uplift: Fraction = Fraction(1)) -> LineLife:
    state = LineState(
        pricing=opening_price(terms, start),
        quantity=Decimal(1) if terms.quantity is None else terms.quantity,
        discount_percent=Decimal(0) if terms.discount_percent is None else terms.discount_percent,
        uplift=uplift,
    )
    return LineLife(line, terms, start, None, ((start, state),))


class Layout:
    """The contract as it stands after the changes applied so far."""

    def __init__(
        self, contract: Contract, uplifts: Mapping[str, Fraction], customer: Customer | None = None
    ) -> None:
        start = contract.start_date
        self.contract = contract
        self.lines: dict[str, LineLife] = {
            line.id: opening_life(line.id, line, start, uplifts.get(line.id, Fraction(1)))
            for line in contract.lines
        }
        self.terms = [self._term("initial", start, 0, contract.term_months)]
        self.customers = [customer or Customer(start, contract.account, None)]
        self.cancellation: Cancellation | None = None

    def apply(self, step: Step) -> None:
        """Raises ChangeRefused and leaves everything as it was, where the change does not fit."""
        day, change = step.effective, step.change
        if isinstance(change, RampTurn):
            self._turn(change)
            return
        if day < self.contract.start_date:
            raise ChangeRefused(
                "effective_date", f"{day} is before the contract's start {self.contract.start_date}"
            )
        if self.cancellation is not None:
            raise ChangeRefused(
                "effective_date", f"the contract is cancelled from {self.cancellation.effective_date} on"
            )
        self._renew_automatically(day, including_the_day=not isinstance(change, Renewal))
        end = self.terms[-1].end
        if end is not None and day > end:
            raise ChangeRefused("effective_date", f"{day} is after the contract's end {end}")
        match change:
            case Renewal():
                self._renew(change)
            case Transfer():
                self._transfer(change)
            case Amendment():
                self._amend(change)
            case Cancellation():
                self._cancel(change)
            case _:
                raise ChangeRefused(
                    "type", "a merge makes another contract and can't be laid out in this one"
                )

    def finish(self, horizon: dt.date) -> Timeline:
        if self.cancellation is None:
            self._renew_automatically(horizon, including_the_day=True)
        return Timeline(
            self.contract, tuple(self.terms), dict(self.lines), tuple(self.customers), self.cancellation
        )

    def _term(self, origin: str, anchor: dt.date, first_month: int, months: int | None) -> Term:
        start = add_months(anchor, first_month)
        end = None if months is None else add_months(anchor, first_month + months)
        return Term(origin, anchor, first_month, months, start, end, end)

    def _next_term(self, origin: str, months: int | None) -> Term:
        last = self.terms[-1]
        if last.months is None:
            raise ValueError("an evergreen term has no next one")
        return self._term(origin, last.anchor, last.first_month + last.months, months)

    def _uplift(self, day: dt.date, factor: Fraction) -> None:
        if factor == 1:
            return
        for life in self.lines.values():
            if life.terms.charge == "recurring" and life.lives_on(day):
                state = life.state_on(day)
                self.lines[life.id] = life.with_state(day, replace(state, uplift=state.uplift * factor))

    def _renew_automatically(self, day: dt.date, including_the_day: bool) -> None:
        """Renews at every end of a term before the day (or on it), where the contract renews by itself."""
        renewal = self.contract.renewal
        while renewal is not None and renewal.auto:
            end = self.terms[-1].end
            if end is None or end > day or (end == day and not including_the_day):
                return
            months = self._renewal_months(None)
            self.terms.append(self._next_term(f"renewed:{end}", months))
            self._uplift(end, uplift_factor(self.contract, None))

    def _renewal_months(self, change: Renewal | None) -> int | None:
        """The new term's months, None for evergreen; what the renewal does not say, the contract does."""
        said = change.term_months if change is not None else None
        if said is None and self.contract.renewal is not None:
            said = self.contract.renewal.term_months
        if said is None:
            raise ChangeRefused("term_months", "needed, since the contract's renewal says no term")
        return None if said == "evergreen" else said

    def _renew(self, change: Renewal) -> None:
        day, last = change.effective_date, self.terms[-1]
        if last.origin != "initial" and day == last.start:
            raise ChangeRefused("effective_date", f"the contract is already renewed on {day}")
        months = self._renewal_months(change)
        if day == last.end:
            self.terms.append(self._next_term(f"renewed:{day}", months))
        else:
            early = self._term(f"early:{day}", day, 0, months)
            self.terms[-1] = replace(last, stop=day)
            self.terms.append(early)
        self._uplift(day, uplift_factor(self.contract, change))

    def _transfer(self, change: Transfer) -> None:
        day, percent = change.effective_date, change.tax_rate_percent
        self.customers.append(Customer(day, change.account, percent, change.tax_rates))

    def _cancel(self, change: Cancellation) -> None:
        self.terms[-1] = replace(self.terms[-1], stop=change.effective_date)
        self.cancellation = change

    def _turn(self, turn: RampTurn) -> None:
        life = self.lines.get(turn.line)
        end = None if self.cancellation is None else self.cancellation.effective_date
        if life is None or not life.follows_ramp or (end is not None and end <= turn.effective_date):
            return
        self._renew_automatically(turn.effective_date, including_the_day=True)
        if life.lives_on(turn.effective_date):
            life = self.lines[turn.line]
            state = replace(life.state_on(turn.effective_date), pricing=turn.pricing)
            self.lines[turn.line] = life.with_state(turn.effective_date, state)

    def _amend(self, change: Amendment) -> None:
        day = change.effective_date
        lines = dict(self.lines)
        for index, entry in enumerate(change.lines):
            lines[entry.id] = self._amended(entry, day, f"lines[{index}]")
        self.lines = lines

    def _amended(self, entry: AmendmentLine, day: dt.date, path: str) -> LineLife:
        life = self.lines.get(entry.id)
        if entry.add is not None:
            if life is not None:
                raise ChangeRefused(f"{path}.id", f"the contract has, or had, a line {entry.id!r} already")
            return opening_life(entry.id, entry.add, day)
        if life is None or not life.lives_on(day):
            raise ChangeRefused(f"{path}.id", f"there is no line {entry.id!r} on {day}")
        if life.terms.charge == "one_time":
            raise ChangeRefused(f"{path}.id", f"{entry.id!r} is a one-time line; what is billed of it stays")
        if entry.remove is not None:
            return life.ended(day)
        return _with_new_figures(life, entry, day, path)


def _with_new_figures(life: LineLife, entry: AmendmentLine, day: dt.date, path: str) -> LineLife:
    if entry.quantity is not None and life.terms.charge == "usage":
        raise ChangeRefused(f"{path}.quantity", f"{entry.id!r} is a usage line: its quantity is what is used")
    state = life.state_on(day)
    if entry.quantity is not None:
        state = replace(state, quantity=entry.quantity)
    if entry.discount_percent is not None:
        state = replace(state, discount_percent=entry.discount_percent)
    if entry.pricing is not None:
        state = replace(state, pricing=entry.pricing, uplift=Fraction(1))
        life = replace(life, follows_ramp=False)
    if state.pricing.model == "flat" and state.quantity != 1:
        field = "quantity" if entry.quantity is not None else "pricing.model"
        raise ChangeRefused(f"{path}.{field}", "a flat price has the quantity 1; use per_unit for others")
    return life.with_state(day, state)
