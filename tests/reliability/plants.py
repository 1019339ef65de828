"""Deliberate mistakes in our own code, each with the test that must find it.

A plant is a piece of source and what somebody might write in its place. Where the source has moved on, the
plant no longer fits and says so: it is to be planted anew.
"""

from dataclasses import dataclass

_ENTITY = "tests/workflows/test_entity.py"
_EXCEPTIONS = "tests/workflows/test_exceptions.py"
_DOCUMENTS = "tests/workflows/test_documents.py"
_ERRORS = "tests/activities/test_errors.py"
_MATRIX = "tests/reliability/test_crash_matrix.py"


@dataclass(frozen=True)
class Plant:
    """`edits` are (what stands there, what is planted); `check` is the tests' file and their `-k`."""

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]
    check: tuple[str, str]


def _plant(name: str, file: str, old: str, new: str, check: str, tests: str) -> Plant:
    return Plant(name, file, ((old, new),), (check, tests))


_MONEY = (
    _plant(
        "rounding half to even",
        "canonical/money.py",
        "magnitude = (2 * abs(scaled.numerator) + scaled.denominator) // (2 * scaled.denominator)",
        "magnitude = round(abs(scaled))",
        "tests/canonical/test_money.py",
        "half",
    ),
    _plant(
        "money in floats",
        "canonical/money.py",
        "magnitude = (2 * abs(scaled.numerator) + scaled.denominator) // (2 * scaled.denominator)",
        "magnitude = int(float(abs(scaled)) + 0.5)",
        "tests/canonical/test_money.py",
        "test_sums_are_exact_beyond_28_digits",
    ),
    _plant(
        "a float let in",
        "canonical/money.py",
        "if isinstance(value, bool) or not isinstance(value, Fraction | Decimal | int):",
        "if isinstance(value, bool):",
        "tests/canonical/test_money.py",
        "test_a_float_is_refused",
    ),
    _plant(
        "two decimals for every currency",
        "canonical/money.py",
        "return int(digits)",
        "return 2",
        "tests/canonical/test_money.py",
        "test_minor_unit_is_that_of_iso_4217",
    ),
    _plant(
        "both ends of a stretch counted",
        "rules/proration.py",
        "Fraction(days(self.start, self.end), period.days)",
        "Fraction(days(self.start, self.end) + 1, period.days)",
        "tests/rules/test_examples.py",
        "test",
    ),
    _plant(
        "the month's last day lost",
        "rules/calendar.py",
        "min(anchor.day, calendar.monthrange(year, month)[1])",
        "min(anchor.day, 28)",
        "tests/rules/test_calendar.py",
        "test",
    ),
    _plant(
        "a credit memo posted as an invoice",
        "rules/postings.py",
        "sign = 1 if isinstance(document, Invoice) else -1",
        "sign = 1",
        "tests/rules/test_examples.py",
        "test",
    ),
    _plant(
        "days counted in UTC",
        "rules/zones.py",
        "return moment.astimezone(ZoneInfo(zone)).date()",
        "return moment.astimezone(dt.UTC).date()",
        "tests/rules/test_zones.py",
        "test",
    ),
    _plant(
        "a document of another amount posted",
        "workflows/_document.py",
        "            if differences:\n",
        "            if len(differences) > 9:\n",
        _DOCUMENTS,
        "differs_by_a_cent",
    ),
)

_FAILURES = (
    _plant(
        "a rejected write retried",
        "activities/_errors.py",
        "        retry = False\n",
        "        retry = True\n",
        _ERRORS,
        "refused",
    ),
    _plant(
        "Retry-After ignored",
        "activities/_errors.py",
        "delay = timedelta(seconds=error.retry_after_seconds)",
        "delay = None",
        _ERRORS,
        "retry_after",
    ),
    _plant(
        "a conflict retried for ever",
        "activities/_errors.py",
        "retry = attempt < _PATIENCE_ATTEMPTS",
        "retry = True",
        _ERRORS,
        "conflict",
    ),
    _plant(
        "a lost answer taken for a request that was not sent",
        "connectors/http.py",
        "failure = call.lost(outcome) if sent else call.not_sent(outcome)",
        "failure = call.not_sent(outcome)",
        "tests/connectors/test_http.py",
        "test",
    ),
    _plant(
        "an unknown status taken for success",
        "connectors/http.py",
        "if response.status_code not in expect:",
        "if response.status_code >= 400:",
        "tests/connectors/test_http.py",
        "test",
    ),
    _plant(
        "an exception without an owner",
        "workflows/_desk.py",
        'owner = rule.owner if rule else "finance-operations"',
        'owner = ""',
        _EXCEPTIONS,
        "one_exception_with_owner",
    ),
    _plant(
        "an exception that is due at once",
        "workflows/_desk.py",
        '"due_at": now + timedelta(hours=rule.due_hours if rule else 24),',
        '"due_at": now,',
        _EXCEPTIONS,
        "one_exception_with_owner",
    ),
    _plant(
        "a deadline that passes in silence",
        "workflows/_desk.py",
        "                await self._escalate(entry)\n",
        "                return Resolve(action='skip', reason='', actor='', exception=exception_id)\n",
        _EXCEPTIONS,
        "escalates_when_it_is_due",
    ),
    _plant(
        "no limit of approval",
        "workflows/_desk.py",
        "if may is False or (may is None and decision.role != _WITHOUT_LIMITS):",
        "if may is None and decision.role != _WITHOUT_LIMITS:",
        _DOCUMENTS,
        "workflow_itself_refuses",
    ),
    _plant(
        "the requester approves",
        "workflows/_desk.py",
        "        if is_same_person(decision.actor, record.requested_by) or (\n",
        "        if not decision.actor or (\n",
        _DOCUMENTS,
        "workflow_itself_refuses",
    ),
    _plant(
        "an approver told from the requester by case",
        "rules/approval.py",
        "return _identity(one) == _identity(other)",
        "return one == other",
        "tests/rules/test_approval.py",
        "test",
    ),
)

_ONCE = (
    _plant(
        "the attempt in the idempotency key",
        "connectors/stripe/writes.py",
        'key = idempotency_key(origin, f"{part}#{ordinal}" if ordinal else part)',
        'key = idempotency_key(origin, f"{part}#{id(object())}{self._client.now()}")',
        "tests/connectors/stripe/test_contract.py",
        "sees_old_data",
    ),
    Plant(
        "a billing write sent again without a look-up",
        "connectors/stripe/writes.py",
        (
            (
                "        if found is not None:\n            return found\n        for ordinal",
                "        for ordinal",
            ),
            (
                'key = idempotency_key(origin, f"{part}#{ordinal}" if ordinal else part)',
                'key = idempotency_key(origin, f"{part}#{id(object())}{self._client.now()}")',
            ),
        ),
        (_MATRIX, "cancellation and applied-then-timeout"),
    ),
    _plant(
        "a posting that is there already taken for another's",
        "connectors/netsuite/transactions.py",
        "        if row is not None:\n            return row.id\n        raise Conflict(",
        "        raise Conflict(",
        "tests/connectors/netsuite/test_contract.py",
        "ends_in_one or executed_twice or unknown_outcome or at_once",
    ),
    _plant(
        "a message that counts each time it comes",
        "workflows/contract.py",
        "        if notice.event_id in self.state.seen:\n",
        "        if notice.event_id in self.state.seen[:0]:\n",
        _ENTITY,
        "old_message",
    ),
    _plant(
        "a claim that no lease guards",
        "store/event_log.py",
        "col(InboundEvent.lease_until) <= now))",
        "col(InboundEvent.id) > 0))",
        "tests/store/test_event_log.py",
        "claim_at_once",
    ),
    _plant(
        "a stale reading of the CRM taken for the newest",
        "workflows/_contract_reading.py",
        "            if missing is None:\n                break\n",
        "            break\n",
        _ENTITY,
        "reads_lag",
    ),
    _plant(
        "changes in the order in which they are heard of",
        "rules/agenda.py",
        'return item.type != "activation", item.effective_date, _RANK[item.type], item.version',
        'return item.type != "activation", dt.date.min, 0, 0',
        "tests/rules/test_order_of_changes.py",
        "test",
    ),
    _plant(
        "a document put down to the change carried out last",
        "rules/agenda.py",
        "        return state.issued_by[question.key]\n",
        "        return state.carried[-1].id\n",
        "tests/rules/test_change_behind.py",
        "test",
    ),
    _plant(
        "messages lost when the history is cut",
        "workflows/contract.py",
        "            if self.state.submissions:\n",
        "            if self.running is None and workflow.info().is_continue_as_new_suggested():\n"
        '                workflow.continue_as_new(self.state.model_copy(update={"queue": (), "seen": ()}))\n'
        "            elif self.state.submissions:\n",
        _ENTITY,
        "history_is_cut",
    ),
)

_UNDOING = (
    Plant(
        "a compensation registered after the call",
        "workflows/_steps.py",
        (
            (
                "        if step.undo is not None and step not in self._undo:\n"
                "            self._undo.append(step)\n        while True:\n",
                "        while True:\n",
            ),
            (
                '            step.status = "done"\n            self.desk.answered_by(step.platform)\n',
                '            step.status = "done"\n            self._undo.append(step)\n'
                "            self.desk.answered_by(step.platform)\n",
            ),
        ),
        (_ENTITY, "answer_was_lost"),
    ),
    _plant(
        "a subscription left when its activation is undone",
        "workflows/_steps.py",
        "                await step.undo(origin)\n",
        "                await step.undo(origin) if 'subscription' not in step.name else None\n",
        _EXCEPTIONS,
        "bills_nothing_later",
    ),
    _plant(
        "an undone contract that bills on",
        "workflows/_steps.py",
        "        for step in reversed(self._undo):\n",
        "        for step in self._undo[:1]:\n",
        _EXCEPTIONS,
        "compensated",
    ),
)

_TRUST = (
    _plant(
        "any signature accepted",
        "connectors/salesforce/webhook.py",
        "    matches = False\n",
        "    matches = True\n",
        "tests/connectors/salesforce/test_webhook.py",
        "test",
    ),
    _plant(
        "a signature that counts for days",
        "connectors/salesforce/webhook.py",
        "TOLERANCE = dt.timedelta(minutes=5)",
        "TOLERANCE = dt.timedelta(days=5)",
        "tests/connectors/salesforce/test_webhook.py",
        "test",
    ),
    _plant(
        "an audit entry whose content is not looked at",
        "store/audit.py",
        "if row.hash != entry_hash(row, row.sequence, row.previous_hash):",
        "if not row.hash:",
        "tests/store/test_audit.py",
        "tampering and sqlite",
    ),
    _plant(
        "payloads in clear",
        "assembly/codec.py",
        "return [self._encrypt(payload) for payload in payloads]",
        "return list(payloads)",
        "tests/assembly/test_codec.py",
        "test",
    ),
    _plant(
        "calls to whatever address",
        "connectors/http.py",
        "if _origin(request.url) not in self._origins:",
        "if not self._origins:",
        "tests/connectors/test_http.py",
        "test",
    ),
    _plant(
        "a step told in another place",
        "workflows/activation.py",
        "        await story.customers()\n        await story.subscription()\n",
        "        await story.subscription()\n        await story.customers()\n",
        "tests/workflows/test_replay.py",
        "replays",
    ),
)

_HEARD = (
    _plant(
        "an approval that was heard of handed on once more",
        "store/sweeps.py",
        "if each.event.version is None or (each.event.contract, each.event.version) not in told",
        "if each.event.id",
        "tests/store/test_sweeps.py",
        "known_by_contract",
    ),
    _plant(
        "an edit of an issued document not listened to",
        "connectors/stripe/webhook.py",
        "    return is_moved or not (_MONEY & before.keys() or ours)\n",
        "    return True\n",
        "tests/connectors/stripe/test_webhook.py",
        "touches_money",
    ),
    _plant(
        "a posting that was taken off held against an edit",
        "rules/edits.py",
        "        and each.status not in _UNDONE\n",
        "",
        "tests/rules/test_edits.py",
        "stands",
    ),
    _plant(
        "parents that go round in a circle",
        "rules/customer_checks.py",
        "    if next_ in path:\n",
        "    if next_ == account.parent and False:\n",
        "tests/rules/test_customer_checks.py",
        "accounts_above",
    ),
)

PLANTS = (*_MONEY, *_FAILURES, *_ONCE, *_UNDOING, *_TRUST, *_HEARD)
