"""A bank receipt's way into the ledger: certain, it is applied by itself; else a person says what it is for.

Until then it is in no ledger: whose money it is decides where it is posted. What a person decides is carried
out to the cent, or asked again.
"""

from decimal import Decimal, InvalidOperation

from temporalio import workflow

from activities.bank import BankActivities, ReceiptCase, ReceiptName
from activities.cash import CashActivities, MatchQuestion
from activities.contracts import ContractActivities, ContractStanding
from canonical.bank import BankReceipt, InvoiceShare, ReceiptStatus, Suggestion
from canonical.ids import cash_key, contract_of_invoice
from canonical.money import format_amount
from canonical.origin import Origin, Reference
from canonical.payment import CashApplication
from ports.bank import ReceiptOutcome
from ports.receipts import PostedReceipt, ReceivablesAccount
from rules.cash_posting import Money, receive
from workflows._cash import CONTRACT, of_customer
from workflows._desk import Desk, invalid
from workflows._document import DocumentInput, DocumentResult
from workflows._options import WORKFLOW_QUEUE, in_contracts, in_records, on_platform
from workflows._recovery import RecoveringStory
from workflows._refusal import rejected
from workflows._steps import Step, Undo

INVOICES = "cash.invoices"
"""The correction that names invoices: `KEY=AMOUNT,KEY`, by key or number, without an amount as much as is
open and left."""
Names = dict[str, Decimal | None]


@workflow.defn(name="BankReceipt")
class BankReceiptWorkflow(RecoveringStory):
    """`given.platform` is the bank, `given.document_id` the entry's reference."""

    receipt: BankReceipt | None
    names: Names | None
    """The invoices that a person has named; empty where the money is to stay on account."""
    whose: ContractStanding | None
    """By which contract and customer it was posted."""

    @workflow.init
    def __init__(self, given: DocumentInput) -> None:
        self.receipt, self.names, self.whose = None, None, None
        self.desk = Desk(
            contract="unknown",
            change=None,
            correlation_id=given.document_id,
            policy=None,
            check_corrections=self._check,
        )
        self.open(given)
        self.desk.correctable = (CONTRACT, INVOICES)

    def _check(self, pairs: dict[str, str]) -> None:
        if INVOICES not in pairs:
            return
        named = sum((amount for amount in names_of(pairs[INVOICES]).values() if amount), Decimal(0))
        if self.receipt is not None and named > self.receipt.amount:
            raise invalid(f"{INVOICES}: {named} is more than came in: {self.receipt.amount}")

    def _correct(self, pairs: dict[str, str]) -> None:
        self.contract = pairs.get(CONTRACT)
        self.names = names_of(pairs[INVOICES]) if INVOICES in pairs else {}

    @workflow.run
    async def run(self, given: DocumentInput) -> DocumentResult:
        return await self.follow(self.once)

    async def once(self) -> DocumentResult:
        case = await self.read_step("bank.read_receipt", "Read the receipt", self.read)
        if case is None:
            return DocumentResult(outcome="could not be read")
        receipt = self.receipt = case.recorded.receipt
        key = cash_key("cash", receipt.bank, receipt.ref)
        self.begin(None, key)
        self.desk.adopt(case.policy)
        if case.recorded.status in ("applied", "left"):
            return DocumentResult(outcome=f"{case.recorded.status} before", key=key)
        try:
            posted = await self._applied(case, receipt, key)
        except Undo as undo:
            await self._record(receipt, "left", undo.answer.reason)
            raise
        if posted is None:
            await self._record(receipt, "left", "left by a person")
        words = ""
        if posted is not None and self.whose is not None:
            words = await self.recovered(self.whose, _money(receipt), key)
        return self.result(posted, key, words)

    async def _applied(self, case: ReceiptCase, receipt: BankReceipt, key: str) -> Reference | None:
        """One step, so that a person's answer begins again with what is open by then."""
        amount = f"{format_amount(receipt.amount, receipt.currency)} {receipt.currency}"
        step = Step(
            f"apply {key}",
            "erp.post_cash",
            case.policy.route.erp,
            f"Apply {amount} of {receipt.value_date} from {receipt.bank}",
            amount=receipt.amount,
            currency=receipt.currency,
        )

        async def apply(origin: Origin) -> Reference:
            posted = await self.posted(case.policy.route.erp, key)
            meant = _as_posted(posted, receipt) if posted else await self._meant(case, receipt)
            self.whose = standing = await self._standing(receipt, meant)
            return await self._settled(receipt, meant, standing, key, origin)

        return await self.steps.run(step, apply)

    async def _meant(self, case: ReceiptCase, receipt: BankReceipt) -> Suggestion:
        """What the receipt is for. Raises where only a person knows, with the best suggestion."""
        if self.names == {}:
            return Suggestion(
                reason="decided",
                customer_id="",
                shares=(),
                unapplied=receipt.amount,
                words="on account",
            )
        question = MatchQuestion(receipt=receipt, tolerance=case.tolerance, names=self.names)
        found = await workflow.execute_activity_method(
            CashActivities.match_receipt, question, **on_platform(case.policy.route.erp, "Match the receipt")
        )
        if found.exact is not None:
            return found.exact
        words = "nothing open accounts for it without doubt"
        if found.suggestions:
            words += f"; most likely {described(found.suggestions[0], receipt.currency)}"
        await self._record(receipt, "waiting", words, found.suggestions)
        raise rejected(
            receipt.bank,
            "rules.match",
            f"{words}; q2c cash show {receipt.bank}/{receipt.ref}",
            field="invoice",
            code="UnmatchedCash",
        )

    async def _standing(self, receipt: BankReceipt, meant: Suggestion) -> ContractStanding:
        """The contract by which it is posted; its customer is the one whose invoices are settled."""
        name = contract_of_invoice(meant.shares[0].key) if meant.shares else self.contract
        if name is None:
            raise rejected(
                receipt.bank, "rules.match", f"{CONTRACT}: is needed", field="contract", code="UnmatchedCash"
            )
        standing = await workflow.execute_activity_method(
            ContractActivities.standing, name, **in_contracts(WORKFLOW_QUEUE)
        )
        contract = standing.contract
        if contract is None or (contract.legal_entity, contract.currency) != (
            receipt.entity,
            receipt.currency,
        ):
            raise rejected(
                receipt.bank,
                "rules.match",
                f"contract {name} is not of {receipt.entity} in {receipt.currency}",
                field="contract",
                code="UnmatchedCash",
            )
        self.desk.rename(contract.id, self.steps.origin.correlation_id)
        return of_customer(standing, meant.customer_id) if meant.customer_id else standing

    async def _settled(
        self, receipt: BankReceipt, meant: Suggestion, standing: ContractStanding, key: str, origin: Origin
    ) -> Reference:
        shares = {share.key: share.amount for share in meant.shares}

        def rule(account: ReceivablesAccount) -> CashApplication:
            return receive(account, receipt.amount, shares)

        posted = await self.settle(origin, standing, rule, _money(receipt), key, tuple(shares), None)
        await self._record(receipt, "applied", described(meant, receipt.currency), document=posted.id)
        return posted

    async def _record(
        self,
        receipt: BankReceipt,
        status: ReceiptStatus,
        note: str,
        suggestions: tuple[Suggestion, ...] = (),
        document: str | None = None,
    ) -> None:
        outcome = ReceiptOutcome(
            bank=receipt.bank,
            ref=receipt.ref,
            status=status,
            note=note,
            at=workflow.now(),
            suggestions=suggestions,
            document=document,
        )
        await workflow.execute_local_activity_method(
            BankActivities.record_outcome, outcome, **in_records("Record what became of the receipt")
        )

    async def read(self) -> ReceiptCase:
        name = ReceiptName(bank=self.given.platform, ref=self.given.document_id)
        return await workflow.execute_activity_method(
            BankActivities.read_receipt, name, **in_contracts(WORKFLOW_QUEUE)
        )


def _money(receipt: BankReceipt) -> Money:
    return Money(kind="payment", id=receipt.ref, date=receipt.value_date, amount=receipt.amount)


def names_of(text: str) -> Names:
    """`KEY=AMOUNT,KEY` as names with their shares. Raises ApplicationError InvalidInput."""
    names: Names = {}
    for part in text.split(","):
        name, mark, said = (piece.strip() for piece in part.partition("="))
        if not name or name in names:
            raise invalid(f"{INVOICES}: {part.strip()!r} names no invoice, or one twice")
        try:
            names[name] = Decimal(said) if mark else None
        except InvalidOperation:
            raise invalid(f"{INVOICES}: {said!r} is no amount") from None
    return names


def described(meant: Suggestion, currency: str) -> str:
    """What is done with a receipt, in words."""
    parts = [f"{format_amount(share.amount, currency)} to {share.key}" for share in meant.shares]
    if meant.unapplied:
        parts.append(f"{format_amount(meant.unapplied, currency)} unapplied")
    return f"{', '.join(parts)} ({meant.words})"


def _as_posted(posted: tuple[PostedReceipt, ...], receipt: BankReceipt) -> Suggestion:
    """What an attempt before has decided: it stays so, and is only completed."""
    shares = tuple(
        InvoiceShare(key=each.key, number=None, amount=each.amount)
        for one in posted
        for each in one.applied_to
        if each.key is not None
    )
    return Suggestion(
        reason="decided",
        customer_id=posted[0].customer_id or "",
        shares=shares,
        unapplied=receipt.amount - sum((share.amount for share in shares), Decimal(0)),
        words="as posted before",
    )
