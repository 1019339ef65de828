"""The desk: where a workflow's exceptions lie until a person decides, and where the decision is checked."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.records import Closing, Escalation, ExceptionNote, RecordsActivities
from canonical.base import Dec, Noun
from canonical.lifecycle import OpenException
from canonical.policy import PolicyExcerpt
from ports.records import ExceptionItem, OverrideRecord, ResolveAction
from rules.approval import is_same_person
from workflows._attributes import BLOCKED_ON, EXCEPTION_CODE, EXCEPTION_OWNER, NEEDS_ATTENTION, STAGE
from workflows._messages import OverrideDecision, OverrideRequest, Resolve, Resolved
from workflows._options import in_records

_ITEMS = "items."
CORRECTABLE = (_ITEMS, "account.")
_NOT_ALONE = ("skip", "accept")
"""What a second person must approve where no policy is known yet, such as of a document of no contract."""
_LONGEST_ACTOR = 100
_WITHOUT_LIMITS = "admin"
"""Who may then approve it: nobody knows the others' limits."""


class Failure(Noun):
    """What went wrong, as a step reports it to the desk."""

    step: str
    summary: str
    platform: str | None
    code: str
    field: str | None = None
    amount: Dec | None = None
    currency: str | None = None


def refused(message: str) -> ApplicationError:
    """A request that policy does not allow; the CLI exits 3 for it."""
    return ApplicationError(message, type="RefusedByPolicy", non_retryable=True)


def invalid(message: str) -> ApplicationError:
    """A request that makes no sense as it stands; the CLI exits 2 for it."""
    return ApplicationError(message, type="InvalidInput", non_retryable=True)


def _order(said: Any) -> Resolve:
    """What a signal says; ApplicationError InvalidInput for what is no order."""
    try:
        return Resolve.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "input"
        raise invalid(f"{field}: {first['msg']}") from None


class Desk:
    """One workflow's open exceptions. The workflow forwards its handlers here; policy is given as data."""

    def __init__(
        self,
        *,
        contract: str,
        change: str | None,
        correlation_id: str,
        policy: PolicyExcerpt | None,
        check_corrections: Callable[[dict[str, str]], None] | None = None,
    ) -> None:
        """`check_corrections` raises ApplicationError InvalidInput for a correction that makes no sense.

        `topic` goes into the exceptions' keys: the event or change at hand, so that a later one's are others.
        """
        self._contract = contract
        self._change = change
        self._correlation_id = correlation_id
        self._policy = policy
        self._try_corrections = check_corrections
        self.topic = ""
        self.correctable: tuple[str, ...] = CORRECTABLE
        """How the names of corrections begin that `fix` takes here."""
        self.rejection_ends = False
        """Whether a rejected override answers its exception: nothing else can be done about it."""
        self.asked_for_by: str | None = None
        """Who has asked for what is to be approved here: never its approver, whoever asks for an override."""
        self._waits_on: str | None = None
        self._raised: dict[str, int] = {}
        self._open: dict[str, OpenException] = {}
        self._items: dict[str, ExceptionItem] = {}
        """What was opened and is not closed in the records: these may be set back, and know it no more."""
        self._answers: dict[str, Resolve] = {}
        self._overrides: dict[str, OverrideRecord] = {}
        self._refusals: list[tuple[str, str, str]] = []

    @property
    def open(self) -> tuple[OpenException, ...]:
        return tuple(self._open.values())

    def adopt(self, policy: PolicyExcerpt | None) -> None:
        """From now on this policy counts (known only after the contract has been read)."""
        if policy is not None:
            self._policy = policy

    def rename(self, contract: str, correlation_id: str) -> None:
        """Names the contract, known only after the document has been read."""
        self._contract = contract
        self._correlation_id = correlation_id

    async def ask(self, failure: Failure) -> Resolve:
        """Opens an exception and waits, for as long as it takes, until somebody has decided."""
        item = self._item(failure)
        opened = await workflow.execute_local_activity_method(
            RecordsActivities.open_exception, item, **in_records("Open an exception")
        )
        entry = OpenException(id=opened.id, **item.model_dump(include=set(_COPIED)))
        self._open[opened.id], self._items[opened.id] = entry, item
        self._show()
        answer = await self._wait(opened.id)
        del self._open[opened.id]
        self._show()
        return answer

    async def close(self, answer: Resolve, outcome: str) -> None:
        """Records what came of a decision."""
        if answer.exception is None:
            raise ValueError("a taken answer names its exception")
        closing = Closing(
            exception_id=answer.exception,
            action=answer.action,
            actor=answer.actor,
            reason=answer.reason,
            outcome=outcome,
            at=workflow.now(),
            item=self._items.pop(answer.exception, None),
        )
        await workflow.execute_local_activity_method(
            RecordsActivities.resolve_exception, closing, **in_records("Close the exception")
        )

    async def withdraw(self, reason: str) -> None:
        """Closes what is open because the workflow itself was cancelled: nobody can answer any more."""
        for entry in tuple(self._open.values()):
            del self._open[entry.id]
            answer = Resolve(action="compensate", reason=reason, actor="system", exception=entry.id)
            await self.close(answer, "withdrawn")
        self._show()

    def _item(self, failure: Failure) -> ExceptionItem:
        count = self._raised[failure.step] = self._raised.get(failure.step, 0) + 1
        now = workflow.now()
        rule = self._policy.exception_rule(failure.code, failure.platform) if self._policy else None
        owner = rule.owner if rule else "finance-operations"
        actions = rule.actions if rule else ("retry", "fix", "skip", "compensate")
        workflow_id = workflow.info().workflow_id
        return ExceptionItem.model_validate(
            {
                "key": "#".join((workflow_id, self.topic, failure.step, str(count))),
                "workflow_id": workflow_id,
                "contract": self._contract,
                "change": self._change,
                "opened_at": now,
                "due_at": now + timedelta(hours=rule.due_hours if rule else 24),
                "owner": owner,
                "actions": actions,
                "correlation_id": self._correlation_id,
                "legal_entity": self._policy.legal_entity if self._policy else None,
                **failure.model_dump(),
            }
        )

    async def _wait(self, exception_id: str) -> Resolve:
        """Waits for the answer; each time the deadline passes, the exception goes to the next owner."""
        while exception_id not in self._answers:
            entry = self._open[exception_id]
            remaining = max(entry.due_at - workflow.now(), timedelta(hours=1))
            try:
                await workflow.wait_condition(
                    lambda: exception_id in self._answers or bool(self._refusals), timeout=remaining
                )
            except TimeoutError:
                await self._escalate(entry)
            while self._refusals:
                await self._note(*self._refusals.pop(0))
        return self._answers.pop(exception_id)

    async def _escalate(self, entry: OpenException) -> None:
        rule = self._policy.exception_rule(entry.code, entry.platform) if self._policy else None
        owner = rule.escalate_to if rule else entry.owner
        due_at = workflow.now() + timedelta(hours=rule.due_hours if rule else 24)
        self._open[entry.id] = entry.model_copy(update={"owner": owner, "due_at": due_at})
        await workflow.execute_local_activity_method(
            RecordsActivities.escalate_exception,
            Escalation(exception_id=entry.id, owner=owner, due_at=due_at, item=self._items.get(entry.id)),
            **in_records("Escalate the exception"),
        )
        self._show()

    async def _note(self, exception_id: str, note: str, actor: str) -> None:
        await workflow.execute_local_activity_method(
            RecordsActivities.note_exception,
            ExceptionNote(
                exception_id=exception_id,
                at=workflow.now(),
                note=note,
                actor=actor,
                item=self._items.get(exception_id),
            ),
            **in_records("Note on the exception"),
        )

    def check(self, order: Resolve) -> OpenException:
        """The exception that an order is for; ApplicationError NotFound, InvalidInput or RefusedByPolicy."""
        entry = self._find(order.exception)
        if order.action not in entry.actions:
            allowed = ", ".join(entry.actions)
            raise refused(f"{order.action} is not allowed for {entry.code}; allowed: {allowed}")
        if order.action in (self._policy.second_approver_actions if self._policy else _NOT_ALONE):
            raise refused(
                f"{order.action} needs a second approver: q2c override request {entry.id} "
                f"--action {order.action} --reason …"
            )
        self._check_corrections(order)
        return entry

    def _check_corrections(self, order: Resolve) -> None:
        if order.action == "fix" and not order.set:
            raise invalid("set: fix needs at least one --set key=value")
        for key, value in order.set.items():
            if order.action != "fix" or not key.startswith(self.correctable):
                raise invalid(f"set: {key} cannot be set by {order.action}; fix takes {self._fixes()}")
            if key.startswith(_ITEMS) and not (key.removeprefix(_ITEMS).strip() and value.strip()):
                raise invalid(f"set: {key}={value} names no item; write items.<product>=<ERP item>")
        if order.set and self._try_corrections is not None:
            self._try_corrections(order.set)

    def _fixes(self) -> str:
        words = {"items.": "items.<product>=<ERP item>", "account.": "account.<field>=<value>"}
        return " and ".join(words.get(name, f"{name}=<value>") for name in self.correctable)

    def _find(self, exception_id: str | None) -> OpenException:
        waiting = [entry for entry in self._open.values() if entry.id not in self._answers]
        if exception_id is None and len(waiting) == 1:
            return waiting[0]
        for entry in waiting:
            if entry.id == exception_id:
                return entry
        name = exception_id or f"(unnamed; {len(waiting)} are open)"
        raise ApplicationError(f"exception {name} is not open here", type="NotFound", non_retryable=True)

    def resolve(self, order: Resolve) -> Resolved:
        """Takes a decision that `check` has passed."""
        entry = self.check(order)
        self._answers[entry.id] = order.model_copy(update={"exception": entry.id})
        if order.action == "compensate":  # the whole change is undone: nothing else of it waits any longer
            for other in self._open:
                self._answers.setdefault(other, order.model_copy(update={"exception": other}))
        return Resolved(exception=entry.id, action=order.action)

    def answer(self, exception_id: str, action: ResolveAction, reason: str) -> None:
        """The workflow's own answer: what was asked about is no more. Policy is about people."""
        order = Resolve(action=action, reason=reason, actor="system", exception=exception_id)
        self._answers.setdefault(exception_id, order)

    def resolve_by_signal(self, said: Any) -> None:
        """The same for a signal, which can't be answered: a refusal, also of what is no order at all, goes
        into the exception's story.
        """
        try:
            self.resolve(_order(said))
        except ApplicationError as error:
            given = dict(said) if isinstance(said, dict | Resolve) else {}
            named, actor = given.get("exception"), str(given.get("actor") or "unknown")[:_LONGEST_ACTOR]
            for entry in self._open.values():
                if named is None or named == entry.id:
                    self._refusals.append((entry.id, f"signal refused: {error.message}", actor))
            workflow.logger.warning("resolve signal refused: %s", error.message)

    def check_request(self, request: OverrideRequest) -> OpenException:
        entry = self._find(request.exception)
        if request.action not in entry.actions:
            raise refused(f"{request.action} is not allowed for {entry.code}")
        if request.role == "viewer":
            raise refused("a viewer may not request an override")
        return entry

    async def request_override(self, request: OverrideRequest) -> OverrideRecord:
        """Registers the request, bound to a digest of what is to be approved."""
        entry = self.check_request(request)
        digest = hashlib.sha256(
            "\x1f".join((entry.id, request.action, str(entry.amount), str(entry.currency))).encode()
        ).hexdigest()
        record = OverrideRecord(
            id=f"OV-{digest[:10]}-{len(self._overrides) + 1}",
            exception_id=entry.id,
            contract=self._contract,
            action=request.action,
            amount=entry.amount,
            currency=entry.currency,
            reason=request.reason,
            requested_by=request.actor,
            requested_at=workflow.now(),
            status="requested",
            digest=digest,
        )
        self._overrides[record.id] = record
        await self._record(record)
        return record

    def check_decision(self, decision: OverrideDecision) -> OverrideRecord:
        """Raises ApplicationError where the approver is the requester or may not approve that much, or where
        the exception has been resolved by now.
        """
        record = self._overrides.get(decision.override)
        if record is None or record.status != "requested":
            raise ApplicationError(
                f"override {decision.override} is not waiting here", type="NotFound", non_retryable=True
            )
        if is_same_person(decision.actor, record.requested_by) or (
            self.asked_for_by is not None and is_same_person(decision.actor, self.asked_for_by)
        ):
            raise refused("the approver is never the requester: another person must decide")
        self._find(record.exception_id)
        policy = self._policy
        may = policy.approves(decision.role, record.amount, record.currency) if policy else None
        if may is False or (may is None and decision.role != _WITHOUT_LIMITS):
            raise refused(
                f"{decision.role} may not approve {record.amount or 'this'} {record.currency or ''}".strip()
            )
        return record

    async def decide_override(self, decision: OverrideDecision) -> OverrideRecord:
        asked = self.check_decision(decision)
        record = asked.model_copy(
            update={
                "status": "approved" if decision.approve else "rejected",
                "decided_by": decision.actor,
                "decided_at": workflow.now(),
            }
        )
        self._overrides[record.id] = record
        try:
            await self._record(record)
        except ActivityError as error:  # the store does not take it: then it does not count
            self._overrides[asked.id] = asked
            if isinstance(error.cause, ApplicationError):
                raise error.cause from error
            raise
        if decision.approve and record.exception_id in self._open:
            taken = Resolve(
                action=record.action,
                reason=f"{record.reason} (override {record.id} approved by {decision.actor})",
                actor=record.requested_by,
                exception=record.exception_id,
            )
            self._answers.setdefault(record.exception_id, taken)
        if not decision.approve and self.rejection_ends:
            self.answer(record.exception_id, "skip", decision.reason)
        return record

    async def _record(self, record: OverrideRecord) -> None:
        await workflow.execute_local_activity_method(
            RecordsActivities.record_override, record, **in_records("Record the override")
        )

    def wait_on(self, platform: str, words: str) -> None:
        """A call on the platform keeps failing and is tried again: shown, so that everybody sees it."""
        self._waits_on = platform
        workflow.upsert_search_attributes([BLOCKED_ON.value_set(platform)])
        workflow.set_current_details(words)

    def answered_by(self, platform: str) -> None:
        """The platform has answered a call."""
        if self._waits_on == platform:
            self._waits_on = None
            workflow.upsert_search_attributes([BLOCKED_ON.value_unset()])
            workflow.set_current_details("")

    def _show(self) -> None:
        """What the Web UI shows of this workflow's exceptions."""
        first = next(iter(self._open.values()), None)
        workflow.upsert_search_attributes(
            [
                NEEDS_ATTENTION.value_set(first is not None),
                EXCEPTION_CODE.value_set(first.code) if first else EXCEPTION_CODE.value_unset(),
                EXCEPTION_OWNER.value_set(first.owner) if first else EXCEPTION_OWNER.value_unset(),
                STAGE.value_set(first.step) if first else STAGE.value_unset(),
            ]
        )
        lines = [
            f"**Waits for a decision** ({entry.owner}, due {entry.due_at:%Y-%m-%d %H:%M} UTC): "
            f"{entry.summary} (`{entry.id}`, {', '.join(entry.actions)})"
            for entry in self._open.values()
        ]
        workflow.set_current_details("\n\n".join(lines))


_COPIED = (
    "key",
    "workflow_id",
    "change",
    "step",
    "platform",
    "code",
    "field",
    "summary",
    "owner",
    "opened_at",
    "due_at",
    "actions",
    "amount",
    "currency",
)
