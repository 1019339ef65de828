"""A month's revenue: which contracts an entity has, and what each has earned. None of it writes anything."""

import datetime as dt
from typing import Protocol

from pydantic import Field
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.crm import PolicySource
from activities.rates import no_exchange_rate, rates_of
from canonical.base import Dec, Noun
from canonical.lifecycle import ContractState
from canonical.policy import CurrencyTerms, PolicyExcerpt
from canonical.revenue import ContractEarned, EntityContracts, EntityQuestion
from ports.billing import IssuedDocument
from ports.records import Records
from rules import agenda
from rules.calendar import BeyondCalendar
from rules.exchange import Exchange, NoExchangeRate
from rules.joined import begun_on
from rules.layout import ChangeRefused
from rules.month_end import Sold, earned, sold_of
from rules.rate_table import books_exchange


class RevenueQuestion(Noun):
    """What has the contract earned by the month's end?

    `accepted` are documents that are in the ledger as the billing platform has them, and otherwise than the
    contract knows.
    """

    contract: str
    entity: str
    period: str
    as_of: dt.date
    accepted: tuple[IssuedDocument, ...] = ()
    currencies: CurrencyTerms | None = None
    posted_rates: dict[str, Dec] = Field(default_factory=dict)
    """At which the ledger has documents that are posted at another exchange rate than our table's."""


class ContractStates(Protocol):
    """Asks the contract's own workflow, which is the one place where its state lives."""

    async def state_of(self, contract: str) -> tuple[ContractState, str | None] | None:
        """The state, and the workflow id of the change being carried out; None where there is no such
        contract."""
        ...


class RevenueActivities:
    def __init__(self, states: ContractStates, records: Records, policy: PolicySource) -> None:
        self._states = states
        self._records = records
        self._policy = policy

    @activity.defn(name="revenue.policy")
    async def policy(self, entity: str) -> PolicyExcerpt:
        return self._policy.excerpt(entity)

    @activity.defn(name="revenue.contracts")
    async def contracts(self, question: EntityQuestion) -> EntityContracts:
        """A page of the entity's contracts, and whose revenue of the period waits for somebody."""
        return await self._records.entity_contracts(question)

    @activity.defn(name="revenue.earned")
    async def earned(self, question: RevenueQuestion) -> ContractEarned:
        """What the contract has earned by the month's end; asked again while the contract is busy."""
        found = await self._states.state_of(question.contract)
        if found is None:
            raise ApplicationError(
                f"no contract {question.contract} is known", type="NotFound", non_retryable=True
            )
        state, running = found
        sold = sold_of(state)
        if sold is None:
            return ContractEarned(in_force=False)
        as_of = max(question.as_of, state.business_date or question.as_of)
        busy = _busy(state, running, as_of)
        if busy is not None:
            raise ApplicationError(f"contract {question.contract} is busy: {busy}", type="ContractBusy")
        accepted = {each.key: each for each in question.accepted if each.key is not None}
        exchange = await self._exchange(sold, question, as_of)
        try:
            return earned(sold, question.period, as_of, exchange, accepted)
        except NoExchangeRate as error:
            raise no_exchange_rate(error) from error
        except (ChangeRefused, BeyondCalendar) as error:
            raise _refused(error, "InvalidContract") from error

    async def _exchange(self, sold: Sold, question: RevenueQuestion, as_of: dt.date) -> Exchange:
        terms, contract = question.currencies, sold.contract
        if terms is None or terms.functional_currency == contract.currency:
            return books_exchange(contract.currency, None)
        first = begun_on(contract, sold.changes)
        known = await rates_of(self._records, terms, (contract.currency,), first, as_of)
        return books_exchange(contract.currency, terms, known, question.posted_rates)


def _refused(error: Exception, code: str) -> ApplicationError:
    return ApplicationError(str(error), type=code, non_retryable=True)


def _busy(state: ContractState, running: str | None, as_of: dt.date) -> str | None:
    """What is under way that may yet change what is earned."""
    if running is not None:
        return f"{running} is under way"
    if state.queue or state.submissions:
        return "a message waits to be read"
    return "a change is due" if agenda.unfinished_before(state, as_of) else None
