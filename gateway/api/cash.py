"""Cash application: receipts taken in from a bank's file, shown, and decided on by a person."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field, model_validator

from canonical.bank import BankReceipt, ReceiptStatus, Suggestion
from canonical.base import Day, Dec, Noun
from canonical.cash import CashDecision, UnappliedListing
from canonical.ids import contract_of_invoice, document_workflow_id
from gateway.access import Finance, Viewer
from gateway.api.audit import record
from gateway.api.exceptions import Reason
from gateway.api.reconciliations import entities_asked
from gateway.deps import GatewayDeps, Stores, TheDeps, TheOperations, TheStores
from gateway.operations import Actor, InvalidRequest, Operations, ResolveResult
from gateway.problems import Problem
from ports.bank import RecordedReceipt
from rules.bank_entry import RETURNED
from rules.bank_file import BANK
from rules.bank_returns import match_return, names_of
from store.bank import BankIntake

router = APIRouter(prefix="/cash", tags=["cash"])

_NOT_POSTED = {
    "received": "it is on its way to the ledger: import the file again",
    "waiting": "it is in no ledger, and waits for a person: leave it (q2c exception skip)",
    "left": "it is in no ledger: a person has left it",
}
MOST_RECEIPTS = 200
"""In one request; its body is bounded too (`max_body_bytes`)."""
BankName = Annotated[str, Path(pattern=f"^{BANK.pattern}$")]
Ref = Annotated[str, Path(min_length=1, max_length=250)]


def _named(receipts: Sequence[BankReceipt]) -> None:
    for each in receipts:
        if not BANK.fullmatch(each.bank) or not each.ref or "/" in each.ref or each.amount <= 0:
            raise ValueError("an entry has a bank in small letters, a reference, and an amount above 0")


class ReceiptImport(Noun):
    receipts: tuple[BankReceipt, ...] = Field(min_length=1, max_length=MOST_RECEIPTS)

    @model_validator(mode="after")
    def _are_named(self) -> "ReceiptImport":
        _named(self.receipts)
        return self


class LinesImport(Noun):
    """Debits and reversals, each under a reference of its own."""

    lines: tuple[BankReceipt, ...] = Field(min_length=1, max_length=MOST_RECEIPTS)

    @model_validator(mode="after")
    def _are_named(self) -> "LinesImport":
        _named(self.lines)
        return self


class LinesTaken(Noun):
    recorded: int
    known: int


class ReceiptsTaken(Noun):
    """`started`: workflows that were started or told again."""

    recorded: int
    known: int
    started: int


class ReceiptView(Noun):
    """A receipt; `id` is bank and reference. `suggestions` are for whoever decides, the best first."""

    id: str
    entity: str
    amount: Dec
    currency: str
    value_date: Day
    status: ReceiptStatus
    note: str | None
    remitter: str | None
    text: str
    references: tuple[str, ...]
    source: str
    document: str | None
    workflow_id: str
    exception: str | None = None
    suggestions: tuple[Suggestion, ...] = ()


class ChosenInvoice(Noun):
    invoice: str = Field(min_length=1, max_length=300, pattern="^[^,=]+$")
    amount: Dec | None = None


class ApplyOrder(Reason):
    """`invoices` by key or number, an amount of null as much as is open and left; or `contract`, whose money
    it is, to leave it on account."""

    invoices: tuple[ChosenInvoice, ...] = Field(default=(), max_length=100)
    contract: str | None = Field(default=None, min_length=1, max_length=200)


class ApplicationOrder(Reason):
    """`source`: the entry by whose key the money came in, such as payment/stripe/pi_1 or cash/ubs/E-17."""

    source: str = Field(min_length=3, max_length=400)
    invoices: tuple[ChosenInvoice, ...] = Field(min_length=1, max_length=100)


class RefundOrder(Noun):
    """`amount` null: all that is unapplied of it. `contract` where none is known by which it came in."""

    reason: str = Field(min_length=1, max_length=450)
    """Kept at the payment platform too, which takes no longer ones."""
    source: str = Field(min_length=3, max_length=400)
    amount: Dec | None = Field(default=None, gt=0)
    contract: str | None = Field(default=None, min_length=1, max_length=200)


class ReturnOrder(Reason):
    """`source`: the receipt's key, such as cash/ubs/E-17. `contract` where none is known by which it came.

    Of a part, its `amount`; or `entry`, the reference of the bank's reversal as it was imported, whose amount
    and day it then is. Neither: the whole.
    """

    source: str = Field(min_length=3, max_length=400)
    amount: Dec | None = Field(default=None, gt=0)
    entry: str | None = Field(default=None, min_length=1, max_length=250)
    contract: str | None = Field(default=None, min_length=1, max_length=200)


class ReversalImport(Noun):
    """Reversals of a statement's receipts, each with its own reference and day."""

    reversals: tuple[BankReceipt, ...] = Field(min_length=1, max_length=MOST_RECEIPTS)


class ReversalTaken(Noun):
    """What a reversal takes back: `receipt` where it is certain, with the `decision` that was asked for, or
    why none was (`message`); `part_of` where it is less than the receipt that it names, for a person to
    decide; else `suggestions`, the likeliest first."""

    id: str
    amount: Dec
    currency: str
    receipt: str | None = None
    part_of: str | None = None
    decision: CashDecision | None = None
    message: str = ""
    suggestions: tuple[str, ...] = ()


class WriteOffOrder(Reason):
    """An amount of null: all that is open of the invoice."""

    invoices: tuple[ChosenInvoice, ...] = Field(min_length=1, max_length=100)


@router.post("/receipts")
async def take_in(
    order: ReceiptImport, actor: Finance, stores: TheStores, operations: TheOperations, deps: TheDeps
) -> ReceiptsTaken:
    """Keeps all of the receipts, each once, or none; then has each that is new seen through."""
    taken = await _kept(order.receipts, actor, stores, deps, "received")
    waiting = []
    for each in order.receipts:
        known = await stores.bank.get(each.bank, each.ref)
        if known is not None and known.status == "received":
            waiting.append((each.bank, each.ref))
    started = await operations.start_receipts(waiting, actor)
    if taken.recorded:
        first_one = order.receipts[0]
        details = {"recorded": str(taken.recorded), "source": first_one.source}
        await record(stores, actor, "cash.import", "bank", first_one.bank, reason=None, details=details)
    return ReceiptsTaken(recorded=taken.recorded, known=taken.known, started=started)


@router.post("/lines")
async def take_in_lines(order: LinesImport, actor: Finance, stores: TheStores, deps: TheDeps) -> LinesTaken:
    """Keeps what is on a statement and no receipt, each line once, for the reconciliation: all, or none."""
    taken = await _kept(order.lines, actor, stores, deps, "booked")
    return LinesTaken(recorded=taken.recorded, known=taken.known)


async def _kept(
    entries: Sequence[BankReceipt],
    actor: Actor,
    stores: Stores,
    deps: GatewayDeps,
    status: Literal["received", "booked"],
) -> BankIntake:
    for each in entries:
        if each.bank in deps.receivers:
            raise Problem(400, "invalid", f"{each.bank} is a platform, no bank", field="bank")
    for entity in sorted({each.entity for each in entries}):
        await entities_asked(stores, entity)
    taken = await stores.bank.take_in(entries, actor.name, status)
    if taken.conflicting:
        first = ", ".join(taken.conflicting[:5])
        message = f"{len(taken.conflicting)} are known with another amount, day or entity ({first})"
        raise Problem(409, "conflict", message, field="receipts")
    return taken


@router.get("/receipts")
async def list_receipts(
    actor: Viewer,
    stores: TheStores,
    entity: str | None = None,
    bank: str | None = None,
    status: ReceiptStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[ReceiptView]:
    """The newest value dates first; without suggestions."""
    found = await stores.bank.list(entity=entity, bank=bank, status=status, limit=limit)
    return [_view(each).model_copy(update={"suggestions": ()}) for each in found]


@router.get("/receipts/{bank}/{ref}")
async def show_receipt(bank: BankName, ref: Ref, actor: Viewer, stores: TheStores) -> ReceiptView:
    found = await _known(stores, bank, ref)
    waiting = await stores.exceptions.list(status="open", workflow_id=_workflow(bank, ref))
    return _view(found).model_copy(update={"exception": waiting[0].id if waiting else None})


@router.post("/receipts/{bank}/{ref}/apply")
async def apply_receipt(
    bank: BankName,
    ref: Ref,
    order: ApplyOrder,
    actor: Finance,
    stores: TheStores,
    operations: TheOperations,
) -> ResolveResult:
    """A person's decision what a waiting receipt is for."""
    await _known(stores, bank, ref)
    if bool(order.invoices) == (order.contract is not None):
        message = "name invoices, or the contract on whose account it stays"
        raise Problem(400, "invalid", message, field="invoices")
    waiting = await stores.exceptions.list(status="open", workflow_id=_workflow(bank, ref))
    if not waiting:
        raise Problem(
            409,
            "conflict",
            f"{bank}/{ref} waits for nobody; what is unapplied of it goes by cash/{bank}/{ref}",
        )
    chosen = {"cash.contract": order.contract} if order.contract else {"cash.invoices": _text(order)}
    return await operations.resolve(waiting[0], "fix", order.reason, actor, chosen)


@router.get("/unapplied")
async def list_unapplied(
    actor: Viewer,
    stores: TheStores,
    operations: TheOperations,
    entity: Annotated[str, Query(min_length=1, max_length=64)],
) -> UnappliedListing:
    """Money in the entity's ledger that is not applied, the oldest first, as the ERP has it now."""
    await entities_asked(stores, entity)
    return await operations.unapplied_cash(entity)


@router.post("/applications")
async def apply_unapplied(
    order: ApplicationOrder, actor: Finance, stores: TheStores, operations: TheOperations
) -> CashDecision:
    """Applies unapplied money to invoices; done at once."""
    chosen = _chosen(order.invoices)
    contract = _contract_of(next(iter(chosen)))
    done = await operations.decide_cash(
        "application", contract, order.reason, actor, source=order.source, invoices=chosen
    )
    return await _audited(stores, actor, order.reason, done)


@router.post("/refunds")
async def refund(
    order: RefundOrder, actor: Finance, stores: TheStores, operations: TheOperations
) -> CashDecision:
    """Asks for a refund of unapplied money; a second person must approve it (`override`)."""
    contract = order.contract or await _contract_of_money(stores, order.source)
    done = await operations.decide_cash(
        "refund", contract, order.reason, actor, source=order.source, amount=order.amount
    )
    return await _audited(stores, actor, order.reason, done)


@router.post("/returns")
async def take_back(
    order: ReturnOrder, actor: Finance, stores: TheStores, operations: TheOperations
) -> CashDecision:
    """Asks for a receipt that the bank has taken back to be taken off the ledger, its invoices open again; a
    second person must approve it (`override`)."""
    contract = order.contract or await _contract_of_money(stores, order.source)
    amount, date = order.amount, None
    if order.entry is not None:
        if amount is not None:
            raise Problem(400, "invalid", "name the amount or the bank's entry, not both", field="amount")
        reversal = await _reversal(stores, order.source, order.entry)
        amount, date = reversal.amount, reversal.value_date
    done = await operations.decide_cash(
        "return",
        contract,
        order.reason,
        actor,
        source=order.source,
        amount=amount,
        entry=order.entry,
        date=date,
    )
    return await _audited(stores, actor, order.reason, done)


async def _reversal(stores: Stores, source: str, entry: str) -> BankReceipt:
    """The bank's reversal, as its statement was imported."""
    bank = source.split("/")[1] if source.count("/") == 2 else ""
    found = await stores.bank.get(bank, f"{entry.replace('/', ':')}:{RETURNED}")
    if found is None:
        message = f"no reversal {entry} of {bank or source} was imported: name the amount"
        raise Problem(400, "invalid", message, field="entry")
    return found.receipt


@router.post("/reversals")
async def take_back_reversed(
    order: ReversalImport, actor: Finance, stores: TheStores, operations: TheOperations
) -> list[ReversalTaken]:
    """Finds the receipt that each reversal of a statement takes back. Where that is certain, its return is
    asked for at once, by the reversal's day, so that the same file asks once; a second person approves it.
    """
    return [await _reversed(each, actor, stores, operations) for each in order.reversals]


async def _reversed(
    reversal: BankReceipt, actor: Actor, stores: Stores, operations: Operations
) -> ReversalTaken:
    known = (*await stores.bank.of_amount(reversal), *await stores.bank.named(reversal, names_of(reversal)))
    recorded = {each.receipt.ref: each for each in known}
    found = match_return(reversal, [each.receipt for each in recorded.values()])
    said = ReversalTaken(
        id=f"{reversal.bank}/{reversal.ref}", amount=reversal.amount, currency=reversal.currency
    )
    if found.part is not None:
        return said.model_copy(update={"part_of": f"{reversal.bank}/{found.part}"})
    if found.certain is None:
        likely = tuple(f"{reversal.bank}/{ref}" for ref in found.suggestions)
        return said.model_copy(update={"suggestions": likely})
    receipt = f"{reversal.bank}/{found.certain}"
    said = said.model_copy(update={"receipt": receipt})
    if recorded[found.certain].status != "applied":
        return said.model_copy(update={"message": _NOT_POSTED[recorded[found.certain].status]})
    source, reason = f"cash/{receipt}", f"taken back by the bank, entry {reversal.ref}"
    try:
        contract = await _contract_of_money(stores, source)
        done = await operations.decide_cash(
            "return", contract, reason, actor, source=source, date=reversal.value_date
        )
    except (InvalidRequest, Problem) as refused:
        return said.model_copy(update={"message": str(refused)})
    await _audited(stores, actor, reason, done)
    return said.model_copy(update={"decision": done})


@router.post("/write-offs")
async def write_off(
    order: WriteOffOrder, actor: Finance, stores: TheStores, operations: TheOperations
) -> CashDecision:
    """Asks for what is open of invoices to be written off; a second person must approve it (`override`)."""
    chosen = _chosen(order.invoices)
    contract = _contract_of(next(iter(chosen)))
    done = await operations.decide_cash("write_off", contract, order.reason, actor, invoices=chosen)
    return await _audited(stores, actor, order.reason, done)


def _chosen(invoices: tuple[ChosenInvoice, ...]) -> dict[str, Dec | None]:
    chosen = {each.invoice: each.amount for each in invoices}
    if len(chosen) < len(invoices):
        raise Problem(400, "invalid", "an invoice is named twice", field="invoices")
    for key in chosen:
        _contract_of(key)
    return chosen


def _contract_of(key: str) -> str:
    contract = contract_of_invoice(key)
    if contract is None:
        message = f"{key!r} is no invoice's key, such as C-1/invoice/2026-01-01"
        raise Problem(400, "invalid", message, field="invoices")
    return contract


async def _contract_of_money(stores: Stores, source: str) -> str:
    """The one by which it came into the ledger."""
    for key in (source, f"{source}/unapplied"):
        if found := await stores.lineage.of_key(key):
            return found[0].origin.contract
    message = f"no contract is known by which {source} came in: name it"
    raise Problem(400, "invalid", message, field="contract")


async def _audited(stores: Stores, actor: Actor, reason: str, done: CashDecision) -> CashDecision:
    details = {"status": done.status, "decision": done.id}
    action = f"cash.{done.kind}"
    await record(
        stores, actor, action, "cash", done.id, contract=done.contract, reason=reason, details=details
    )
    return done


def _text(order: ApplyOrder) -> str:
    named = [
        each.invoice if each.amount is None else f"{each.invoice}={each.amount:f}" for each in order.invoices
    ]
    return ",".join(named)


async def _known(stores: Stores, bank: str, ref: str) -> RecordedReceipt:
    found = await stores.bank.get(bank, ref)
    if found is None:
        raise Problem(404, "not_found", f"there is no receipt {bank}/{ref}")
    return found


def _workflow(bank: str, ref: str) -> str:
    return document_workflow_id("cash", bank, ref)


def _view(recorded: RecordedReceipt) -> ReceiptView:
    receipt = recorded.receipt
    return ReceiptView(
        id=f"{receipt.bank}/{receipt.ref}",
        workflow_id=_workflow(receipt.bank, receipt.ref),
        status=recorded.status,
        note=recorded.note,
        document=recorded.document,
        suggestions=recorded.suggestions,
        **receipt.model_dump(
            include={
                "entity",
                "amount",
                "currency",
                "value_date",
                "remitter",
                "text",
                "references",
                "source",
            }
        ),
    )
