"""What the contract's currency is worth in the books' currency on a day.

Without `fx` in the scenario both are one, and nothing is converted. Source: FINANCE.md, "Journal entries".
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from canonical.document import CreditMemo, DocumentLine, Invoice
from canonical.money import Exact, from_minor_units, to_minor_units, total
from canonical.scenario import Fx


class NoExchangeRate(ValueError):
    """No exchange rate is in force on the day."""


class Exchange:
    """Converts amounts of the contract's currency into minor units of the books' currency."""

    def __init__(self, currency: str, fx: Fx | None) -> None:
        self.currency = currency
        self.converts = fx is not None and fx.functional_currency != currency
        self.books = fx.functional_currency if fx is not None else currency
        self._rates = (
            sorted(((r.date, r.rate) for r in fx.rates), key=lambda r: r[0]) if fx is not None else []
        )

    def rate(self, day: dt.date) -> Fraction:
        """The last rate by the day, books' currency for one of the contract's. Raises NoExchangeRate."""
        if not self.converts:
            return Fraction(1)
        begun: list[Decimal] = [rate for since, rate in self._rates if since <= day]
        if not begun:
            raise NoExchangeRate(f"no exchange rate is in force on {day}")
        return Fraction(begun[-1])

    def units(self, amount: Exact, rate: Fraction) -> int:
        """The amount in minor units of the books' currency at the rate, rounded half away from zero."""
        return to_minor_units(Fraction(amount) * rate, self.books)

    def convert_units(self, units: int, rate: Fraction) -> int:
        """Minor units of the contract's currency in minor units of the books'."""
        return self.units(from_minor_units(units, self.currency), rate)

    def documents(
        self, issued: tuple[Sequence[Invoice], Sequence[CreditMemo]]
    ) -> tuple[Sequence[Invoice], Sequence[CreditMemo]]:
        """All of them in the books' currency."""
        invoices, memos = issued
        return [self.invoice(invoice) for invoice in invoices], [self.credit_memo(memo) for memo in memos]

    def invoice(self, invoice: Invoice) -> Invoice:
        """The invoice in the books' currency, at the rate of its date."""
        return invoice.model_copy(update=self._converted(invoice.lines, self.rate_of(invoice)))

    def credit_memo(self, memo: CreditMemo) -> CreditMemo:
        """The credit memo in the books' currency, at the rate of the invoice that it credits."""
        return memo.model_copy(update=self._converted(memo.lines, self.rate_of(memo)))

    def rate_of(self, document: Invoice | CreditMemo) -> Fraction:
        """A document's own rate. Raises NoExchangeRate."""
        return self.rate(document.date if isinstance(document, Invoice) else document.tax_date)

    def _converted(self, lines: tuple[DocumentLine, ...], rate: Fraction) -> dict[str, object]:
        """Each line rounded by itself, the document their sum: so it balances to the minor unit."""
        converted = tuple(
            line.model_copy(
                update={"amount": self._amount(line.amount, rate), "tax": self._amount(line.tax, rate)}
            )
            for line in lines
        )
        subtotal = total((line.amount for line in converted), self.books)
        tax = total((line.tax for line in converted), self.books)
        return {
            "currency": self.books,
            "lines": converted,
            "subtotal": subtotal,
            "tax": tax,
            "total": total((subtotal, tax), self.books),
        }

    def _amount(self, amount: Decimal, rate: Fraction) -> Decimal:
        return from_minor_units(self.units(amount, rate), self.books)
