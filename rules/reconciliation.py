"""Where the sides of a period differ: each document held against its counterpart, each break typed.

Pure: listings come in, totals and breaks go out, whatever the order of the entries. A document belongs to the
period of its own date. Of one document one side at most is the odd one out: a wrong total on the billing
platform is one break there, not another one in the ledger. Source: FINANCE.md, DESIGN.md ("Money and truth").
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from canonical.money import difference, minor_unit_digits, total, zero
from canonical.reconciliation import (
    SIDES,
    Break,
    BreakType,
    Entry,
    PeriodListings,
    Reconciliation,
    ReconciliationTerms,
    Side,
)
from rules.break_proposals import Finding, described
from rules.calendar import month_key
from rules.cash_breaks import over_settled, paid_twice
from rules.period_cash import LINE, is_of_a_bank

_NAMED: tuple[tuple[Side, Side], ...] = (
    ("receipts", "cash"),
    ("bank", "receipts"),
    ("bank", "payouts"),
    ("applied", "receipts"),
    ("recognized", "revenue"),
)
"""Sides whose entries carry the key of their counterpart's: side, against."""

Grouped = dict[str, list[Entry]]


def reconcile(listings: PeriodListings, terms: ReconciliationTerms) -> tuple[Reconciliation, ...]:
    """One result for each currency, in order of currency. Says nothing of sides that were not listed."""
    books = _Books(listings, terms)
    found = sorted(set(books.findings()), key=lambda one: (one.document, one.side, one.type, one.effect))
    currencies = {entry.currency for entry in books.of_period()} | {one.currency for one in found}
    return tuple(
        Reconciliation(
            entity=listings.entity,
            period=listings.period,
            currency=currency,
            sides=books.totals(currency),
            breaks=tuple(_break(listings, one, terms) for one in found if one.currency == currency),
        )
        for currency in sorted(currencies)
    )


def _break(listings: PeriodListings, finding: Finding, terms: ReconciliationTerms) -> Break:
    rule = terms.breaks[finding.type]
    if finding.side == "bank" and finding.document.startswith(LINE) and terms.bank_debits is not None:
        rule = terms.bank_debits
    return described(finding, listings.entity, listings.period, rule)


@dataclass(frozen=True)
class _Books:
    """The listings, and what is found in them."""

    listings: PeriodListings
    terms: ReconciliationTerms

    def of_period(self) -> Iterator[Entry]:
        """What counts in the period: no drafts, but all that a contract makes due."""
        for entry in self.listings.entries:
            counts = entry.unfinished is None or entry.side == "bookings"
            if counts and self._in_period(entry):
                yield entry

    def totals(self, currency: str) -> dict[Side, Decimal]:
        held = [entry for entry in self.of_period() if entry.currency == currency]
        return {
            side: total((entry.total for entry in held if entry.side == side), currency)
            for side in SIDES
            if side in self.listings.sides
        }

    def findings(self) -> Iterator[Finding]:
        by_side = {side: self._grouped(side) for side in SIDES}
        keys = {key for side in ("bookings", "billings", "tax", "receivables") for key in by_side[side]}
        for key in sorted(keys):
            yield from self._document({side: by_side[side].get(key, []) for side in SIDES})
        for side, against in _NAMED:
            if side in self.listings.sides and against in self.listings.sides:
                for key in sorted(by_side[side].keys() | by_side[against].keys()):
                    held, expected = by_side[side].get(key, []), by_side[against].get(key, [])
                    paid = _first(by_side["cash"].get(key, [])) if side == "applied" else None
                    if _are_held_together(side, against, key):
                        for found in self._counterparts(side, against, held, expected):
                            yield replace(found, paid=paid)
        yield from self._money(by_side)
        yield from self._general_ledger(by_side)

    def _grouped(self, side: Side) -> Grouped:
        """By our key; an entry without one stands for itself, or for the document whose number it carries."""
        groups: Grouped = defaultdict(list)
        numbers = self._numbers() if side == "receivables" else {}
        for entry in sorted(self.listings.entries, key=lambda one: (one.key is None, one.id, one.total)):
            if entry.side == side:
                known = numbers.get(entry.number or "") if entry.key is None else None
                groups[known or _name(entry)].append(entry)
        return groups

    def _numbers(self) -> dict[str, str]:
        """The billing platform's document numbers, and whose they are."""
        billed = (entry for entry in self.listings.entries if entry.side == "billings")
        return {entry.number: _name(entry) for entry in billed if entry.number is not None}

    def _in_period(self, entry: Entry) -> bool:
        return month_key(entry.date) == self.listings.period

    # -- documents: bookings, billings, tax, receivables -------------------------------------------

    def _document(self, held: Grouped) -> Iterator[Finding]:
        """One document over the four sides that list it."""
        booked, issued = _first(held["bookings"]), _first(_final(held["billings"]))
        posted, committed = _first(held["receivables"]), _first(held["tax"])
        for side in ("billings", "receivables", "tax"):
            yield from self._surplus(side, held[side])
        if booked is not None and issued is None:
            draft = _first([entry for entry in held["billings"] if entry.unfinished is not None])
            yield from self._absent("billings", booked, draft)
        elif booked is None and issued is not None:
            yield from self._unmatched("billings", "bookings", issued)
        elif booked is not None and issued is not None:
            yield from self._compared("billings", "bookings", issued, booked, with_tax=False)
        reference = issued or booked
        is_due = booked is not None and issued is not None
        if not _is_odd(issued, booked, posted):
            yield from self._receivable(posted, reference, is_due=is_due)
        if _has_odd_tax(issued, committed, posted):
            yield from self._tax_finding("billings", issued, committed)
        else:
            yield from self._receivable_tax(posted, reference)
            yield from self._taxed(committed, reference, is_due=is_due)

    def _receivable(
        self, posted: Entry | None, reference: Entry | None, *, is_due: bool
    ) -> Iterator[Finding]:
        """`is_due`: the document is expected and issued, so that it must be posted."""
        if posted is None:
            if is_due and reference is not None:
                yield from self._absent("receivables", reference, None)
        elif reference is None:
            yield from self._unmatched("receivables", "billings", posted)
        else:
            yield from self._compared("receivables", "billings", posted, reference, with_tax=True)
            yield from self._posting_period(posted, reference)

    def _receivable_tax(self, posted: Entry | None, reference: Entry | None) -> Iterator[Finding]:
        """Posted with the right net and another tax."""
        if posted is None or reference is None or not _same_net(posted, reference):
            return
        if posted.tax != reference.tax:
            yield from self._tax_finding("receivables", posted, reference)

    def _taxed(self, committed: Entry | None, reference: Entry | None, *, is_due: bool) -> Iterator[Finding]:
        """The tax engine's document: its tax is what was billed."""
        if committed is None:
            if is_due:
                yield from self._tax_finding("tax", None, reference)
        elif reference is not None and committed.currency != reference.currency:
            yield from self._compared("tax", "billings", committed, reference, with_tax=False)
        elif reference is None or committed.tax != reference.tax:
            yield from self._tax_finding("tax", committed, reference)

    def _tax_finding(self, side: Side, held: Entry | None, expected: Entry | None) -> Iterator[Finding]:
        one = expected or held
        if one is None or side not in self.listings.sides or not self._in_period(one):
            return
        none = zero(one.currency)
        effect = difference(held.tax if held else none, expected.tax if expected else none, one.currency)
        against: Side = "tax" if side == "billings" else "billings"
        yield Finding("tax", side, against, held, expected, effect, one.currency)

    # -- counterparts by key ----------------------------------------------------------------------

    def _counterparts(
        self, side: Side, against: Side, held: Sequence[Entry], expected: Sequence[Entry]
    ) -> Iterator[Finding]:
        """Two sides that name each other's entries: receipts and cash, recognized and earned revenue."""
        yield from self._surplus(side, held)
        first, reference = _first(held), _first(expected)
        if first is None and reference is not None:
            yield from self._absent(side, reference, None)
        elif first is not None and reference is None:
            yield from self._unmatched(side, against, first)
        elif first is not None and reference is not None:
            yield from self._compared(side, against, first, reference, with_tax=False)
            yield from self._posting_period(first, reference)

    def _money(self, by_side: Mapping[Side, Grouped]) -> Iterator[Finding]:
        """Invoices that are settled with too much, or were paid twice."""
        posted = {name: group[0] for name, group in by_side["receivables"].items()}
        issued = {name: group[0] for name, group in by_side["billings"].items()}
        applied = {name: group[0] for name, group in by_side["applied"].items()}
        paid = [entry for group in by_side["cash"].values() for entry in group]
        for found in (*over_settled(applied.values(), posted), *paid_twice(paid, issued, applied)):
            if self._in_period(found.entry):
                yield found

    def _general_ledger(self, by_side: Mapping[Side, Grouped]) -> Iterator[Finding]:
        """Each posted document has its lines in the general ledger, and nobody else's lines are there."""
        lines = {entry.id: entry for entry in self.listings.entries if entry.side == "ledger"}
        documents = {e.id: (name, e) for name, group in by_side["receivables"].items() for e in group}
        for id_ in sorted(lines.keys() | documents.keys()):
            line = lines.get(id_)
            name, document = documents.get(id_, ("", None))
            if document is None:
                if line is not None and line.key is None:
                    yield from self._unmatched("ledger", "receivables", line)
            elif line is None:
                yield from self._absent("ledger", document, None)
            elif line.total != _reference_total(by_side, name):
                gross = line.model_copy(update={"tax": document.tax})  # the account knows no tax of its own
                yield from self._compared("ledger", "receivables", gross, document, with_tax=False)

    # -- what can be wrong with one entry -----------------------------------------------------------

    def _surplus(self, side: Side, held: Sequence[Entry]) -> Iterator[Finding]:
        """All but the first that count under one key."""
        counted = _final(held)
        for entry in counted[1:]:
            if self._in_period(entry):
                yield Finding("duplicate", side, side, entry, counted[0], entry.total, entry.currency)

    def _absent(self, side: Side, reference: Entry, draft: Entry | None) -> Iterator[Finding]:
        if side in self.listings.sides and self._in_period(reference):
            effect = difference(_zero(reference), reference.total, reference.currency)
            yield Finding("missing", side, reference.side, draft, reference, effect, reference.currency)

    def _unmatched(self, side: Side, against: Side, entry: Entry) -> Iterator[Finding]:
        if self._in_period(entry):
            yield Finding("unmatched_entry", side, against, entry, None, entry.total, entry.currency)

    def _compared(
        self, side: Side, against: Side, held: Entry, expected: Entry, *, with_tax: bool
    ) -> Iterator[Finding]:
        """Currency, then period, then net amount: the first that differs is what is wrong. `with_tax`: the
        effect is on the gross.
        """
        here, there = self._in_period(held), self._in_period(expected)
        if held.currency != expected.currency:
            if there:
                effect = difference(_zero(expected), expected.total, expected.currency)
                yield Finding("currency", side, against, held, expected, effect, expected.currency)
            return
        if here != there:
            effect = held.total if here else difference(_zero(held), held.total, held.currency)
            yield Finding("wrong_period", side, against, held, expected, effect, held.currency)
        if not there:
            return
        by = difference(_net(held), _net(expected), held.currency)
        if by != 0:
            type_: BreakType = "rounding" if self._is_rounding(by, held.currency) else "amount"
            effect = difference(held.total, expected.total, held.currency) if with_tax else by
            yield Finding(type_, side, against, held, expected, effect, held.currency)

    def _posting_period(self, entry: Entry, reference: Entry) -> Iterator[Finding]:
        """Posted in another month than its own, although that was open; before it, never."""
        if entry.posted_in is None or entry.date != reference.date or not self._in_period(entry):
            return
        late = entry.posted_in > self.listings.period
        if entry.posted_in < self.listings.period or (late and self.listings.open_in_erp):
            against = reference.side
            yield Finding("wrong_period", entry.side, against, entry, reference, entry.total, entry.currency)

    def _is_rounding(self, by: Decimal, currency: str) -> bool:
        return abs(by).scaleb(minor_unit_digits(currency)) <= self.terms.rounding_minor_units


def _are_held_together(side: Side, against: Side, key: str) -> bool:
    """Of the ledger's receipts, those of a bank are on its statements, the rest at the payment platform."""
    match side, against:
        case "receipts", "cash":
            return not is_of_a_bank(key)
        case "bank", "receipts":
            return is_of_a_bank(key)
        case "bank", "payouts":
            return key.startswith("payout/")
        case _:
            return True


def _name(entry: Entry) -> str:
    return entry.key if entry.key is not None else f"{entry.platform}:{entry.id}"


def _first(entries: Sequence[Entry]) -> Entry | None:
    return entries[0] if entries else None


def _final(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.unfinished is None]


def _zero(entry: Entry) -> Decimal:
    return zero(entry.currency)


def _net(entry: Entry) -> Decimal:
    return difference(entry.total, entry.tax, entry.currency)


def _same_net(one: Entry | None, other: Entry | None) -> bool:
    if one is None or other is None or one.currency != other.currency:
        return False
    return _net(one) == _net(other)


def _is_odd(issued: Entry | None, booked: Entry | None, posted: Entry | None) -> bool:
    """The billing platform alone has another net, and is found out against the bookings."""
    return issued is not None and _same_net(posted, booked) and not _same_net(posted, issued)


def _has_odd_tax(issued: Entry | None, committed: Entry | None, posted: Entry | None) -> bool:
    """The billing platform alone has another tax."""
    if issued is None or committed is None or posted is None or not _same_net(issued, posted):
        return False
    return committed.tax == posted.tax != issued.tax


def _reference_total(by_side: Mapping[Side, Grouped], name: str) -> Decimal | None:
    """What was billed, or is expected, under the name: a ledger line that agrees with it is not at fault."""
    reference = _first(_final(by_side["billings"].get(name, []))) or _first(by_side["bookings"].get(name, []))
    return None if reference is None else reference.total
