"""From a platform's invoice or credit memo to the ledger: read, compare to the cent, post once.

The platform's event is a hint: the document is read from the platform each time. What is not as expected is
an exception before it reaches the ledger, and nothing is posted.
"""

import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Literal

from temporalio import workflow
from temporalio.exceptions import FailureError

from activities.billing import BillingActivities, DocumentsListed, DocumentsQuestion
from activities.contracts import CLOSED, ContractActivities
from activities.erp import ErpActivities, LedgerVoid
from activities.rates import RateActivities, RateQuestion
from activities.tax import TaxActivities, TaxVoid
from canonical.base import Noun
from canonical.document import CreditMemo, Invoice
from canonical.ids import contract_workflow_id, posted_again_key
from canonical.lifecycle import ContractAnswer, DocumentQuestion
from canonical.origin import Origin, Reference
from canonical.policy import PolicyExcerpt
from ports.billing import IssuedDocument
from ports.tax import TaxResult
from rules.edits import is_another
from rules.subledger import as_issued, compare, ledger_document
from rules.tax_document import is_taxed_alike
from workflows._accepted import record_accepted_tax, tell_of_accepted
from workflows._bad_debt import BAD_DEBT
from workflows._correction import corrected_items
from workflows._decisions import Decisions
from workflows._desk import Desk
from workflows._edits import EDIT, Anew, decided, ground, take_off
from workflows._options import WORKFLOW_QUEUE, in_contracts, on_platform
from workflows._refusal import closed_contract, rejected
from workflows._steps import Step, Steps, Undo

READ = "read"
"""The step by which a document is read."""
COMPARE = "compare"
"""The step by which it is held against what is expected."""
_DELETED, _VOIDED, _ISSUED = ".deleted", ".voided", ".finalized"
_PAID = "invoice.paid"
"""In full: a payout is paid too, and that is what its story is about."""
_ECHO = dt.timedelta(seconds=10)
"""So long the platform's word of what was issued here is waited for: most often it comes within seconds."""


class DocumentNotice(Noun):
    """A platform's message about one of its documents."""

    event_id: str
    type: str
    occurred_at: dt.datetime
    correlation_id: str


class DocumentInput(Noun):
    tenant: str
    platform: str
    document_id: str


class DocumentResult(Noun):
    """What became of the document: `posted` is the ERP's object."""

    outcome: str
    key: str | None = None
    posted: Reference | None = None


class DocumentStory(Decisions):
    """What invoices and credit memos have in common; subclasses say how theirs is read."""

    given: DocumentInput
    steps: Steps
    notices: list[DocumentNotice]
    items: dict[str, str]
    done: tuple[IssuedDocument, DocumentResult] | None
    """The document as it was posted, and what came of it."""
    awaits_echo: bool
    """Whether the platform has yet to tell of what was issued here."""

    def open(self, given: DocumentInput) -> None:
        self.given = given
        self.done = None
        self.awaits_echo = False
        self.notices = []
        self.items = {}
        self.start_over(None)

    def start_over(self, document: IssuedDocument | None) -> None:
        """The desk and the steps, with the contract's name as soon as it is known."""
        self.begin(document.contract if document else None, document.key if document else None)

    def begin(self, named: str | None, key: str | None) -> None:
        """The same for whatever is named like that."""
        contract = named or "unknown"
        correlation = self.notices[-1].correlation_id if self.notices else self.given.document_id
        origin = Origin(
            tenant=self.given.tenant,
            contract=contract,
            change=key or self.given.document_id,
            step="",
            correlation_id=correlation,
            event_id=self.notices[-1].event_id if self.notices else None,
        )
        if not hasattr(self, "desk"):
            self.desk = Desk(contract=contract, change=None, correlation_id=correlation, policy=None)
        else:
            self.desk.rename(contract, correlation)
        self.desk.topic = origin.event_id or ""
        self.steps = Steps(desk=self.desk, origin=origin, correct=self._correct)

    def _correct(self, pairs: dict[str, str]) -> None:
        self.items = corrected_items(self.items, pairs)

    @workflow.signal(name="notify")
    def notify(self, notice: DocumentNotice) -> None:
        if notice.type == _PAID:  # its money has a story of its own: it matters where a person is asked
            self._look_again("it was paid at the platform", BAD_DEBT)
            return
        self.notices.append(notice)
        if notice.type.endswith(_VOIDED):
            self._look_again("it was voided at the platform", BAD_DEBT, EDIT, COMPARE)
        if notice.type.endswith(_DELETED):  # whoever is asked why it can't be read has the answer
            for entry in self.desk.open:
                if entry.step == READ:
                    self.desk.answer(entry.id, "skip", "the draft was deleted at the platform")

    def _look_again(self, reason: str, *steps: str) -> None:
        """Has the document read anew where a person is asked about what may have passed."""
        for entry in self.desk.open:
            if entry.step.startswith(steps):
                self.desk.answer(entry.id, "retry", reason)

    @property
    def is_deleted(self) -> bool:
        """Whether the platform has told that it was deleted, which happens to drafts only."""
        return any(notice.type.endswith(_DELETED) for notice in self.notices)

    async def follow(self, once: Callable[[], Awaitable[DocumentResult]]) -> DocumentResult:
        """Does the whole for each message that has come, the last one's outcome being the result."""
        while True:
            await workflow.wait_condition(lambda: bool(self.notices))
            seen = len(self.notices)
            try:
                result = await once()
            except Undo as undo:
                await self.desk.close(undo.answer, "left as it is")
                result = DocumentResult(outcome=f"not posted: {undo.answer.reason}")
            del self.notices[:seen]
            if self.awaits_echo:
                await self._hear_echo()
            await workflow.wait_condition(workflow.all_handlers_finished)
            if not self.notices:
                return result

    async def _hear_echo(self) -> None:
        """Takes in the message of what was issued here: by itself it would start the whole once more, to find
        that all is done. What else has come stays.
        """
        self.awaits_echo = False
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: any(notice.type.endswith(_ISSUED) for notice in self.notices), timeout=_ECHO
            )
        self.notices = [notice for notice in self.notices if not notice.type.endswith(_ISSUED)]

    def done_before(self, document: IssuedDocument) -> DocumentResult | None:
        """What came of the document, where it is posted as it is: platforms send several messages each."""
        return self.done[1] if self.done is not None and self.done[0] == document else None

    async def expectation(self, document: IssuedDocument) -> ContractAnswer | None:
        """What the contract says about the document; None where a person lets it pass."""
        step = Step(
            "find the contract",
            "contract.expected_document",
            "temporal",
            "Find the contract",
            amount=document.total,
            currency=document.currency,
        )

        return await self.steps.run(step, lambda origin: self.asked(document))

    async def asked(self, document: IssuedDocument) -> ContractAnswer:
        """The contract's answer of now."""
        if document.contract is None:
            raise rejected(
                document.platform,
                "contract.expected_document",
                f"{document.kind} {document.number or document.id} names no contract of ours",
                field="contract",
                code="Unroutable",
            )
        question = DocumentQuestion(
            contract=document.contract,
            kind=document.kind,
            key=document.key,
            date=document.date,
            cycle=_cycle(document),
            subscription_key=document.subscription_key if document.origin == "cycle" else None,
        )
        answer = await workflow.execute_activity_method(
            ContractActivities.expected_document, question, **in_contracts(WORKFLOW_QUEUE)
        )
        if answer.reason == CLOSED:
            self.desk.adopt(answer.policy)
            raise closed_contract(question)
        return answer

    async def settled(
        self, document: IssuedDocument, answer: ContractAnswer, read: Callable[[], Awaitable[IssuedDocument]]
    ) -> IssuedDocument:
        """The document as it is once the contract has come to rest: one that is not expected may be of a
        change that was being undone, and void by now.
        """
        return await read() if answer.expected is None else document

    async def compared(
        self, document: IssuedDocument, answer: ContractAnswer, read: Callable[[], Awaitable[IssuedDocument]]
    ) -> tuple[IssuedDocument, ContractAnswer] | None:
        """The document once it is as expected, or accepted by a person as it is (then that is expected); None
        where a person lets it pass, or where it is void by now, of which the platform tells on its own. A
        retry reads anew.
        """
        step = Step(
            COMPARE,
            "rules.compare",
            document.platform,
            f"Compare {document.number or document.id}",
            amount=document.total,
            currency=document.currency,
        )
        current, is_retry = document, False

        async def check(origin: Origin) -> tuple[IssuedDocument, ContractAnswer] | None:
            nonlocal current, is_retry
            if is_retry:
                current = await read()
                if current.status == "void":
                    return None
            is_retry = True
            differences = compare(answer.expected, current)
            if differences:
                words = "; ".join(str(difference) for difference in differences)
                raise rejected(
                    current.platform,
                    "rules.compare",
                    words,
                    field=differences[0].field,
                    code="AmountMismatch",
                )
            return current, answer

        def accepted() -> tuple[IssuedDocument, ContractAnswer] | None:
            taken = as_issued(answer.expected, current)
            return current, answer.model_copy(update={"expected": taken})

        # what was not expected at all can only be let pass: there is nothing to hold it against
        found = await self.steps.run(step, check, accepted if answer.expected is not None else None)
        due, taken = answer.expected, found and found[1].expected
        if found is not None and due is not None and taken is not None and taken != due:
            await tell_of_accepted(found[0], due, taken)
            if not is_taxed_alike(due, taken):
                await record_accepted_tax(self.steps, *found)
        return found

    async def posted_before(
        self, document: IssuedDocument, answer: ContractAnswer, read: Callable[[], Awaitable[IssuedDocument]]
    ) -> DocumentResult | None:
        """What came of a document that is posted already and was edited since; None where it is not posted.

        Looked for where the platform tells of an edit, and where the document is not as expected: what a
        person has accepted before is posted, and not asked about again.
        """
        is_edit = any(notice.type.endswith(".updated") for notice in self.notices)
        if not is_edit and not compare(answer.expected, document):
            return None
        on = await ground(self.steps, document, answer)
        if on is None:
            return None
        if is_another(on.posted, document):
            return DocumentResult(outcome="nothing is due", key=document.key)
        decision = await decided(on, document, answer, read)
        if isinstance(decision, Anew) and await take_off(on, decision):
            await tell_of_accepted(decision.document, answer.expected, decision.answer.expected)
            return await self.post(decision.document, decision.answer, decision.revision)
        if isinstance(decision, Anew):
            return DocumentResult(outcome="kept as posted: the reversal was skipped", key=document.key)
        return DocumentResult(outcome=decision.outcome, key=document.key, posted=decision.posted)

    async def post(
        self, document: IssuedDocument, answer: ContractAnswer, revision: str | None = None
    ) -> DocumentResult:
        """Into the ledger, once; a closed period moves the posting date, never the document's. `revision`
        names a posting that takes another one's place.
        """
        contract, policy, expected = answer.contract, answer.policy, answer.expected
        if contract is None or policy is None or expected is None:
            raise ValueError("a compared document has a contract, a policy and an expectation")
        erp = policy.route.erp
        step = Step(
            f"post {expected.key}",
            "erp.post_document",
            erp,
            f"Post {document.number} over {document.total} {document.currency}",
            amount=document.total,
            currency=document.currency,
        )

        async def put(origin: Origin) -> Reference:
            if answer.ids.erp_customer is None:
                raise rejected(
                    erp, "erp.post_document", "the contract has no customer in the ERP", field="customer"
                )
            posting = ledger_document(
                origin.model_copy(update={"change": answer.change or contract.id}),
                contract,
                expected,
                document,
                answer.ids.erp_customer.id,
                policy,
                policy.items | self.items,
            )
            rate = await exchange_rate(policy, expected)
            if rate is not None:
                posting = posting.model_copy(update={"exchange_rate": rate})
            if revision is not None:
                posting = posting.model_copy(update={"key": posted_again_key(posting.key, revision)})
            return await workflow.execute_activity_method(
                ErpActivities.post_document, posting, **on_platform(erp, step.summary)
            )

        posted = await self.steps.run(step, put)
        if posted is None:
            return DocumentResult(outcome="not posted: skipped by a person", key=expected.key)
        result = DocumentResult(outcome="posted", key=expected.key, posted=posted)
        self.done = (document, result)
        return result

    async def void(self, document: IssuedDocument, answer: ContractAnswer) -> DocumentResult:
        """A document that was voided at the platform has no effect in the ledger either."""
        contract, policy = answer.contract, answer.policy
        if contract is None or policy is None or document.key is None:
            return DocumentResult(outcome="void before it was posted", key=document.key)
        erp = policy.route.erp
        key = document.key
        if answer.expected is not None and await self._is_billed_anew(document, answer, contract.id):
            return DocumentResult(outcome="void: another one has its place", key=key)
        step = Step(
            f"void {key}",
            "erp.void_document",
            erp,
            f"Void {document.number or key} in the ledger",
            amount=document.total,
            currency=document.currency,
        )

        async def undo(origin: Origin) -> Reference | None:
            order = LedgerVoid(
                origin=origin,
                kind=document.kind,
                key=key,
                legal_entity=contract.legal_entity,
                date=document.date,
                reason=f"{document.number or document.id} was voided in {document.platform}",
            )
            return await workflow.execute_activity_method(
                ErpActivities.void_document, order, **on_platform(erp, step.summary)
            )

        voided = await self.steps.run(step, undo)
        result = DocumentResult(outcome="voided" if voided else "nothing to void", key=key, posted=voided)
        if answer.expected is None and voided is None:
            return result  # its change was undone before it was posted, and has voided the tax itself
        await self._void_tax(document, key, contract.legal_entity, policy.route.tax)
        if answer.expected is not None:
            return await self._account_for(document, key, result)
        return result

    async def _is_billed_anew(self, document: IssuedDocument, answer: ContractAnswer, contract: str) -> bool:
        """Whether another document stands under its key, and it was never posted itself: such is what an
        undone change had issued, where its day is billed all the same (before the contract answers).
        """
        key, words = document.key, f"Is {document.key} billed anew?"
        step = Step("look for another", "billing.list_documents", document.platform, words)

        async def listed(origin: Origin) -> DocumentsListed:
            return await workflow.execute_activity_method(
                BillingActivities.list_documents,
                DocumentsQuestion(contract=contract, since=document.date),
                **on_platform(document.platform, step.summary),
            )

        found = await self.steps.run(step, listed)
        others = () if found is None else found.documents
        if not any(o.key == key and o.id != document.id and o.status != "void" for o in others):
            return False
        on = await ground(self.steps, document, answer)
        return on is None or on.posted.number != document.number

    async def _void_tax(self, document: IssuedDocument, key: str, legal_entity: str, tax: str) -> None:
        """What is not owed is not to be reported: harmless where the engine's document is void already."""
        step = Step(
            f"void the tax of {key}",
            "tax.void",
            tax,
            f"Void the tax of {document.number or key}",
            amount=document.tax,
            currency=document.currency,
        )

        async def undo(origin: Origin) -> TaxResult | None:
            order = TaxVoid(origin=origin, code=key, kind=document.kind, legal_entity=legal_entity)
            return await workflow.execute_activity_method(
                TaxActivities.void, order, **on_platform(tax, step.summary)
            )

        await self.steps.run(step, undo)

    async def _account_for(
        self, document: IssuedDocument, key: str, result: DocumentResult
    ) -> DocumentResult:
        """A void that nobody planned: the contract makes the document due, so a person must say that it shall
        stay void. From then on the contract no longer expects it.
        """
        step = Step(
            "account for the void",
            "rules.compare",
            document.platform,
            f"{document.number or document.id} was voided in {document.platform}",
            amount=document.total,
            currency=document.currency,
        )

        async def ask(origin: Origin) -> DocumentResult:
            raise rejected(
                document.platform,
                "rules.compare",
                "the contract makes it due; ledger and tax are reversed. Accept that it is not billed, or "
                "bill it again by a change of the contract and accept",
                field="status",
                code="DocumentVoided",
            )

        taken = result.model_copy(update={"outcome": "voided: accepted by a person"})
        accepted = await self.steps.run(step, ask, lambda: taken)
        if accepted is None or document.contract is None:
            return result
        handle = workflow.get_external_workflow_handle(contract_workflow_id(document.contract))
        try:
            await handle.signal("document_voided", key)
        except FailureError as error:  # the contract's life is over: it expects nothing more
            workflow.logger.warning("the contract was not told of the void: %s", error.message)
        return accepted


async def exchange_rate(policy: PolicyExcerpt, document: Invoice | CreditMemo) -> Decimal | None:
    """An invoice's on its date; None where its currency is the books'. A credit memo has its invoice's, which
    the ledger knows. Fails as NoExchangeRate, before anything is posted.
    """
    if isinstance(document, CreditMemo):
        return None
    return await rate_on(policy, document.currency, document.date)


async def rate_on(policy: PolicyExcerpt, currency: str, day: dt.date) -> Decimal | None:
    """What the currency is worth in the entity's books; None where it is theirs."""
    terms = policy.converting(currency)
    if terms is None:
        return None
    question = RateQuestion(terms=terms, currency=currency, day=day)
    options = in_contracts(WORKFLOW_QUEUE)
    options["summary"] = f"What {currency} is worth on {day}"
    found = await workflow.execute_activity_method(RateActivities.in_force, question, **options)
    return found.rate


def _cycle(document: IssuedDocument) -> Literal["draft", "issued"] | None:
    """Whether the platform's own invoice still takes lines; None for what is not a cycle's."""
    if document.kind != "invoice" or document.origin != "cycle":
        return None
    return "draft" if document.status == "draft" else "issued"
