"""What a currency is worth in another on a day, by the dated rates of one source. Pure.

The source has units of each currency for one of its base; any other pair goes across the base, exactly. The
figure that counts is the last by the day, and none that is older than the policy allows: banks publish no
rates at weekends, and nothing is guessed. Source: FINANCE.md, "Journal entries" (Currency).
"""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from canonical.document import CreditMemo, Invoice
from canonical.money import decimal_of
from canonical.policy import CurrencyTerms
from canonical.rates import RateInForce, SourcedRate
from rules.exchange import Exchange, NoExchangeRate

RATE_DECIMALS = 8
"""A rate on a document is a written figure, and documents and months must convert by the same one: so many
decimals are what ledgers hold (NetSuite's help, "Exchange Rate Field Limitations")."""


class RateTable:
    """The rates that count by the terms; those of other sources or bases are left out."""

    def __init__(self, terms: CurrencyTerms, rates: Iterable[SourcedRate]) -> None:
        self._terms = terms
        self._known: dict[str, list[SourcedRate]] = defaultdict(list)
        for rate in sorted(rates, key=lambda one: one.date):
            if rate.base == terms.rate_base and rate.source.startswith(terms.rate_source):
                self._known[rate.currency].append(rate)

    def exact(self, currency: str, into: str, day: dt.date) -> Fraction:
        """Units of `into` for one of `currency`. Raises NoExchangeRate, which names pair, day and way out."""
        return self._found(currency, into, day)[0]

    def in_force(self, currency: str, into: str, day: dt.date) -> RateInForce:
        """The rate as a document carries it, with where it comes from. Raises NoExchangeRate."""
        value, figures = self._found(currency, into, day)
        return RateInForce(
            currency=currency,
            into=into,
            day=day,
            rate=as_written(value),
            of=min((figure.date for figure in figures), default=day),
            source="; ".join(dict.fromkeys(figure.source for figure in figures)) or "one currency",
        )

    def _found(self, currency: str, into: str, day: dt.date) -> tuple[Fraction, list[SourcedRate]]:
        if currency == into:
            return Fraction(1), []
        figures = [
            self._figure(each, day, f"{currency}/{into}")
            for each in (into, currency)
            if each != self._terms.rate_base
        ]
        of = {figure.currency: Fraction(figure.rate) for figure in figures}
        return of.get(into, Fraction(1)) / of.get(currency, Fraction(1)), figures

    def _figure(self, currency: str, day: dt.date, pair: str) -> SourcedRate:
        known = self._known.get(currency, [])
        place = bisect_right(known, day, key=lambda one: one.date)
        terms = self._terms
        wanted = f"no exchange rate {pair} counts on {day}: {terms.rate_source}"
        way_out = "take it in with `q2c rates import FILE`, then retry"
        if place == 0:
            raise NoExchangeRate(f"{wanted} has none of {currency} by then; {way_out}")
        last = known[place - 1]
        if (day - last.date).days > terms.max_rate_age_days:
            raise NoExchangeRate(
                f"{wanted} has {currency} last on {last.date}, more than {terms.max_rate_age_days} days "
                f"before; {way_out}"
            )
        return last


def as_written(rate: Fraction) -> Decimal:
    """Rounded half away from zero to `RATE_DECIMALS`. Raises NoExchangeRate for one that is nothing then."""
    scale = 10**RATE_DECIMALS
    units = (2 * rate.numerator * scale + rate.denominator) // (2 * rate.denominator)
    if units == 0:
        raise NoExchangeRate(f"the exchange rate is below {RATE_DECIMALS} decimals, which no ledger holds")
    return decimal_of(Fraction(units, scale))


class BooksExchange(Exchange):
    """A contract's documents in its legal entity's books: each at the rate at which it is posted, else at the
    one of its day (a credit at its invoice's). `posted` are rates by the documents' keys.
    """

    def __init__(
        self, currency: str, terms: CurrencyTerms, table: RateTable, posted: Mapping[str, Decimal]
    ) -> None:
        super().__init__(currency, None)
        self.books = terms.functional_currency
        self.converts = self.books != currency
        self._table, self._posted = table, posted

    def rate(self, day: dt.date) -> Fraction:
        return Fraction(self._table.in_force(self.currency, self.books, day).rate)

    def rate_of(self, document: Invoice | CreditMemo) -> Fraction:
        invoice = document.key if isinstance(document, Invoice) else document.invoice_key
        for key in (document.key, invoice):
            if key in self._posted:
                return Fraction(self._posted[key])
        return super().rate_of(document)


def books_exchange(
    currency: str,
    terms: CurrencyTerms | None,
    rates: Iterable[SourcedRate] = (),
    posted: Mapping[str, Decimal] | None = None,
) -> Exchange:
    """Into the books of an entity by its terms (None: its books are in the contract's currency)."""
    if terms is None or terms.functional_currency == currency:
        return Exchange(currency, None)
    return BooksExchange(currency, terms, RateTable(terms, rates), posted or {})
