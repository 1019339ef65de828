"""What a valid scenario comes to: its documents, and what they, the payments and the months do to the books.

Source: FINANCE.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from canonical.scenario import Scenario
from rules import recognition
from rules.billing_plan import Documents, documents
from rules.calendar import BeyondCalendar
from rules.exchange import Exchange, NoExchangeRate
from rules.ledger import Ledger, PaymentRefused
from rules.postings import Posting, in_order
from rules.problems import InvalidScenario
from rules.revenue import MonthEarned, by_month, earnings


@dataclass(frozen=True)
class Outcome:
    """`months` is what is earned in the contract's currency; `postings` are in the books' currency, in
    order.
    """

    documents: Documents
    months: tuple[MonthEarned, ...]
    postings: tuple[Posting, ...]
    books_currency: str


def outcome(scenario: Scenario) -> Outcome:
    """Everything by `as_of`. Raises InvalidScenario for what only shows in the documents: the calendar's
    end, a missing exchange rate, a payment that can't be what it says.
    """
    try:
        return _outcome(scenario)
    except BeyondCalendar:
        raise InvalidScenario(
            [("as_of", "the contract has periods or due dates after the year 9999")]
        ) from None
    except NoExchangeRate as reason:
        raise InvalidScenario([("fx.rates", str(reason))]) from None
    except PaymentRefused as reason:
        raise InvalidScenario([(f"payments[{reason.index}].{reason.field}", reason.message)]) from None


def _outcome(scenario: Scenario) -> Outcome:
    closed = frozenset(scenario.periods.closed if scenario.periods is not None else ())
    currency = scenario.contract.currency
    issued = documents(scenario.contract, scenario.changes, scenario.usage, scenario.as_of, closed)
    exchange = Exchange(currency, scenario.fx)
    posted = _postings(scenario, issued, exchange, closed)
    return Outcome(
        issued,
        tuple(by_month(earnings(issued.invoices, issued.credit_memos), currency)),
        tuple(in_order(posted, scenario.as_of)),
        exchange.books,
    )


def _postings(
    scenario: Scenario, issued: Documents, exchange: Exchange, closed: frozenset[str]
) -> Iterable[Posting]:
    invoices = [exchange.invoice(invoice) for invoice in issued.invoices]
    memos = [exchange.credit_memo(memo) for memo in issued.credit_memos]
    earned = by_month(earnings(invoices, memos), exchange.books)
    yield from Ledger(scenario, exchange, closed).postings(issued.invoices, issued.credit_memos)
    yield from recognition.postings(earned, exchange.books, closed)
