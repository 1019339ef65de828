"""An edit of a document that is posted: never ignored, and nothing posted is edited.

What the ledger holds stays until a person has decided: the edit is taken back at the platform and the step
retried; or it is accepted, then the posting is reversed and the document posted anew as it was edited.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from temporalio import workflow

from activities.erp import ErpActivities, LedgerQuestion, PostingReversal
from canonical.contract import Contract
from canonical.lifecycle import ContractAnswer
from canonical.origin import Origin, Reference
from canonical.policy import PolicyExcerpt
from ports.billing import IssuedDocument
from ports.erp import PostedDocument
from rules import edits as rule
from rules.subledger import Difference, as_issued
from workflows._accepted import record_accepted_tax
from workflows._earlier import was_settled
from workflows._options import on_platform
from workflows._refusal import rejected
from workflows._steps import Step, Steps

Read = Callable[[], Awaitable[IssuedDocument]]
EDIT = "account for the edit"
"""How the steps begin by which a person is asked."""


@dataclass(frozen=True)
class Ground:
    """What a decision about an edit rests on."""

    steps: Steps
    contract: Contract
    policy: PolicyExcerpt
    posted: PostedDocument


@dataclass(frozen=True)
class Kept:
    """The ledger stays as it is; `outcome` says why."""

    outcome: str
    posted: Reference


@dataclass(frozen=True)
class Anew:
    """The document is to be posted as it was edited, under a key that carries `revision`."""

    document: IssuedDocument
    answer: ContractAnswer
    revision: str


async def ground(steps: Steps, document: IssuedDocument, answer: ContractAnswer) -> Ground | None:
    """The document as the ledger holds it; None where it is not posted (or nobody can look)."""
    contract, policy = answer.contract, answer.policy
    if contract is None or policy is None:
        return None
    erp = policy.route.erp
    step = Step("find the posting", "erp.find_document", erp, "Look whether the document is posted")
    question = LedgerQuestion(
        legal_entity=contract.legal_entity,
        contract=contract.id,
        kind=document.kind,
        key=document.key,
        number=document.number,
    )

    async def look(origin: Origin) -> PostedDocument | None:
        found = await workflow.execute_activity_method(
            ErpActivities.find_document, question, **on_platform(erp, step.summary)
        )
        return found.posted

    posted = await steps.run(step, look)
    return None if posted is None else Ground(steps, contract, policy, posted)


async def decided(on: Ground, document: IssuedDocument, answer: ContractAnswer, read: Read) -> Kept | Anew:
    """Asks a person where the document differs from what is posted; a retry reads anew. Its service periods
    are held against what the contract makes due: the ledger does not list them.
    """
    reference = rule.as_reference(on.posted, document.key or document.id, document.date)
    due = answer.accepted or answer.expected

    def differing(issued: IssuedDocument) -> tuple[Difference, ...]:
        return (*rule.edits(on.posted, issued), *rule.moved_periods(due, issued))

    if not differing(document):
        return Kept("posted", reference)
    name, revision = document.number or document.id, _revision(on.posted, document)
    step = Step(
        f"{EDIT} ({revision})",
        "rules.compare",
        document.platform,
        f"{name} was edited in {document.platform} after it was posted",
        amount=document.total,
        currency=document.currency,
    )
    if await was_settled(step):
        return Kept("kept as posted: decided before", reference)
    current, is_retry = document, False

    async def check(origin: Origin) -> Kept | Anew:
        nonlocal current, is_retry
        current = await read() if is_retry else current
        is_retry = True
        if current.status == "void":
            return Kept("void by now", reference)
        differences = differing(current)
        if not differences:
            return Kept("posted", reference)
        raise rejected(
            document.platform,
            "rules.compare",
            f"{rule.told(differences)}. What is posted stays: set the document right there and retry, or "
            "accept that it is reversed and posted anew",
            field=differences[0].field,
            code="DocumentEdited",
        )

    def accepted() -> Kept | Anew:
        if answer.expected is None:  # nothing says to which lines and accounts it belongs
            return Kept("kept as posted: the contract does not know it as edited", reference)
        taken = answer.model_copy(update={"expected": as_issued(answer.expected, current)})
        return Anew(current, taken, _revision(on.posted, current))

    found = await on.steps.run(step, check, accepted)
    return found or Kept("kept as posted: the edit was let pass", reference)


def _revision(posted: PostedDocument, issued: IssuedDocument) -> str:
    """Names this replacement of this posting: the same one for every repetition of it."""
    money = issued.model_dump_json(include={"currency", "date", "due_date", "lines", "tax", "total"})
    return "edit-" + hashlib.sha256(f"{posted.id}\x1f{money}".encode()).hexdigest()[:10]


async def take_off(on: Ground, anew: Anew) -> bool:
    """Reverses the posting and records the tax as edited; False where a person has skipped the reversal."""
    document = anew.document
    if rule.touches_tax(rule.edits(on.posted, document)):
        await record_accepted_tax(on.steps, document, anew.answer)
    erp = on.policy.route.erp
    step = Step(
        f"reverse {on.posted.id}",
        "erp.reverse_posting",
        erp,
        f"Reverse the posting of {document.number or document.id}",
        amount=on.posted.total,
        currency=on.posted.currency,
    )

    async def reverse(origin: Origin) -> Reference:
        order = PostingReversal(
            origin=origin.model_copy(update={"contract": on.contract.id}),
            kind=on.posted.kind,
            id=on.posted.id,
            legal_entity=on.contract.legal_entity,
            date=on.posted.date,
            reason=f"{document.number or document.id} was edited in {document.platform}, {anew.revision}",
        )
        return await workflow.execute_activity_method(
            ErpActivities.reverse_posting, order, **on_platform(erp, step.summary)
        )

    return await on.steps.run(step, reverse) is not None
