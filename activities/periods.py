"""Reconciling a period: each platform's listing into our store, the contracts' word, the comparison.

A listing is months of documents and no payload: it is kept in the store, and what travels is how much of it
there is.
"""

import asyncio
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities._errors import port_errors
from activities.crm import PolicySource
from activities.rates import no_exchange_rate, rates_of
from canonical.base import Noun
from canonical.lifecycle import ContractState, Plan
from canonical.policy import PolicyExcerpt
from canonical.reconciliation import (
    Entry,
    PeriodListings,
    Reconciliation,
    ReconciliationSummary,
    ReconciliationTerms,
)
from ports.billing import Billing
from ports.erp import Erp
from ports.payments import Payments
from ports.periods import PeriodRecords, ReconciliationRun
from ports.records import Records
from ports.tax import Tax
from rules import period_bank as bank_of
from rules import period_cash as cash_of
from rules import period_entries as entries_of
from rules import period_revenue as revenue_of
from rules.calendar import add_months, month_key
from rules.exchange import Exchange, NoExchangeRate
from rules.joined import begun_on
from rules.rate_table import books_exchange
from rules.reconciliation import reconcile
from rules.zones import day_of, start_of

_ASKED_AT_ONCE = 8
"""Contracts asked at the same time: each question takes a workflow task of a worker."""


class PeriodPolicy(PolicySource, Protocol):
    """What governance says about reconciling, besides what it says about an entity."""

    def reconciliation(self) -> ReconciliationTerms: ...

    def payments(self, policy: PolicyExcerpt) -> str | None:
        """The platform that lists the entity's payments; None where there is none."""
        ...


class ContractStates(Protocol):
    """Asks the contracts' own workflows, which are the one place where their state lives."""

    async def state_of(self, contract: str) -> tuple[ContractState, Plan | None] | None:
        """The state, and the plan of the change under way; None where there is no such workflow."""
        ...


class GroundQuestion(Noun):
    entity: str


class PeriodGround(Noun):
    """What a run rests on; `today` is the entity's day."""

    policy: PolicyExcerpt
    terms: ReconciliationTerms
    today: dt.date
    payments: str | None = None
    """The platform that lists what was paid."""


class ListingOrder(Noun):
    """List one platform's (or our contracts') side of a period. `look` counts the looks of a run."""

    run: str
    look: int
    entity: str
    period: str
    platform: str
    as_of: dt.date
    receivable_account: str
    controlled_accounts: tuple[str, ...]
    revenue_accounts: tuple[str, ...] = ()
    cash_account: str | None = None
    payments: str | None = None
    """The platform whose movements of money are a side, where it has any."""
    books_currency: str | None = None
    """In which the entity keeps its books; None: in each contract's own. Then the ERP is listed before the
    contracts, for the exchange rates at which documents stand."""


class ListingKept(Noun):
    """How much was kept. `latest` is the newest document's day; `open_in_erp` the ERP's word only."""

    entries: int
    latest: dt.date | None = None
    open_in_erp: bool | None = None


class CompareOrder(Noun):
    """Compare what was listed. On the second look, what the first one has not seen too was on its way."""

    run: str
    look: int
    entity: str
    period: str
    terms: ReconciliationTerms
    as_of: dt.date
    open_in_erp: bool
    requested_by: str


class Compared(Noun):
    """`summary` is null where breaks were found that are to be looked at a second time."""

    summary: ReconciliationSummary | None


class BillingListing:
    def __init__(self, billing: Billing, records: PeriodRecords) -> None:
        self._billing, self._records = billing, records

    @activity.defn(name="billing.list_period")
    async def list_billings(self, order: ListingOrder) -> ListingKept:
        """The platform's invoices and credit memos of the entity, from its own listing."""
        since, _ = entries_of.window(order.period)
        with port_errors():
            issued = await self._billing.documents(since=since)
        entities = await self._records.contract_entities()
        found = entries_of.billing_entries(issued, order.period, order.entity, entities)
        await self._records.keep_listing(order.run, order.look, "billings", found)
        return ListingKept(entries=len(found), latest=entries_of.latest(found, "billings"))


class PaymentListing:
    def __init__(self, payments: Payments, records: PeriodRecords) -> None:
        self._payments, self._records = payments, records

    @activity.defn(name="payments.list_period")
    async def list_cash(self, order: ListingOrder) -> ListingKept:
        """What was paid, given back and charged back, and what was paid out to the bank, from the platform's
        own listings."""
        since, _ = entries_of.window(order.period)
        with port_errors():
            movements = await self._payments.movements(since)
            payouts = await self._payments.payouts(since)
        entities = await self._records.contract_entities()
        found = cash_of.cash_entries(movements, order.period, order.entity, entities)
        await self._records.keep_listing(order.run, order.look, "cash", found)
        paid_out = bank_of.payout_entries(payouts, order.period)
        await self._records.keep_listing(order.run, order.look, "payouts", paid_out)
        return ListingKept(entries=len(found))


class TaxListing:
    def __init__(self, tax: Tax, records: PeriodRecords) -> None:
        self._tax, self._records = tax, records

    @activity.defn(name="tax.list_period")
    async def list_taxes(self, order: ListingOrder) -> ListingKept:
        """The tax engine's committed documents of the entity, from its own listing."""
        with port_errors():
            results = await self._tax.documents(order.entity, since=entries_of.window(order.period)[0])
        found = entries_of.tax_entries(results, order.period, order.platform)
        await self._records.keep_listing(order.run, order.look, "tax", found)
        return ListingKept(entries=len(found))


class ErpListing:
    def __init__(self, erp: Erp, records: PeriodRecords) -> None:
        self._erp, self._records = erp, records

    @activity.defn(name="erp.list_period")
    async def list_ledger(self, order: ListingOrder) -> ListingKept:
        """The ERP's posted documents and its general ledger, and whether it still posts into the period."""
        first, since = entries_of.first_day(order.period), entries_of.window(order.period)[0]
        with port_errors():
            period = await self._erp.posting_period(order.entity, first)
            posted = await self._erp.documents(order.entity, since=since)
            older = await self._erp.recognized_before(order.entity, since, order.revenue_accounts)
            lines = await self._erp.general_ledger(order.entity, since=since)
        receivables = entries_of.receivable_entries(posted, order.period)
        ledger = entries_of.ledger_entries(
            lines,
            posted,
            order.period,
            order.platform,
            order.receivable_account,
            order.controlled_accounts,
        )
        recognized = revenue_of.recognized_entries(
            posted, older, order.period, order.platform, order.revenue_accounts
        )
        await self._records.keep_listing(order.run, order.look, "recognized", recognized)
        with port_errors():
            receipts = await self._erp.receipts(order.entity, since=since)
        received = cash_of.receipt_entries(receipts, order.period)
        applied = cash_of.applied_entries(receipts, order.period)
        if order.cash_account is not None:
            by_others = bank_of.cash_by_others(
                lines, entries_of.undone_ids(posted), order.period, order.platform, order.cash_account
            )
            received += tuple(each for each in by_others if each.side == "receipts")
            applied += tuple(each for each in by_others if each.side == "applied")
        await self._records.keep_listing(order.run, order.look, "receipts", received)
        await self._records.keep_listing(order.run, order.look, "applied", applied)
        if order.books_currency is not None:  # what was billed long ago may be earned still
            with port_errors():
                every = await self._erp.documents(order.entity)
            rates = entries_of.rate_entries(every, order.books_currency)
            await self._records.keep_listing(order.run, order.look, "rates", rates)
        await self._records.keep_listing(order.run, order.look, "receivables", receivables)
        await self._records.keep_listing(order.run, order.look, "ledger", ledger)
        return ListingKept(
            entries=len(receivables) + len(ledger), open_in_erp=period.start <= first <= period.end
        )


class DueQuestion(Noun):
    """Which periods are to be reconciled by themselves?"""


class DuePeriod(Noun):
    entity: str
    period: str

    @property
    def name(self) -> str:
        return f"{self.entity}/{self.period}"


class DuePeriods(Noun):
    periods: tuple[DuePeriod, ...]


class MonthEndsQuestion(Noun):
    """Whose revenue is to be posted for `period` ("2026-01"; None: the month that ends about now)?"""

    period: str | None = None


class MonthEnd(Noun):
    """`over_at` is the entity's midnight after the month's last day. `revalues`: its books are in one
    currency, so that what is open in others is revalued."""

    entity: str
    period: str
    over_at: dt.datetime
    revalues: bool = False


class MonthEnds(Noun):
    """In the order in which their months end."""

    entities: tuple[MonthEnd, ...]


class PeriodActivities:
    """What needs no platform: governance's word, the contracts' word, the comparison."""

    def __init__(self, contracts: ContractStates, records: Records, policy: PeriodPolicy) -> None:
        self._contracts, self._records, self._policy = contracts, records, policy

    @activity.defn(name="periods.ground")
    async def ground(self, question: GroundQuestion) -> PeriodGround:
        policy = self._policy.excerpt(question.entity)
        today = day_of(dt.datetime.now(dt.UTC), policy.time_zone)
        return PeriodGround(
            policy=policy,
            terms=self._policy.reconciliation(),
            today=today,
            payments=self._policy.payments(policy),
        )

    @activity.defn(name="periods.due")
    async def due(self, question: DueQuestion) -> DuePeriods:
        """Each legal entity's running month, and the one before it unless that is closed."""
        entities = sorted(set((await self._records.contract_entities()).values()))
        found = []
        for entity in entities:
            zone = self._policy.excerpt(entity).time_zone
            first = day_of(dt.datetime.now(dt.UTC), zone).replace(day=1)
            for month in (month_key(add_months(first, -1)), month_key(first)):
                if await self._records.close_of(entity, month) is None:
                    found.append(DuePeriod(entity=entity, period=month))
        return DuePeriods(periods=tuple(found))

    @activity.defn(name="periods.month_ends")
    async def month_ends(self, question: MonthEndsQuestion) -> MonthEnds:
        """Each legal entity that has contracts, unless it has closed the month: the close has posted it."""
        found = []
        for entity in sorted(set((await self._records.contract_entities()).values())):
            policy = self._policy.excerpt(entity)
            zone = policy.time_zone
            today = day_of(dt.datetime.now(dt.UTC), zone)
            period = question.period or entries_of.month_that_ends(today)
            if await self._records.close_of(entity, period) is None:
                over_at = start_of(entries_of.last_day(period) + dt.timedelta(days=1), zone)
                revalues = policy.currencies is not None
                end = MonthEnd(entity=entity, period=period, over_at=over_at, revalues=revalues)
                found.append(end)
        return MonthEnds(entities=tuple(sorted(found, key=lambda each: (each.over_at, each.entity))))

    @activity.defn(name="periods.list_bookings")
    async def list_bookings(self, order: ListingOrder) -> ListingKept:
        """What we have ourselves: what the entity's contracts make due, each asked itself, some at a time;
        its banks' statements, where any were imported.
        """
        statement = await self._records.bank_statement(order.entity, *entries_of.window(order.period))
        entities = await self._records.contract_entities()
        contracts = sorted(id_ for id_, entity in entities.items() if entity == order.entity)
        booked: list[Entry] = []
        earned: list[Entry] = []
        rates = await self._posted_rates(order)
        for start in range(0, len(contracts), _ASKED_AT_ONCE):
            batch = contracts[start : start + _ASKED_AT_ONCE]
            for bookings, revenue in await asyncio.gather(
                *(self._booked(each, order, rates) for each in batch)
            ):
                booked += bookings
                earned += revenue
        await self._records.keep_listing(order.run, order.look, "bookings", booked)
        await self._records.keep_listing(order.run, order.look, "revenue", earned)
        if statement:
            lines = bank_of.bank_entries(statement)
            await self._records.keep_listing(order.run, order.look, "bank", lines)
        return ListingKept(entries=len(booked) + len(earned))

    async def _posted_rates(self, order: ListingOrder) -> dict[str, Decimal]:
        """At which documents stand in the ledger, as the ERP has just been listed."""
        if order.books_currency is None:
            return {}
        _, kept = await self._records.listing(order.run, order.look)
        return entries_of.posted_rates(kept)

    async def _booked(
        self, contract: str, order: ListingOrder, rates: Mapping[str, Decimal]
    ) -> tuple[Sequence[Entry], Sequence[Entry]]:
        """What it has billed around the period, and what it has earned by its end."""
        answer = await self._contracts.state_of(contract)
        if answer is None:
            raise ApplicationError(
                f"contract {contract} has no workflow", type="NotFound", non_retryable=True
            )
        state, plan = answer
        as_of = max(order.as_of, state.business_date or order.as_of)
        booked = entries_of.booking_entries(state, plan, order.period, as_of)
        exchange = await self._exchange(state, order.entity, as_of, rates)
        try:
            return booked, revenue_of.earned_entries(state, order.period, as_of, exchange)
        except NoExchangeRate as error:
            raise no_exchange_rate(error) from error

    async def _exchange(
        self, state: ContractState, entity: str, as_of: dt.date, rates: Mapping[str, Decimal]
    ) -> Exchange | None:
        """Into the entity's books: what is posted at its rate, the rest at our table's."""
        contract = state.contract
        terms = None if contract is None else self._policy.excerpt(entity).converting(contract.currency)
        if contract is None or terms is None:
            return None
        first = begun_on(contract, state.changes_in_force())
        known = await rates_of(self._records, terms, (contract.currency,), first, as_of)
        return books_exchange(contract.currency, terms, known, rates)

    @activity.defn(name="periods.compare")
    async def compare(self, order: CompareOrder) -> Compared:
        """Compares what was kept, and records the result unless it is to be looked at again."""
        results = await self._compared(order, order.look)
        if order.look == 1 and any(result.breaks for result in results):
            return Compared(summary=None)
        if order.look > 1:
            before = {each.id for result in await self._compared(order, 1) for each in result.breaks}
            results = tuple(_seen_twice(result, before) for result in results)
        digest = _digest(results)
        run = ReconciliationRun(
            run=order.run,
            entity=order.entity,
            period=order.period,
            at=activity.info().scheduled_time,
            as_of=order.as_of,
            requested_by=order.requested_by,
            digest=digest,
            results=results,
        )
        await self._records.record_reconciliation(run)
        breaks = await self._records.breaks(order.entity, order.period, ("open", "explained"))
        return Compared(
            summary=ReconciliationSummary(
                run=order.run,
                entity=order.entity,
                period=order.period,
                digest=digest,
                breaks=len(breaks),
                blocking=sum(each.blocks for each in breaks),
            )
        )

    async def _compared(self, order: CompareOrder, look: int) -> tuple[Reconciliation, ...]:
        sides, entries = await self._records.listing(order.run, look)
        missing = {"bookings", "billings", "tax", "receivables", "ledger"} - set(sides)
        if missing:  # dropped, because an attempt before this one has recorded the run
            raise ApplicationError(
                f"the listings of {', '.join(sorted(missing))} are gone",
                type="ListingGone",
                non_retryable=True,
            )
        booked = revenue_of.with_catching_up(entries_of.with_committed_tax(entries))
        given = PeriodListings(
            entity=order.entity,
            period=order.period,
            entries=bank_of.with_debits(
                bank_of.with_payouts(booked), are_compared=order.terms.bank_debits is not None
            ),
            open_in_erp=order.open_in_erp,
            sides=tuple(side for side in sides if side != "payouts" or "bank" in sides),
        )
        return reconcile(given, order.terms)


def _seen_twice(result: Reconciliation, before: set[str]) -> Reconciliation:
    return result.model_copy(update={"breaks": tuple(b for b in result.breaks if b.id in before)})


def _digest(results: Sequence[Reconciliation]) -> str:
    """SHA-256 of sides and breaks, whatever the run."""
    said: list[dict[str, object]] = [
        {
            "entity": result.entity,
            "period": result.period,
            "currency": result.currency,
            "sides": {side: f"{amount:f}" for side, amount in sorted(result.sides.items())},
            "breaks": sorted(each.id for each in result.breaks),
        }
        for result in results
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
