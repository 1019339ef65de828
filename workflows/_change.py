"""What the stories of a change are made of: check, quote, customers, subscription, documents, write-back.

Each story (activation, amendment, renewal, cancellation) tells its own order; the scenes are here. All of a
change's reads come before its first write, independent calls run at once, what is hard to undo comes last.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.billing import BillingActivities
from activities.crm import ContractQuestion, CrmActivities
from activities.erp import ErpActivities
from activities.tax import TaxActivities, TaxQuestion
from canonical.change import ContractChange, Merge, Transfer
from canonical.contract import Account, Contract, DatedRate
from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import (
    ApprovedItem,
    ChangeInput,
    ChangeResult,
    ChangeStatus,
    CustomerIds,
    Plan,
)
from canonical.money import total
from canonical.origin import Origin, Reference
from canonical.policy import PolicyExcerpt
from canonical.scenario import Scenario
from ports.billing import (
    CustomerOrder,
    SubscriptionCancellation,
    SubscriptionOrder,
)
from ports.crm import ContractSnapshot, CrmWriteBack
from ports.erp import ErpCheck
from rules.agenda import announced, is_over
from rules.change_plan import CannotCarryOut, Scope, scope
from rules.layout import ChangeRefused
from rules.merge import apart, products_joining
from rules.subledger import revenue_accounts
from rules.subscription_order import subscription_order, term_end
from rules.subscription_stays import customer_of, stay_on, with_account
from rules.tax_document import rate_questions
from rules.tax_rates import Quoted, with_tax_rates
from rules.untaxed import change_without_tax, without_tax
from rules.validation import InvalidScenario, check
from workflows._change_documents import DocumentScenes
from workflows._correction import corrected_account, corrected_items
from workflows._customer import is_to_be_checked, problems_of
from workflows._desk import Desk
from workflows._options import on_platform
from workflows._refusal import rejected
from workflows._steps import NOTHING_AT_STAKE, Stake, Step, Steps, Undo


class ChangeStory:
    """One change being carried out: what is known, what is planned, what has been done."""

    def __init__(self, given: ChangeInput) -> None:
        state, self.item, self.as_of = given.state, _apart(given.item), given.as_of
        self.until = given.until
        self.drafted = given.drafted_through or given.as_of
        if state.contract is None or state.policy is None:
            raise ValueError("a change needs a contract that has been read")
        self.state = state
        self.policy: PolicyExcerpt = state.policy
        self.items = state.policy.items | state.items
        self.ids = state.ids
        self.origin = Origin(
            tenant=state.tenant,
            contract=state.id,
            change=self.item.id,
            step="",
            correlation_id=self.item.correlation_id,
            event_id=self.item.event_id,
        )
        self.desk = Desk(
            contract=state.id,
            change=self.item.id,
            correlation_id=self.item.correlation_id,
            policy=self.policy,
            check_corrections=lambda pairs: void(corrected_account(self.account(), pairs)),
        )
        self.steps = Steps(desk=self.desk, origin=self.origin, correct=self._correct, at_stake=self._at_stake)
        self.contract: Contract = state.contract
        self.problem: str | None = None
        self.undoing = False
        self._read_again = False
        self._customer_seen: int | None = None
        self.scope = self._scope()

    def _scope(self) -> Scope:
        """The change's documents; where the rules refuse the change, none, and `problem` says why."""
        self.problem = None
        changes = self.state.changes_in_force()
        changes = changes if self.item.change is None else (*changes, self.item.change)
        try:
            check(Scenario(contract=self.contract, changes=changes, as_of=self.as_of))
            return scope(self.state, self.contract, self.item, self.as_of, self.until, self.drafted)
        except (InvalidScenario, ChangeRefused, CannotCarryOut) as error:
            self.problem = str(error)
            before, through = self.state.changes_in_force(), self.until
            return Scope(self.contract, before, self.item.change, (), (), through, self.as_of)

    def _at_stake(self) -> Stake:
        """What the change bills and credits; nothing where it issues no document."""
        amounts = [i.total for i in self.scope.invoices] + [c.total for c in self.scope.credit_memos]
        currency = self.contract.currency
        return (total(amounts, currency), currency) if amounts else NOTHING_AT_STAKE

    def _correct(self, pairs: dict[str, str]) -> None:
        self.items = corrected_items(self.items, pairs)
        account = corrected_account(self.account(), pairs)
        if account != self.account():
            self.learn(*with_account(self.contract, self.scope.changes, account))

    def account(self) -> Account:
        """The customer once the change is carried out: whom corrections of master data are about."""
        return customer_of(self.contract, self.scope.changes)

    def plan(self) -> Plan:
        return Plan(
            contract=self.state.id,
            change=self.item.id,
            type=self.item.type,
            as_of=self.as_of,
            steps=self.steps.plan(),
            invoices=self.scope.invoices,
            credit_memos=self.scope.credit_memos,
            currency=self.contract.currency,
        )

    @property
    def sets_subscription(self) -> bool:
        """Whether the platform is told anew what it bills by itself."""
        kind = self.item.type
        return kind not in ("cancellation", "billing") and not (kind == "amendment" and self.item.announced)

    def _issues_today(self) -> bool:
        """Whether all that is due by today was our plan's, and the platform goes on from then."""
        return self.sets_subscription and not self.scope.cycle_is_today

    def brings_products(self) -> bool:
        """Whether the change brings lines or a fee, whose items the ERP must know."""
        fees = any(line.fee for invoice in self.scope.invoices for line in invoice.lines)
        return fees or bool(_added_products(self.scope.change))

    # -- the scenes ------------------------------------------------------------------------------

    async def understand(self) -> None:
        """Do the rules take the change? If not, a person mends it in the CRM and retries: it is read anew."""
        step = Step("read the change", "crm.read_contract", self.state.crm, "Understand the change")
        if self.problem is not None:
            await self.steps.run(step, self._understand)
        if is_to_be_checked(self.item, self.account()):
            step = Step("check the customer", "rules.check_customer", self.state.crm, "Check the customer")
            await self.steps.run(step, self._check_customer)

    async def _check_customer(self, origin: Origin) -> None:
        """Hierarchy, bill-to, tax registration. Mended by a fix here, or in the CRM: a retry reads anew."""
        if self._customer_seen == origin.revision:
            reading = await workflow.execute_activity_method(
                CrmActivities.read_contract,
                ContractQuestion(contract=self.state.id),
                **on_platform(self.state.crm, "Read the customer again"),
            )
            self._take(reading.snapshot)
        self._customer_seen = origin.revision
        problems = await problems_of(self.state.crm, self.item, self.account())
        if problems:
            words = "; ".join(f"account.{field}: {message}" for field, message in problems)
            raise rejected(self.state.crm, "rules.check_customer", words, field=f"account.{problems[0][0]}")

    async def _understand(self, origin: Origin) -> None:
        if origin.revision or self._read_again:
            reading = await workflow.execute_activity_method(
                CrmActivities.read_contract,
                ContractQuestion(contract=self.state.id),
                **on_platform(self.state.crm, "Read the contract again"),
            )
            self._take(reading.snapshot)
        self._read_again = True
        if self.problem is not None:
            raise rejected(self.state.crm, "rules.plan", self.problem, field="change", code="InvalidContract")

    def _take(self, snapshot: ContractSnapshot) -> None:
        """The contract or the change as the CRM has it now."""
        if self.item.change is None:
            self.contract = without_tax(snapshot.contract)
        for approved in snapshot.changes:
            if approved.change.id == self.item.id:
                change = apart(change_without_tax(approved.change))
                self.item = self.item.model_copy(update={"change": change})
        self.scope = self._scope()

    def take(self, change: ContractChange) -> None:
        """The change as more has become known of it: its documents are computed again."""
        self.item = self.item.model_copy(update={"change": change})
        self.scope = self._scope()

    async def check(self) -> None:
        """Would the ERP take it? Entity, currency, items, accounts, periods: asked before the first write."""
        step = Step("check", "erp.check", self.policy.route.erp, "Check with the ERP")
        await self.steps.run(step, self._check)

    async def _check(self, origin: Origin) -> None:
        products = {line.product for line in self.contract.lines} | _added_products(self.scope.change)
        products |= {line.product for invoice in self.scope.invoices for line in invoice.lines}
        dates = sorted({i.date for i in self.scope.invoices} | {c.date for c in self.scope.credit_memos})
        request = ErpCheck(
            legal_entity=self.contract.legal_entity,
            currency=self.contract.currency,
            products=tuple(sorted({self.items.get(product, product) for product in products})),
            dates=tuple(dates),
            accounts=revenue_accounts(self.policy),
            books_currency=self._books_currency(),
        )
        result = await workflow.execute_activity_method(
            ErpActivities.check, request, **on_platform(self.policy.route.erp, "Check with the ERP")
        )
        if result.problems:
            first = result.problems[0]
            more = f" (and {len(result.problems) - 1} more)" if len(result.problems) > 1 else ""
            raise rejected(
                self.policy.route.erp,
                "erp.check",
                f"{first.message}{more}",
                field=f"{first.field}:{first.value}",
                vendor_code=first.code,
            )

    def _books_currency(self) -> str | None:
        terms = self.policy.currencies
        return None if terms is None else terms.functional_currency

    async def quote(self) -> None:
        """Learns today's tax rates, so that the expected documents are exact before anything is written."""
        step = Step("quote tax", "tax.quote", self.policy.route.tax, "Ask the tax engine for rates")
        await self.steps.run(step, self._quote)

    async def quote_again(self) -> None:
        """The same, where lines have become known since."""
        step = Step("quote tax again", "tax.quote", self.policy.route.tax, "Ask the tax engine for rates")
        await self.steps.run(step, self._quote)

    async def _quote(self, origin: Origin) -> None:
        questions = rate_questions(origin, self.contract, self.scope, self.as_of)
        if not questions:
            return
        quotes = await workflow.execute_activity_method(
            TaxActivities.quote,
            TaxQuestion(documents=tuple(question.document for question in questions)),
            **on_platform(self.policy.route.tax, "Ask the tax engine for rates"),
        )
        quoted = [
            Quoted(
                part=question.part,
                account=question.document.account.id,
                line=question.line_ids[line.number],
                rate=DatedRate(from_date=question.document.tax_date, percent=line.rate_percent),
            )
            for question, result in zip(questions, quotes.results, strict=True)
            for line in result.lines
        ]
        self.learn(*with_tax_rates(self.contract, self.scope.changes, quoted))

    def learn(self, contract: Contract, changes: tuple[ContractChange, ...]) -> None:
        """Computes the documents again with the rates learned."""
        self.contract = contract
        before = changes if self.item.change is None else changes[:-1]
        by_id = {change.id: change for change in before}
        carried = tuple(
            item.model_copy(update={"change": by_id.get(item.change.id, item.change)})
            if item.change is not None
            else item
            for item in self.state.carried
        )
        self.state = self.state.model_copy(update={"carried": carried, "contract": contract})
        change = None
        if self.item.change is not None:
            received = self.item.change.received_date  # the scope decides anew whether it is backdated
            change = changes[-1].model_copy(update={"received_date": received})
        self.item = self.item.model_copy(update={"change": change})
        self.scope = self._scope()

    async def customers(self) -> None:
        """The customer in billing and ERP: found, created, or updated where we own the field. After a
        transfer the one before stays known: its documents are still its own.
        """
        billing, erp = self.policy.route.billing, self.policy.route.erp
        in_billing = Step("billing customer", "billing.ensure_customer", billing, "Customer in billing")
        in_erp = Step("ERP customer", "erp.ensure_customer", erp, "Customer in the ERP")

        async def ensure_in_billing(origin: Origin) -> Reference:
            return await workflow.execute_activity_method(
                BillingActivities.ensure_customer,
                self._customer_order(origin),
                **on_platform(billing, f"Customer {self.account().id} in billing"),
            )

        async def ensure_in_erp(origin: Origin) -> Reference:
            return await workflow.execute_activity_method(
                ErpActivities.ensure_customer,
                self._customer_order(origin),
                **on_platform(erp, f"Customer {self.account().id} in the ERP"),
            )

        billing_customer, erp_customer = await self.steps.together(
            [self.steps.run(in_billing, ensure_in_billing), self.steps.run(in_erp, ensure_in_erp)]
        )
        before = self.state.ids
        earlier = before.earlier
        if isinstance(self.item.change, Transfer):
            leaving = customer_of(self.contract, self.scope.before).id
            earlier += (
                CustomerIds(
                    account=leaving,
                    billing_customer=before.billing_customer,
                    erp_customer=before.erp_customer,
                ),
            )
        self.ids = self.ids.model_copy(
            update={
                "billing_customer": billing_customer,
                "erp_customer": erp_customer,
                "earlier": earlier,
            }
        )

    def _customer_order(self, origin: Origin) -> CustomerOrder:
        return CustomerOrder(
            origin=origin,
            account=self.account(),
            legal_entity=self.contract.legal_entity,
            currency=self.contract.currency,
        )

    async def subscription(self) -> None:
        """The subscription as it shall be from now on; undone by cancelling it where the change has begun it,
        or else setting it as it was.

        An amendment that the platform was told of ahead is on it: only the undoing is registered. A renewal
        is set all the same, for the terms after it.
        """
        billing = self.policy.route.billing
        step = Step(
            "subscription",
            "billing.set_subscription",
            billing,
            "Set the subscription",
            compensation="cancel it" if self._begins() else "set it as it was",
            undo=self._end_begun if self._begins() else self._set_as_it_was,
        )

        if not self.sets_subscription:
            self.steps.done_ahead(step)
            return

        async def put(origin: Origin) -> Reference:
            order = self._subscription_order(origin, self.scope.changes, self.customer_id(), self.scope.since)
            return await workflow.execute_activity_method(
                BillingActivities.set_subscription,
                order,
                **on_platform(billing, f"Subscription of {self.state.id}"),
            )

        subscription = await self.steps.run(step, put)
        if subscription is not None:
            self.ids = self.ids.model_copy(update={"subscription": subscription})

    def _begins(self) -> bool:
        """Whether the change begins a subscription instead of changing the one that there is."""
        return self.item.type in ("activation", "transfer", "merge")

    async def _end_begun(self, origin: Origin) -> Reference:
        stay = stay_on(self.contract, self.scope.changes, self.as_of)
        return await self._cancel_subscription(origin, stay.key, stay.since)

    async def _set_as_it_was(self, origin: Origin) -> Reference:
        billing = self.policy.route.billing
        before = self.state.ids.billing_customer
        if before is None:
            raise ValueError("a subscription that there was has a customer in billing")
        since = max(min(self.drafted, self.as_of), self.state.cycle_from or dt.date.min)
        order = self._subscription_order(origin, self.scope.before, before.id, since)
        return await workflow.execute_activity_method(
            BillingActivities.set_subscription, order, **on_platform(billing, "Set the subscription back")
        )

    def _subscription_order(
        self, origin: Origin, changes: tuple[ContractChange, ...], customer: str, since: dt.date
    ) -> SubscriptionOrder:
        """With what else is planned, as far as the platform was told of it."""
        planned = announced(self.state, but=self.item.id)
        return subscription_order(origin, self.contract, (*changes, *planned), customer, self.as_of, since)

    async def end_subscription(self) -> None:
        """Stops the platform's own billing on the effective date; undone by setting it as it was."""
        step = Step(
            "end subscription",
            "billing.cancel_subscription",
            self.policy.route.billing,
            "End the subscription",
            compensation="set it as it was",
            undo=self._set_as_it_was,
        )
        key = stay_on(self.contract, self.scope.before, self.as_of).key
        await self.steps.run(
            step, lambda origin: self._cancel_subscription(origin, key, self.item.effective_date)
        )

    async def _cancel_subscription(self, origin: Origin, key: str, on: dt.date) -> Reference:
        return await workflow.execute_activity_method(
            BillingActivities.cancel_subscription,
            SubscriptionCancellation(
                origin=origin, business_key=key, contract=self.state.id, effective_date=on
            ),
            **on_platform(self.policy.route.billing, f"End the subscription of {key}"),
        )

    def customer_id(self, account: str | None = None) -> str:
        """In billing, of the customer of now or of the account that a document names."""
        current = self.account().id
        found = self.ids.of(account or current, current).billing_customer
        if found is None:
            raise ApplicationError(
                "the contract has no customer in billing", type="Rejected", non_retryable=True
            )
        return found.id

    async def documents(self) -> None:
        """Drafts, then tax, then issue: what can't be undone without a trace comes last."""
        await DocumentScenes(self).issue()

    async def write_back(self, status: str) -> None:
        """The CRM's users see status, ids and first invoice; of a contract that it knows."""
        if self.state.source == "document":
            return
        step = Step("write back", "crm.write_back", self.state.crm, "Write status and ids to the CRM")
        await self.steps.run(step, lambda origin: self._write_back(origin, status, "done"))

    async def _write_back(self, origin: Origin, status: str, change_status: str) -> None:
        first = self.ids.first_invoice
        changes = self.scope.changes if change_status == "done" else self.scope.before
        request = CrmWriteBack.model_validate(
            {
                "origin": origin,
                "contract": self.state.id,
                "change": self.item.id if self.item.in_crm and self.item.type != "activation" else None,
                "status": "cancelled" if is_over(self.state) else status,
                "change_status": change_status,
                "version": self.item.version,
                "account": customer_of(self.contract, changes).id,
                "billing_customer_id": self.ids.billing_customer.id if self.ids.billing_customer else None,
                "subscription_id": self.ids.subscription.id if self.ids.subscription else None,
                "erp_customer_id": self.ids.erp_customer.id if self.ids.erp_customer else None,
                "first_invoice_number": first.number if first else None,
                "first_invoice_total": first.total if first else None,
                "first_invoice_date": first.date if first else None,
            }
        )
        await workflow.execute_activity_method(
            CrmActivities.write_back, request, **on_platform(self.state.crm, f"CRM: {status}")
        )

    # -- the frame -------------------------------------------------------------------------------

    async def tell(self, scenes: Callable[[], Awaitable[None]]) -> ChangeResult:
        """Runs the scenes; undoes them where a person says so, or where the workflow is cancelled."""
        try:
            await scenes()
        except Undo as undo:
            await self._undo(undo.answer.reason)
            return self._result("compensated", undo.answer.reason)
        except asyncio.CancelledError:
            await self._undo("the workflow was cancelled")
            raise
        return self._result("done", None)

    async def _undo(self, reason: str) -> None:
        self.undoing = True
        status = "compensated" if self.item.type == "activation" else "active"
        if self.state.source == "document":
            await self.steps.compensate()
            return
        step = Step(
            "tell the CRM",
            "crm.write_back",
            self.state.crm,
            f"Write to the CRM that {self.item.id} is undone: {reason}",
            compensation="the CRM is told",
            undo=lambda origin: self._write_back(origin, status, "compensated"),
        )
        self.steps.last_to_undo(step)
        await self.steps.compensate()

    def _result(self, status: ChangeStatus, note: str | None) -> ChangeResult:
        done = status == "done"
        issued: tuple[Invoice | CreditMemo, ...] = (*self.scope.invoices, *self.scope.credit_memos)
        changes = self.scope.changes if done else self.scope.before
        return ChangeResult(
            status=status,
            contract=self.contract,
            changes=changes,
            ids=self.ids if done else self.state.ids,
            items=self.items,
            documents=issued if done else (),
            term_end=term_end(self.contract, changes, self.as_of),
            billed_through=self.scope.through,
            cycle_from=self.scope.since if self._issues_today() else None,
            note=note,
        )


def void(_: object) -> None:
    """Takes a value that was computed for its errors alone."""


def _apart(item: ApprovedItem) -> ApprovedItem:
    return item if item.change is None else item.model_copy(update={"change": apart(item.change)})


def _added_products(change: ContractChange | None) -> set[str]:
    if isinstance(change, Merge):
        return products_joining(change)
    if change is None or change.type != "amendment":
        return set()
    return {line.add.product for line in change.lines if line.add is not None}
