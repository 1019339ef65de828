"""What is open in other currencies at a month's end: the ERP's own listings, at our table's rates."""

import datetime as dt

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities._errors import port_errors
from activities.rates import RateRecords, no_exchange_rate, rates_of
from canonical.base import Noun
from canonical.policy import CurrencyTerms
from canonical.revaluation import Positions
from canonical.revenue import first_day
from ports.erp import Erp
from rules.calendar import month_end
from rules.exchange import NoExchangeRate
from rules.rate_table import RateTable
from rules.revaluation import UnknownRate, open_items, positions, posted_before

_LOOKED_BACK = dt.timedelta(days=400)


class PositionQuestion(Noun):
    entity: str
    period: str
    terms: CurrencyTerms


class RevaluationActivities:
    def __init__(self, erp: Erp, records: RateRecords) -> None:
        self._erp, self._records = erp, records

    @activity.defn(name="erp.open_positions")
    async def open_positions(self, question: PositionQuestion) -> Positions:
        """By currency, and what the month's own entries have posted of it. Fails for good, as NoExchangeRate,
        where a closing rate is missing."""
        books, first = question.terms.functional_currency, first_day(question.period)
        last = month_end(first)
        with port_errors():
            period = await self._erp.posting_period(question.entity, last)
            documents = await self._erp.documents(question.entity)
            receipts = await self._erp.receipts(question.entity)
        try:
            items = open_items(documents, receipts, books, last).values()
            currencies = {item.currency for item in items}
            known = await rates_of(self._records, question.terms, currencies, last - _LOOKED_BACK, last)
            found = positions(items, RateTable(question.terms, known), books, last)
        except NoExchangeRate as error:
            raise no_exchange_rate(error) from error
        except UnknownRate as error:
            raise ApplicationError(str(error), type="UnexpectedAnswer", non_retryable=True) from error
        posted, entries = posted_before(documents, question.entity, question.period, books)
        return Positions(
            positions=found,
            posted=posted,
            entries=len(entries),
            unreversed=tuple(each.key for each in entries if each.key and each.status != "reversed"),
            open_in_erp=period.start <= last <= period.end,
        )
