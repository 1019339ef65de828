"""Exchange rates from our own table: the one of a day, and the table of a span."""

import datetime as dt
from collections.abc import Iterable
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from canonical.base import Noun
from canonical.policy import CurrencyTerms
from canonical.rates import RateInForce, SourcedRate
from rules.exchange import NoExchangeRate
from rules.rate_table import RateTable

_LOOKED_BACK = dt.timedelta(days=400)
"""So far back a refusal can name the last rate that there is."""


class RateRecords(Protocol):
    """Our store's table of rates."""

    async def rates_between(
        self, base: str, currencies: tuple[str, ...], first: dt.date, last: dt.date
    ) -> tuple[SourcedRate, ...]: ...


class RateQuestion(Noun):
    """What is the currency worth in the entity's books on the day?"""

    terms: CurrencyTerms
    currency: str
    day: dt.date


class RateActivities:
    def __init__(self, records: RateRecords) -> None:
        self._records = records

    @activity.defn(name="rates.in_force")
    async def in_force(self, question: RateQuestion) -> RateInForce:
        """Fails for good, as NoExchangeRate, where no rate of the day counts."""
        terms, currency, day = question.terms, question.currency, question.day
        known = await rates_of(self._records, terms, (currency,), day - _LOOKED_BACK, day)
        try:
            return RateTable(terms, known).in_force(currency, terms.functional_currency, day)
        except NoExchangeRate as error:
            raise no_exchange_rate(error) from error


async def rates_of(
    records: RateRecords, terms: CurrencyTerms, currencies: Iterable[str], first: dt.date, last: dt.date
) -> tuple[SourcedRate, ...]:
    """All rates that can count on a day from `first` to `last`, between the currencies, the books' and the
    group's."""
    wanted = {*currencies, terms.functional_currency, terms.group_currency or terms.functional_currency}
    since = first - dt.timedelta(days=terms.max_rate_age_days)
    named = tuple(sorted(wanted - {terms.rate_base}))
    return await records.rates_between(terms.rate_base, named, since, last)


def no_exchange_rate(error: NoExchangeRate) -> ApplicationError:
    """For a person: retrying alone changes nothing."""
    return ApplicationError(str(error), type="NoExchangeRate", non_retryable=True)
