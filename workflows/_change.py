"""What the stories of a change are made of: check, quote, customers, subscription, documents, write-back.

Each story (activation, amendment, renewal, cancellation) tells its own order; the scenes are here. All of a
change's reads come before its first write, independent calls run at once, what is hard to undo comes last.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

from temporalio import workflow

from activities.billing import BillingActivities
from activities.crm import CrmActivities
from activities.erp import ErpActivities
from activities.records import Listing, RecordsActivities
from canonical.change import ContractChange, Transfer
from canonical.document import CreditMemo, Invoice
from canonical.lifecycle import (
    ChangeResult,
    ChangeStatus,
    ContractStatus,
    CustomerIds,
)
from canonical.origin import Origin, Reference
from ports.billing import (
    CustomerOrder,
    SubscriptionCancellation,
    SubscriptionOrder,
)
from ports.crm import CrmWriteBack
from rules.agenda import announced, is_over
from rules.subscription_order import subscription_order, term_end
from rules.subscription_stays import customer_of, stay_on
from workflows._change_checks import CheckedChange
from workflows._change_documents import DocumentScenes
from workflows._options import in_records, on_platform
from workflows._steps import Step, Undo


class ChangeStory(CheckedChange):
    """One change being carried out: what is known, what is planned, what has been done."""

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

    async def documents(self) -> None:
        """Drafts, then tax, then issue: what can't be undone without a trace comes last."""
        await DocumentScenes(self).issue()

    async def write_back(self, status: ContractStatus) -> None:
        """The CRM's users see status, ids and first invoice; of a contract that it knows. Another is listed
        anew all the same.
        """
        if self.state.source == "document":
            await self._list(status, "done")
            return
        step = Step("write back", "crm.write_back", self.state.crm, "Write status and ids to the CRM")
        await self.steps.run(step, lambda origin: self._write_back(origin, status, "done"))

    async def _list(self, status: ContractStatus, change_status: str) -> None:
        """What a write to the CRM brings along for the others: the list of contracts shows the status."""
        changes = self.scope.changes if change_status == "done" else self.scope.before
        listing = Listing(
            contract=self.state.id,
            status=self._standing(status),
            version=self.item.version,
            account=customer_of(self.contract, changes).id,
        )
        await workflow.execute_local_activity_method(
            RecordsActivities.list_contract,
            listing,
            **in_records(f"List {self.state.id} as {listing.status}"),
        )
        self.listed = self._standing(status)

    def _standing(self, status: ContractStatus) -> ContractStatus:
        """The status that the change leaves the contract in; one that is over stays so."""
        return "cancelled" if is_over(self.state) else status

    async def _write_back(self, origin: Origin, status: ContractStatus, change_status: str) -> None:
        first = self.ids.first_invoice
        changes = self.scope.changes if change_status == "done" else self.scope.before
        request = CrmWriteBack.model_validate(
            {
                "origin": origin,
                "contract": self.state.id,
                "change": self.item.id if self.item.in_crm and self.item.type != "activation" else None,
                "status": self._standing(status),
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
        self.listed = self._standing(status)

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
        status: ContractStatus = "compensated" if self.item.type == "activation" else "active"
        if self.state.source == "document":
            await self.steps.compensate()
            await self._list(status, "compensated")
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
            listed=self.listed,
        )
