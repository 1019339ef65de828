"""What a valid scenario comes to: its documents, and what they, the payments and the months do to the books.

Source: FINANCE.md.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from canonical.change import ContractChange
from canonical.scenario import Scenario
from rules import recognition
from rules.allocation import Issued, arrange
from rules.billing_plan import Documents, documents
from rules.calendar import BeyondCalendar
from rules.exchange import Exchange, NoExchangeRate
from rules.joined import earned_beside
from rules.ledger import Ledger, PaymentRefused
from rules.merge import Part, parts
from rules.postings import Posting, in_order
from rules.problems import InvalidScenario
from rules.revenue import MonthEarned, by_month


@dataclass(frozen=True)
class Outcome:
    """`months` are in the contract's currency, `postings` in the books', in the order in which they stand."""

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
    contract, as_of = scenario.contract, scenario.as_of
    issued = documents(contract, scenario.changes, scenario.usage, as_of, closed)
    exchange = Exchange(contract.currency, scenario.fx)
    involved = parts(contract, scenario.changes, as_of)
    arranged = arrange(
        involved, (issued.invoices, issued.credit_memos), as_of, contract.currency, _as_they_are
    )
    posted = [
        *Ledger(scenario, exchange, closed).postings(issued.invoices, issued.credit_memos),
        *revenue_postings(involved, issued, as_of, exchange, closed),
    ]
    return Outcome(
        issued,
        tuple(by_month(arranged.earnings, contract.currency)),
        tuple(in_order(posted, as_of)),
        exchange.books,
    )


def _as_they_are(issued: Issued) -> Issued:
    return issued


def revenue_postings(
    involved: Sequence[Part],
    issued: Documents,
    as_of: dt.date,
    exchange: Exchange,
    closed_periods: frozenset[str] = frozenset(),
    changes: Sequence[ContractChange] = (),
) -> list[Posting]:
    """What the documents issued by `as_of` earn, one posting a month in the books' currency; months after
    `as_of` too. `changes` name the contracts that were merged and are posted by themselves (`rules.joined`).
    """
    convert = exchange.documents if exchange.converts else _as_they_are
    documents_of = (issued.invoices, issued.credit_memos)
    arranged = arrange(involved, documents_of, as_of, exchange.books, convert)
    invoices, memos = exchange.documents(documents_of)
    beside = earned_beside(changes, as_of, exchange.books, convert)
    earned = by_month(arranged.earnings, exchange.books, beside)
    billed = recognition.billed_ahead((*invoices, *memos), exchange.books)
    return recognition.postings(earned, billed, arranged.groups, exchange.books, closed_periods)
