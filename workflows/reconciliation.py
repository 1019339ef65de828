"""Reconciling one legal entity's period: every side is listed and compared.

The platforms are read, nothing is written to them. Documents on their way to the ledger are no breaks: what
the first look finds counts only if the second one finds it too.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.breaks import BreakActivities, ReportOrder
from activities.periods import (
    BillingListing,
    CompareOrder,
    ErpListing,
    GroundQuestion,
    ListingKept,
    ListingOrder,
    PaymentListing,
    PeriodActivities,
    PeriodGround,
    TaxListing,
)
from canonical.origin import Origin
from canonical.reconciliation import ReconciliationOrder, ReconciliationSummary
from rules.period_revenue import REVENUE_ROLES
from workflows._ending import answered
from workflows._options import WORKFLOW_QUEUE, in_listing, platform_queue
from workflows._period import OverPeriod
from workflows._steps import Step, Undo

_LOOKS = (1, 2)

T = TypeVar("T")
Listing = Callable[[Any, ListingOrder], Awaitable[ListingKept]]


@workflow.defn(name="Reconciliation")
class ReconciliationWorkflow(OverPeriod):
    @workflow.init
    def __init__(self, order: ReconciliationOrder) -> None:
        self.order = order
        self._begin("reconciliation", order)

    @workflow.run
    async def run(self, order: ReconciliationOrder) -> ReconciliationSummary:
        """Raises ApplicationError GivenUp where a person has given the run up."""
        return await answered(self._decided())

    async def _decided(self) -> ReconciliationSummary:
        try:
            return await self._reconciled()
        except Undo as undo:
            await self.desk.close(undo.answer, "given up")
            raise ApplicationError(
                f"given up: {undo.answer.reason}", type="GivenUp", non_retryable=True
            ) from None

    async def _reconciled(self) -> ReconciliationSummary:
        ground = await self._step(
            Step("read the policy", "periods.ground", "temporal", "Read the policy"),
            lambda origin: workflow.execute_activity_method(
                PeriodActivities.ground,
                GroundQuestion(entity=self.order.entity),
                **in_listing(WORKFLOW_QUEUE, "Read the policy"),
            ),
        )
        self.desk.adopt(ground.policy)
        for look in _LOOKS:
            summary = await self._look(ground, look)
            if summary is not None:
                await self._report(ground)
                return summary
            await workflow.sleep(
                ground.terms.recheck_after_seconds, summary="documents may be on their way to the ledger"
            )
        raise ApplicationError("the last look decides", type="Defect", non_retryable=True)

    async def _look(self, ground: PeriodGround, look: int) -> ReconciliationSummary | None:
        """Lists all sides and compares them. The billing platform first: its clock may run ahead of ours
        (sandboxes), and what it has billed by a day, the contracts have due by that day.
        """
        route = ground.policy.route
        order = self._order(ground, look, route.billing)
        billed = await self._listed(order, platform_queue(route.billing), BillingListing.list_billings)
        as_of = max(ground.today, billed.latest or ground.today)
        later = order.model_copy(update={"as_of": as_of})
        ledger = self._listed(
            later.model_copy(update={"platform": route.erp}),
            platform_queue(route.erp),
            ErpListing.list_ledger,
        )
        others = [
            self._listed(
                later.model_copy(update={"platform": "contracts"}),
                WORKFLOW_QUEUE,
                PeriodActivities.list_bookings,
            ),
            self._listed(
                later.model_copy(update={"platform": route.tax}),
                platform_queue(route.tax),
                TaxListing.list_taxes,
            ),
            *self._cash(later),
        ]
        if later.books_currency is None:
            erp, *_ = await self.steps.together([ledger, *others])
        else:  # the contracts' revenue comes into the books at the rates of what is posted
            [erp] = await self.steps.together([ledger])
            await self.steps.together(others)
        return await self._compared(ground, look, as_of, open_in_erp=bool(erp.open_in_erp))

    def _cash(self, order: ListingOrder) -> list[Awaitable[ListingKept]]:
        """The movements of money, where a platform lists them."""
        if order.payments is None:
            return []
        of_payments = order.model_copy(update={"platform": order.payments})
        return [self._listed(of_payments, platform_queue(order.payments), PaymentListing.list_cash)]

    async def _report(self, ground: PeriodGround) -> None:
        """Each break that holds up the close has a workflow that sees it through."""
        order = ReportOrder(
            tenant=self.order.tenant,
            entity=self.order.entity,
            period=self.order.period,
            policy=ground.policy,
            correlation_id=self.order.correlation_id,
        )
        await self._step(
            Step("report the breaks", "breaks.report", "temporal", "Report the breaks"),
            lambda origin: workflow.execute_activity_method(
                BreakActivities.report, order, **in_listing(WORKFLOW_QUEUE, "Report the breaks")
            ),
        )

    async def _compared(
        self, ground: PeriodGround, look: int, as_of: dt.date, *, open_in_erp: bool
    ) -> ReconciliationSummary | None:
        order = CompareOrder(
            run=workflow.info().first_execution_run_id,
            look=look,
            entity=self.order.entity,
            period=self.order.period,
            terms=ground.terms,
            as_of=as_of,
            open_in_erp=open_in_erp,
            requested_by=self.order.requested_by,
        )
        compared = await self._step(
            Step(f"compare {look}", "periods.compare", "temporal", "Compare the sides"),
            lambda origin: workflow.execute_activity_method(
                PeriodActivities.compare, order, **in_listing(WORKFLOW_QUEUE, "Compare the sides")
            ),
        )
        return compared.summary

    def _order(self, ground: PeriodGround, look: int, platform: str) -> ListingOrder:
        accounts, currencies = ground.policy.accounts, ground.policy.currencies
        return ListingOrder(
            run=workflow.info().first_execution_run_id,
            look=look,
            entity=self.order.entity,
            period=self.order.period,
            platform=platform,
            as_of=ground.today,
            receivable_account=accounts["accounts_receivable"],
            controlled_accounts=tuple(accounts[role] for role in ground.terms.controlled_accounts),
            revenue_accounts=tuple(accounts[role] for role in REVENUE_ROLES),
            cash_account=accounts["cash"],
            payments=ground.payments,
            books_currency=None if currencies is None else currencies.functional_currency,
        )

    async def _listed(self, order: ListingOrder, queue: str, listing: Listing) -> ListingKept:
        summary = f"List {order.platform} for {order.entity} {order.period}"
        step = Step(f"list {order.platform} {order.look}", "list_period", order.platform, summary)

        async def ask(origin: Origin) -> ListingKept:
            return await workflow.execute_activity_method(listing, order, **in_listing(queue, summary))

        return await self._step(step, ask)

    async def _step(self, step: Step, call: Callable[[Origin], Awaitable[T]]) -> T:
        """A step without which there is no result: a person who skips it gives the run up."""
        found = await self.steps.run(step, call)
        if found is None:
            raise ApplicationError(f"{step.name} was skipped", type="GivenUp", non_retryable=True)
        return found
