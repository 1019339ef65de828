"""What money from a bank is for: certain, or suggestions for a person.

Certain is only what names open invoices of one customer by structured reference or number and is exactly
what is open of them. Everything else is a suggestion, ranked, with its reason. Nothing is applied here, and
nothing suggested exceeds the receipt or what is open of an invoice. Pure, whatever the order of its input.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from canonical.bank import BankReceipt, CashMatch, InvoiceShare, Suggestion, SuggestionReason, Tolerance
from canonical.ids import contract_of_invoice
from canonical.money import format_amount, from_minor_units, round_amount, to_minor_units
from ports.receipts import OpenReceivable
from rules.cash_application import CashRefused

MOST_SUGGESTIONS = 8
_MOST_SUMMED = 16
"""Of one customer's invoices, those due first are tried in sums of up to `_LARGEST_SUM`, and all together."""
_LARGEST_SUM = 3
_SHORTEST_NUMBER = 3
"""A number of fewer letters and digits stands in a text by chance."""
_LEGAL_FORMS = frozenset(
    {
        *("ag", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "kg", "kk", "limited", "llc"),
        *("llp", "ltd", "nv", "oy", "plc", "pty", "sa", "sarl", "sas", "se", "spa", "srl", "the"),
    }
)
_RANKS: dict[SuggestionReason, int] = {
    "exact": 0,
    "within_tolerance": 1,
    "part_payment": 2,
    "over_payment": 2,
    "sum_of_invoices": 3,
    "amount": 4,
    "remitter": 5,
    "written_off": 6,
    "decided": 7,
}


def match(
    receipt: BankReceipt,
    receivables: Sequence[OpenReceivable],
    tolerance: Tolerance,
    written_off: Sequence[OpenReceivable] = (),
) -> CashMatch:
    """`receivables` are those of the receipt's entity and currency; `written_off` what of theirs is, which
    nothing settles before a person takes it back."""
    found = _Matching(receipt, receivables, tolerance).result()
    given_up = () if found.exact is not None else _Matching(receipt, written_off, tolerance).given_up()
    return found.model_copy(update={"suggestions": (*given_up, *found.suggestions)[:MOST_SUGGESTIONS]})


def choose(
    receipt: BankReceipt, receivables: Sequence[OpenReceivable], names: Mapping[str, Decimal | None]
) -> Suggestion:
    """A person's decision: the invoices by key or number, each with its share, or with None as much as is
    open and left. Raises CashRefused for an invoice that is not open, is not the only one of its number or is
    another customer's, and for more than is open of it or than came in.
    """
    items: dict[str, OpenReceivable] = {}
    for name in names:
        found = [each for each in receivables if name in (each.key, each.number)]
        if len(found) != 1:
            problem = "is open" if not found else "is the only one of this number: name its key"
            raise CashRefused("invoice", f"no invoice {name!r} of the entity and currency {problem}")
        items[name] = found[0]
    if len({item.customer_id for item in items.values()}) != 1:
        raise CashRefused("invoice", "they are of several customers: a receipt is of one")
    if len({item.key for item in items.values()}) < len(items):
        raise CashRefused("invoice", "one of them is named twice")
    currency, left = receipt.currency, receipt.amount
    shares: list[InvoiceShare] = []
    for name, amount in sorted(names.items(), key=lambda each: each[1] is None):
        item = items[name]
        share = round_amount(min(left, item.open) if amount is None else amount, currency)
        if (amount is not None and amount != share) or share <= 0 or share > min(left, item.open):
            raise CashRefused("amount", f"{amount or share} for {name}, of which {item.open} is open")
        left -= share
        shares.append(InvoiceShare(key=item.key, number=item.number, amount=share))
    return Suggestion(
        reason="decided",
        customer_id=next(iter(items.values())).customer_id,
        shares=tuple(shares),
        unapplied=round_amount(left, currency),
        words="decided by a person",
    )


class _Matching:
    def __init__(
        self, receipt: BankReceipt, receivables: Sequence[OpenReceivable], tolerance: Tolerance
    ) -> None:
        self.receipt, self.tolerance, self.currency = receipt, tolerance, receipt.currency
        self.amount = to_minor_units(receipt.amount, self.currency)
        self.open = {each.key: to_minor_units(each.open, self.currency) for each in receivables}
        self.items = sorted(
            (each for each in receivables if self.open[each.key] > 0), key=lambda r: (r.due_date, r.key)
        )
        self.by_customer: dict[str, list[OpenReceivable]] = defaultdict(list)
        for each in self.items:
            self.by_customer[each.customer_id].append(each)

    def result(self) -> CashMatch:
        exact = self._exact()
        if exact is not None:
            return CashMatch(exact=exact)
        found = [*self._named(), *self._sums(), *self._amounts(), *self._remitters()]
        best: dict[tuple[InvoiceShare, ...], Suggestion] = {}
        for each in sorted(found, key=self._rank):
            best.setdefault(each.shares, each)
        return CashMatch(suggestions=tuple(best.values())[:MOST_SUGGESTIONS])

    def given_up(self) -> tuple[Suggestion, ...]:
        """Of each customer whose written-off invoices are named: to be left on account, in any amount."""
        return tuple(
            Suggestion(
                reason="written_off",
                customer_id=meant[0].customer_id,
                shares=(),
                unapplied=self._decimal(self.amount),
                words=f"names {self._listed(meant)}: leave it on account of "
                f"{contract_of_invoice(meant[0].key)}, and it is asked whether the write-off is taken back",
            )
            for meant in self._meant()
        )

    def _listed(self, items: Sequence[OpenReceivable]) -> str:
        return ", ".join(
            f"{self._text(self.open[each.key])} of {each.key}, which was written off" for each in items
        )

    def _rank(self, found: Suggestion) -> tuple[int, bool, int, tuple[str, ...]]:
        first = self.by_customer[found.customer_id][0]
        keys = tuple(share.key for share in found.shares)
        return _RANKS[found.reason], not self._is_remitter(first), len(keys), keys

    def _exact(self) -> Suggestion | None:
        """By what the remitter gave as references, else by numbers in the text. References that name nothing
        open, or numbers that two invoices have, are for a person."""
        if self.receipt.references:
            named = [self._of_reference(each) for each in self.receipt.references]
            if any(len(each) != 1 for each in named):
                return None
            items = list({item.key: item for [item] in named}.values())
        else:
            items = self._in_text()
            if len({_folded(item.number or "") for item in items}) < len(items):
                return None
        if not items or len({item.customer_id for item in items}) > 1:
            return None
        if sum(self.open[item.key] for item in items) != self.amount:
            return None
        return self._suggestion("exact", self._in_order(items), "names the invoice and is what is open of it")

    def _of_reference(self, reference: str) -> list[OpenReceivable]:
        wanted = _folded(reference)
        return [each for each in self.items if wanted in (_folded(each.number or ""), _folded(each.key))]

    def _in_text(self) -> list[OpenReceivable]:
        text = self.receipt.text
        folded = _folded(text)  # asked first: there may be thousands of numbers, and nearly none stands there
        return [
            each
            for each in self.items
            if each.number is not None and _folded(each.number) in folded and _stands_in(each.number, text)
        ]

    def _in_order(self, items: Iterable[OpenReceivable]) -> list[OpenReceivable]:
        keys = {item.key for item in items}
        return [item for item in self.items if item.key in keys]

    def _named(self) -> Iterator[Suggestion]:
        """Of each customer whose invoices are named, those; the one due first takes the money first."""
        for meant in self._meant():
            yield self._suggestion(*self._difference(meant))

    def _meant(self) -> Iterator[list[OpenReceivable]]:
        """Of each customer, the invoices that are named."""
        named = {item.key for each in self.receipt.references for item in self._of_reference(each)}
        named |= {item.key for item in self._in_text()}
        for items in self.by_customer.values():
            if meant := [item for item in items if item.key in named]:
                yield meant

    def _difference(self, items: list[OpenReceivable]) -> tuple[SuggestionReason, list[OpenReceivable], str]:
        owed = sum(self.open[item.key] for item in items)
        left = owed - self.amount
        if not left:
            return "exact", items, "names the invoice and is what is open of it, but not without doubt"
        words = f"names the invoice and is {self._text(abs(left))} {'less' if left > 0 else 'more'} than open"
        if self._is_tolerated(abs(left), owed):
            return "within_tolerance", items, f"{words}, within tolerance"
        return ("part_payment" if left > 0 else "over_payment"), items, words

    def _is_tolerated(self, difference: int, owed: int) -> bool:
        by_percent = difference * 100 <= self.tolerance.percent * owed
        return by_percent and difference <= to_minor_units(self.tolerance.amount, self.currency)

    def _sums(self) -> Iterator[Suggestion]:
        """Several invoices of one customer that add up to the amount: all, those due first, or a few."""
        for items in self.by_customer.values():
            for meant in self._adding_up(items):
                words = f"is the sum of {len(meant)} invoices of one customer"
                yield self._suggestion("sum_of_invoices", meant, words)

    def _adding_up(self, items: list[OpenReceivable]) -> Iterator[list[OpenReceivable]]:
        together = 0
        for count, item in enumerate(items, 1):
            together += self.open[item.key]
            if count > 1 and together == self.amount:
                yield items[:count]
        for size in range(2, _LARGEST_SUM + 1):
            for few in combinations(items[:_MOST_SUMMED], size):
                if sum(self.open[item.key] for item in few) == self.amount:
                    yield list(few)

    def _amounts(self) -> Iterator[Suggestion]:
        for item in self.items:
            if self.open[item.key] == self.amount:
                yield self._suggestion("amount", [item], "is what is open of the invoice; nothing names it")

    def _remitters(self) -> Iterator[Suggestion]:
        for items in self.by_customer.values():
            if self._is_remitter(items[0]):
                words = "comes from the customer by name; what is due first is settled first"
                yield self._suggestion("remitter", items, words)

    def _is_remitter(self, item: OpenReceivable) -> bool:
        given = _words(self.receipt.remitter or "")
        return any(_same_name(given, _words(name)) for name in item.customer_names)

    def _suggestion(
        self, reason: SuggestionReason, items: Sequence[OpenReceivable], words: str
    ) -> Suggestion:
        left, shares = self.amount, []
        for item in items:
            part = min(left, self.open[item.key])
            if part > 0:
                shares.append(InvoiceShare(key=item.key, number=item.number, amount=self._decimal(part)))
                left -= part
        return Suggestion(
            reason=reason,
            customer_id=items[0].customer_id,
            shares=tuple(shares),
            unapplied=self._decimal(left),
            words=words,
        )

    def _decimal(self, units: int) -> Decimal:
        return from_minor_units(units, self.currency)

    def _text(self, units: int) -> str:
        return format_amount(self._decimal(units), self.currency)


def _folded(name: str) -> str:
    """A number without what people and banks change about it: case, spaces, dashes."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _stands_in(number: str, text: str) -> bool:
    """Whether the number stands in the text as a whole: 17-1 neither in 17-12 nor in 17-1-2. A space or dash
    in it may be missing or be another one."""
    runs = re.findall(r"[^\W_]+", number.casefold())
    if sum(len(run) for run in runs) < _SHORTEST_NUMBER:
        return False
    inner = r"[\s._/-]?".join(re.escape(run) for run in runs)
    before, after = r"(?<![^\W_])(?<![^\W_][._/-])", r"(?![._/-]?[^\W_])"
    return re.search(before + inner + after, text.casefold()) is not None


def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", name.casefold())) - _LEGAL_FORMS


def _same_name(given: frozenset[str], known: frozenset[str]) -> bool:
    """Banks cut names off and leave out the legal form: one holds the other's words."""
    both = given & known
    return any(len(word) > 2 for word in both) and both in (given, known)
