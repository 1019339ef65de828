"""An entity's balances from the ERP's general ledger, translated at our table's rates. Posts nothing."""

import datetime as dt

from temporalio import activity

from activities._errors import port_errors
from activities.rates import RateRecords, no_exchange_rate, rates_of
from canonical.base import Noun
from canonical.document import AccountRole
from canonical.policy import CurrencyTerms
from canonical.revenue import first_day
from canonical.translation import TranslationReport
from ports.erp import Erp
from rules.calendar import month_end
from rules.exchange import NoExchangeRate
from rules.rate_table import RateTable
from rules.translation import balances_by_month, translated


class TranslationQuestion(Noun):
    entity: str
    period: str
    terms: CurrencyTerms
    group_currency: str
    accounts: dict[AccountRole, str]


class TranslationActivities:
    def __init__(self, erp: Erp, records: RateRecords) -> None:
        self._erp, self._records = erp, records

    @activity.defn(name="erp.translate")
    async def translate(self, question: TranslationQuestion) -> TranslationReport:
        """Fails for good, as NoExchangeRate, where a day of a month with income has no rate."""
        terms, last = question.terms, month_end(first_day(question.period))
        with port_errors():
            lines = await self._erp.general_ledger(question.entity)
        held, left_out = balances_by_month(lines, question.accounts, last)
        begun = min((month for months in held.values() for month in months), default=last.replace(day=1))
        known = await rates_of(self._records, terms, (), begun - dt.timedelta(days=400), last)
        try:
            report = translated(
                question.entity,
                question.period,
                terms.functional_currency,
                question.group_currency,
                held,
                question.accounts,
                RateTable(terms, known),
            )
        except NoExchangeRate as error:
            raise no_exchange_rate(error) from error
        return report.model_copy(update={"left_out": left_out})
