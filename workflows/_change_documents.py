"""The documents of a change: drafted, taxed, issued; each step with what undoes it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from temporalio import workflow

from activities.billing import BillingActivities, DocumentAction
from activities.tax import TaxActivities, TaxVoid
from canonical.contract import Contract
from canonical.document import CreditMemo, Invoice
from canonical.origin import Origin, Reference
from ports.billing import CreditOrder, InvoiceOrder, IssuedDocument
from ports.tax import TaxDocument
from rules.change_plan import credited_lines
from rules.subscription_stays import for_customer
from rules.tax_document import credit_tax_document, invoice_tax_document
from workflows._options import on_platform
from workflows._refusal import check_tax
from workflows._steps import Step

if TYPE_CHECKING:
    from workflows._change import ChangeStory


class DocumentScenes:
    """The scenes of one story in which its documents come to be."""

    def __init__(self, story: "ChangeStory") -> None:
        self.story = story

    async def issue(self) -> None:
        """Drafts, then tax, then issue: what can't be undone without a trace comes last."""
        drafts = await self.story.steps.together([self._draft(i) for i in self.story.scope.invoices])
        drafted = {
            invoice.key: draft
            for invoice, draft in zip(self.story.scope.invoices, drafts, strict=True)
            if draft is not None
        }
        await self.story.steps.together(
            [self._commit_invoice(i) for i in self.story.scope.invoices if i.key in drafted]
            + [self._commit_credit(c) for c in self.story.scope.credit_memos]
        )
        for invoice in self.story.scope.invoices:
            if invoice.key in drafted:
                await self._finalize(invoice, drafted[invoice.key])
        for credit in self.story.scope.credit_memos:
            await self._credit(credit)

    def _draft(self, invoice: Invoice) -> Awaitable[Reference | None]:
        billing = self.story.policy.route.billing
        step = Step(
            f"draft {invoice.key}",
            "billing.draft_invoice",
            billing,
            f"Draft the invoice of {invoice.date} over {invoice.total} {invoice.currency}",
            compensation="void it",
            undo=self._undo_document(BillingActivities.discard_invoice, invoice.key, billing),
            amount=invoice.total,
            currency=invoice.currency,
        )

        return self.story.steps.run(step, lambda origin: self._drafted(origin, invoice, step.summary))

    async def _drafted(self, origin: Origin, invoice: Invoice, summary: str) -> Reference:
        order = InvoiceOrder(
            origin=origin,
            key=invoice.key,
            contract=self.story.state.id,
            customer_id=self.story.customer_id(invoice.account),
            subscription_id=self.story.ids.subscription.id if self.story.ids.subscription else None,
            currency=invoice.currency,
            date=invoice.date,
            due_date=invoice.due_date,
            lines=invoice.lines,
        )
        return await workflow.execute_activity_method(
            BillingActivities.draft_invoice, order, **on_platform(self.story.policy.route.billing, summary)
        )

    def _undo_document(
        self,
        method: Callable[[BillingActivities, DocumentAction], Awaitable[Reference | None]],
        key: str,
        platform: str,
    ) -> Callable[[Origin], Awaitable[Reference | None]]:
        async def undo(origin: Origin) -> Reference | None:
            action = DocumentAction(origin=origin, key=key, reason=f"change {self.story.item.id} is undone")
            return await workflow.execute_activity_method(
                method, action, **on_platform(platform, f"Undo {key}")
            )

        return undo

    def _commit_invoice(self, invoice: Invoice) -> Awaitable[None]:
        return self._commit(invoice, lambda origin: invoice_tax_document(origin, self._of(invoice), invoice))

    def _commit_credit(self, credit: CreditMemo) -> Awaitable[None]:
        def document(origin: Origin) -> TaxDocument:
            return credit_tax_document(origin, self._of(credit), credit)

        return self._commit(credit, document)

    def _of(self, document: Invoice | CreditMemo) -> Contract:
        return for_customer(self.story.contract, self.story.scope.changes, document.account)

    async def _commit(self, document: Invoice | CreditMemo, make: Callable[[Origin], TaxDocument]) -> None:
        tax = self.story.policy.route.tax
        kind = "invoice" if isinstance(document, Invoice) else "credit_memo"
        step = Step(
            f"tax {document.key}",
            "tax.commit",
            tax,
            f"Record the tax of {document.tax} {document.currency}",
            compensation="void it",
            undo=lambda origin: self._void_tax(origin, document.key, kind),
            amount=document.total,
            currency=document.currency,
        )

        async def commit(origin: Origin) -> None:
            result = await workflow.execute_activity_method(
                TaxActivities.commit, make(origin), **on_platform(tax, step.summary)
            )
            check_tax(tax, step.activity, result, document)

        await self.story.steps.run(step, commit)

    async def _void_tax(self, origin: Origin, key: str, kind: str) -> object:
        order = TaxVoid(origin=origin, code=key, kind=kind, legal_entity=self.story.contract.legal_entity)
        return await workflow.execute_activity_method(
            TaxActivities.void, order, **on_platform(self.story.policy.route.tax, f"Void the tax of {key}")
        )

    async def _finalize(self, invoice: Invoice, draft: Reference) -> None:
        billing = self.story.policy.route.billing
        step = Step(
            f"issue {invoice.key}",
            "billing.finalize_invoice",
            billing,
            f"Issue the invoice of {invoice.date} over {invoice.total} {invoice.currency}",
            amount=invoice.total,
            currency=invoice.currency,
        )

        current, is_retry = draft, False

        async def finalize(origin: Origin) -> IssuedDocument:
            nonlocal current, is_retry
            if is_retry:  # somebody may have deleted the draft
                current = await self._drafted(origin, invoice, f"Draft the invoice of {invoice.date} again")
            is_retry = True
            return await workflow.execute_activity_method(
                BillingActivities.finalize_invoice,
                DocumentAction(origin=origin, id=current.id, key=invoice.key),
                **on_platform(billing, step.summary),
            )

        issued = await self.story.steps.run(step, finalize)
        if issued is not None and self.story.ids.first_invoice is None:
            first = Reference(
                platform=issued.platform,
                kind="invoice",
                id=issued.id,
                business_key=invoice.key,
                number=issued.number,
                url=issued.url,
                date=invoice.date,
                total=issued.total,
            )
            self.story.ids = self.story.ids.model_copy(update={"first_invoice": first})

    async def _credit(self, credit: CreditMemo) -> None:
        billing = self.story.policy.route.billing
        step = Step(
            f"issue {credit.key}",
            "billing.issue_credit_memo",
            billing,
            f"Issue the credit memo of {credit.date} over {credit.total} {credit.currency}",
            compensation="void it",
            undo=self._undo_document(BillingActivities.void_credit_memo, credit.key, billing),
            amount=credit.total,
            currency=credit.currency,
        )

        async def issue(origin: Origin) -> IssuedDocument:
            order = CreditOrder(
                origin=origin,
                key=credit.key,
                contract=self.story.state.id,
                currency=credit.currency,
                date=credit.date,
                invoice_key=credit.invoice_key,
                reason="cancellation" if self.story.item.type == "cancellation" else "amendment",
                lines=credit.lines,
                credited=credited_lines(self.story.scope, credit, self.story.state),
            )
            return await workflow.execute_activity_method(
                BillingActivities.issue_credit_memo, order, **on_platform(billing, step.summary)
            )

        await self.story.steps.run(step, issue)
