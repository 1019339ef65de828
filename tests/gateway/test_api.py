"""The operations API: shapes as INTERFACES has them, refusals as the command line's exit codes need them."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from gateway.operations import (
    ContractOrExceptionNotFound,
    InvalidRequest,
    OperationError,
    RefusedByPolicy,
    StateConflict,
    TemporalUnreachable,
)
from gateway.problems import OPERATION_STATUS
from ports.records import ContractRecord, Resolution
from tests.gateway.fakes import FakeOperations, Gateway, bearer
from tests.store.values import NOON, exception_item, lineage_entry, override

LIST_KEYS = [
    "id",
    "contract",
    "change",
    "step",
    "platform",
    "code",
    "summary",
    "owner",
    "amount",
    "currency",
    "opened_at",
    "due_at",
    "status",
    "actions",
]
SHOW_KEYS = [
    "id",
    "status",
    "account",
    "legal_entity",
    "currency",
    "version",
    "workflow_id",
    "run_url",
    "changes",
    "platforms",
    "documents",
    "exceptions",
]


def _scenario() -> dict[str, Any]:
    line = {
        "id": "L1",
        "product": "SEAT",
        "charge": "recurring",
        "pricing": {"model": "per_unit", "unit_price": "10.00", "per": "month"},
        "quantity": "10",
        "tax_rate_percent": "0",
    }
    address = {"line1": "1 Main St", "city": "New York", "region": "NY", "postal_code": "1", "country": "US"}
    contract = {
        "id": "C-1",
        "account": {"id": "A-1", "name": "Northwind", "billing_address": address},
        "legal_entity": "US01",
        "currency": "USD",
        "start_date": "2026-01-01",
        "term_months": 12,
        "billing": {"frequency_months": 12, "timing": "advance"},
        "lines": [line],
    }
    changes = [{"id": "CH-9", "type": "cancellation", "effective_date": "2026-07-01"}]
    return {"contract": contract, "changes": changes, "as_of": "2026-12-31"}


async def _open_exception(gateway: Gateway, key: str = "k-1", **changed: Any) -> str:
    return await gateway.stores.exceptions.open(exception_item(key, **changed))


async def test_contract_is_started_from_a_document_and_audited_once(
    gateway: Gateway, operations: FakeOperations
) -> None:
    for _ in range(2):
        answer = await gateway.tell("/contracts", _scenario(), role="finance", key="request-1")
        assert (answer.status_code, answer.json()["workflow_id"]) == (201, "contract/C-1")
    assert operations.calls[0][1][1].request_id == "request-1"
    [entry] = await gateway.stores.audit.list()
    assert (entry.actor, entry.role, entry.action) == ("finance-person", "finance", "contract.start")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"as_of": 7}, "as_of"),
        ({"unknown": 1}, "unknown"),
        ({"contract": {"id": ""}}, "contract"),
    ],
)
async def test_document_that_is_none_is_refused_with_its_field(
    gateway: Gateway, change: dict[str, Any], field: str
) -> None:
    answer = await gateway.tell("/contracts", _scenario() | change, role="finance")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "invalid"
    assert error["field"].startswith(field)


async def test_number_in_place_of_a_decimal_is_refused(gateway: Gateway) -> None:
    document = _scenario()
    document["contract"]["lines"][0]["quantity"] = 10
    answer = await gateway.tell("/contracts", document, role="finance")
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "contract.lines.0.quantity"


async def test_rates_with_one_of_a_day_to_come_are_refused_and_none_is_kept(gateway: Gateway) -> None:
    rates = [{"date": day, "currency": "USD", "rate": "1.08"} for day in ("2026-01-30", "9999-01-30")]
    answer = await gateway.tell("/rates", {"base": "EUR", "source": "ECB", "rates": rates}, role="finance")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "rates.1.date")
    assert (await gateway.ask("/rates", role="viewer")).json() == []


async def test_contract_is_changed_from_its_document(gateway: Gateway) -> None:
    answer = await gateway.tell("/contracts/C-1/changes?change=CH-9", _scenario(), role="finance")
    assert answer.json()["changes"] == ["CH-9"]
    other = await gateway.tell("/contracts/C-2/changes", _scenario(), role="finance")
    assert (other.status_code, other.json()["error"]["field"]) == (400, "contract.id")


async def test_contract_show_joins_the_workflows_word_with_the_lineage(gateway: Gateway) -> None:
    invoice = lineage_entry("in_1", "billing.draft")
    no_number = invoice.reference.model_copy(update={"number": None})
    posted = invoice.reference.model_copy(update={"platform": "netsuite", "id": "771", "number": "INV771"})
    finalised = invoice.origin.model_copy(update={"step": "billing.finalize"})
    await gateway.stores.lineage.record(
        [
            invoice.model_copy(update={"reference": no_number}),
            invoice.model_copy(update={"origin": finalised}),
            invoice.model_copy(update={"reference": posted}),
        ]
    )
    exception = await _open_exception(gateway)
    shown = (await gateway.ask("/contracts/C-1")).json()
    assert list(shown) == SHOW_KEYS
    assert shown["documents"] == [
        {
            "kind": "invoice",
            "id": "in_1",
            "number": "N-1",
            "date": "2026-01-01",
            "total": "13065.00",
            "posted": {"platform": "netsuite", "id": "771"},
        }
    ]
    assert set(shown["platforms"]) == {"stripe", "netsuite"}
    assert set(shown["platforms"]["stripe"][0]) == {"kind", "business_key", "id", "url"}
    assert shown["exceptions"] == [exception]
    assert set(shown["changes"][0]) == {"id", "type", "status", "effective_date", "workflow_id", "run_url"}


@pytest.mark.parametrize("rest", ["", "/timeline", "/lineage", "/usage", "/usage/months"])
async def test_a_contracts_id_may_hold_a_slash(
    gateway: Gateway, operations: FakeOperations, rest: str
) -> None:
    operations.contracts["2026/Ü 1#"] = operations.contracts["C-1"]
    entry = lineage_entry()
    origin = entry.origin.model_copy(update={"contract": "2026/Ü 1#"})
    await gateway.stores.lineage.record([entry.model_copy(update={"origin": origin})])
    answer = await gateway.ask(f"/contracts/{quote('2026/Ü 1#', safe='')}{rest}")
    assert answer.status_code == 200, answer.text


async def test_unknown_contract_is_not_found(gateway: Gateway) -> None:
    for path in ("/contracts/C-404", "/contracts/C-404/timeline", "/contracts/C-404/lineage"):
        assert (await gateway.ask(path)).status_code == 404


async def test_contracts_are_listed_by_id_page_by_page(gateway: Gateway) -> None:
    for n in (3, 1, 2):
        await gateway.stores.contracts.record(
            ContractRecord(
                id=f"C-{n}",
                account="A-1",
                legal_entity="US01",
                currency="USD",
                status="active",
                version=n,
                workflow_id=f"contract/C-{n}",
                updated_at=NOON,
            )
        )
    first = (await gateway.ask("/contracts", limit=2)).json()
    rest = (await gateway.ask("/contracts", limit=2, after=first[-1]["id"])).json()
    assert [each["id"] for each in first + rest] == ["C-1", "C-2", "C-3"]


async def test_timeline_tells_everything_in_order_of_time(gateway: Gateway) -> None:
    await gateway.deliver(gateway.event_body("evt-1"))
    gateway.clock.advance(60)
    await gateway.stores.lineage.record([lineage_entry()])
    await _open_exception(gateway, opened_at=NOON + dt.timedelta(seconds=90))
    await gateway.stores.overrides.record(override(requested_at=NOON + dt.timedelta(seconds=120)))
    gateway.clock.advance(120)
    await gateway.tell("/contracts/C-1/changes", _scenario(), role="finance")
    told = (await gateway.ask("/contracts/C-1/timeline")).json()
    assert [each["kind"] for each in told] == ["event", "object", "exception", "override", "operator"]
    assert [each["at"] for each in told] == sorted(each["at"] for each in told)
    assert set(told[0]) == {"at", "kind", "summary", "actor", "correlation_id", "links"}


async def test_lineage_leads_from_an_object_to_its_attempt(gateway: Gateway) -> None:
    await gateway.stores.lineage.record([lineage_entry()])
    [entry] = (await gateway.ask("/contracts/C-1/lineage")).json()
    assert entry["event_id"] == "evt-1"
    assert (entry["run_id"], entry["attempt"], entry["total"]) == ("run-1", 1, "13065.00")


async def test_exception_list_has_the_promised_shape(gateway: Gateway) -> None:
    id = await _open_exception(gateway)
    [item] = (await gateway.ask("/exceptions")).json()
    assert list(item) == LIST_KEYS
    assert (item["id"], item["amount"], item["status"]) == (id, "100.10", "open")


async def test_exceptions_are_found_by_owner_platform_and_contract(gateway: Gateway) -> None:
    await _open_exception(gateway, "k-1", owner="tax", platform="avatax", contract="C-1")
    await _open_exception(gateway, "k-2", owner="erp", platform="netsuite", contract="C-2")
    for wanted in ({"owner": "tax"}, {"platform": "avatax"}, {"contract": "C-1"}):
        assert [each["owner"] for each in (await gateway.ask("/exceptions", **wanted)).json()] == ["tax"]


async def test_exception_is_assigned_with_a_reason(gateway: Gateway) -> None:
    id = await _open_exception(gateway)
    body = {"owner": "tax", "reason": "knows the customer"}
    answer = await gateway.tell(f"/exceptions/{id}/assign", body, role="operator")
    assert answer.json()["owner"] == "tax"
    shown = (await gateway.ask(f"/exceptions/{id}")).json()
    assert shown["story"][0]["note"] == "assigned to tax: knows the customer"
    audited = [each.action for each in await gateway.stores.audit.list()]
    assert audited == ["exception.opened", "exception.assign"]


async def test_exception_is_assigned_to_an_operator_by_name(gateway: Gateway) -> None:
    id = await _open_exception(gateway)
    body = {"owner": "finance-person", "reason": "knows the customer"}
    answer = await gateway.tell(f"/exceptions/{id}/assign", body, role="operator")
    assert answer.json()["owner"] == "finance-person"


async def test_exception_is_not_assigned_to_an_owner_who_is_not_there(gateway: Gateway) -> None:
    id = await _open_exception(gateway)
    answer = await gateway.tell(f"/exceptions/{id}/assign", {"owner": "nobody", "reason": "away"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "owner")
    assert (await gateway.ask(f"/exceptions/{id}")).json()["story"] == []


async def test_decision_goes_to_the_workflow(gateway: Gateway, operations: FakeOperations) -> None:
    id = await _open_exception(gateway)
    body = {"reason": "item exists now", "set": {"items.SEAT": "SEAT-1"}}
    answer = await gateway.tell(f"/exceptions/{id}/fix", body, role="finance")
    assert answer.json() == {"exception": id, "action": "fix", "status": "taken"}
    assert operations.calls == [
        ("resolve", (id, "fix", "item exists now", "finance-person", {"items.SEAT": "SEAT-1"}))
    ]


@pytest.mark.parametrize("action", ["fix", "skip", "compensate"])
async def test_what_changes_money_needs_finance(gateway: Gateway, action: str) -> None:
    id = await _open_exception(gateway)
    body = {"reason": "because"}
    assert (await gateway.tell(f"/exceptions/{id}/{action}", body, role="operator")).status_code == 403
    assert (await gateway.tell(f"/exceptions/{id}/{action}", body, role="finance")).status_code == 200


async def test_decision_needs_a_reason(gateway: Gateway) -> None:
    id = await _open_exception(gateway)
    for body in ({}, {"reason": ""}):
        answer = await gateway.tell(f"/exceptions/{id}/retry", body)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "reason")


async def test_action_that_governance_does_not_offer_is_refused(gateway: Gateway) -> None:
    id = await _open_exception(gateway, actions=("retry",))
    answer = await gateway.tell(f"/exceptions/{id}/skip", {"reason": "because"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "refused_by_policy")


async def test_resolved_exception_takes_no_second_decision(gateway: Gateway) -> None:
    id = await _open_exception(gateway)
    await gateway.stores.exceptions.resolve(
        Resolution(exception_id=id, action="retry", actor="fay", reason="r", outcome="done", at=NOON)
    )
    for path in ("retry", "assign"):
        body = {"reason": "again", "owner": "fay"} if path == "assign" else {"reason": "again"}
        assert (await gateway.tell(f"/exceptions/{id}/{path}", body)).status_code == 409
    assert (await gateway.ask("/exceptions")).json() == []
    assert len((await gateway.ask("/exceptions", status="all")).json()) == 1


async def test_unknown_exception_is_not_found(gateway: Gateway) -> None:
    assert (await gateway.ask("/exceptions/EX-404")).status_code == 404
    assert (await gateway.tell("/exceptions/EX-404/retry", {"reason": "r"})).status_code == 404


async def test_override_is_requested_and_approved_by_another(
    gateway: Gateway, operations: FakeOperations
) -> None:
    id = await _open_exception(gateway)
    order = {"exception": id, "action": "skip", "reason": "customer agreed"}
    requested = await gateway.tell("/overrides", order, role="finance")
    assert requested.status_code == 201
    await gateway.stores.overrides.record(override(requested_by="finance-person"))
    approved = await gateway.tell("/overrides/OV-1/approve", {"reason": "fine"}, role="approver")
    assert approved.json()["status"] == "approved"
    assert [name for name, _ in operations.calls] == ["request", "approve"]


async def test_requester_does_not_approve(gateway: Gateway, operations: FakeOperations) -> None:
    await gateway.stores.overrides.record(override(requested_by="approver-person"))
    for verb in ("approve", "reject"):
        answer = await gateway.tell(f"/overrides/OV-1/{verb}", {"reason": "fine"}, role="approver")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "refused_by_policy")
    assert operations.calls == []


async def test_override_of_a_resolved_exception_has_nothing_left_to_decide(
    gateway: Gateway, operations: FakeOperations
) -> None:
    id = await _open_exception(gateway)
    await gateway.stores.exceptions.resolve(
        Resolution(exception_id=id, action="skip", actor="fay", reason="r", outcome="done", at=NOON)
    )
    await gateway.stores.overrides.record(override().model_copy(update={"exception_id": id}))
    answer = await gateway.tell("/overrides/OV-1/approve", {"reason": "fine"}, role="approver")
    assert answer.status_code == 409
    assert "resolved already" in answer.json()["error"]["message"]
    assert operations.calls == []


async def test_decided_override_is_not_decided_again(gateway: Gateway) -> None:
    await gateway.stores.overrides.record(override("approved"))
    answer = await gateway.tell("/overrides/OV-1/reject", {"reason": "no"}, role="approver")
    assert answer.status_code == 409
    assert (await gateway.tell("/overrides/OV-9/reject", {"reason": "no"})).status_code == 404


async def test_usage_with_an_id_counts_once(gateway: Gateway) -> None:
    usage = {"line": "U1", "date": "2026-02-10", "quantity": "1500.5", "id": "u-1"}
    path = "/contracts/C-1/usage"
    first = (await gateway.tell(path, {"usage": [usage, usage]}, role="operator")).json()
    again = (await gateway.tell(path, {"usage": [usage | {"quantity": "7"}]}, role="operator")).json()
    assert first == {"recorded": 1, "duplicates": 1, "conflicting": []}
    assert again == {"recorded": 0, "duplicates": 1, "conflicting": ["u-1"]}
    assert [each["quantity"] for each in (await gateway.ask(path)).json()] == ["1500.5"]


async def test_usage_may_come_before_its_contract_is_known(gateway: Gateway) -> None:
    usage = {"line": "U1", "date": "2026-02-10", "quantity": "1"}
    answer = await gateway.tell("/contracts/C-new/usage", {"usage": [usage]}, role="operator")
    assert (answer.status_code, answer.json()["recorded"]) == (200, 1)


async def test_usage_of_contracts_that_are_not_known_asks_temporal_nothing(
    gateway: Gateway, operations: FakeOperations
) -> None:
    """`make bench` measures the intake on a gateway that has no Temporal."""
    event = {"contract": "C-7", "id": "e-1", "line": "U1", "date": "2026-01-05", "quantity": "10"}
    answer = await gateway.tell("/usage", {"events": [event]}, role="operator")
    assert answer.status_code == 200, answer.text
    assert operations.calls == []


async def test_a_batch_holds_usage_of_many_contracts_and_is_idempotent(gateway: Gateway) -> None:
    event = {"contract": "C-1", "id": "u-1", "line": "U1", "date": "2026-02-10", "quantity": "1500.5"}
    batch = {"events": [event, event | {"contract": "C-2"}]}
    first = (await gateway.tell("/usage", batch, role="operator")).json()
    again = (await gateway.tell("/usage", batch, role="operator")).json()
    other = {"events": [event | {"quantity": "7"}]}
    conflict = (await gateway.tell("/usage", other, role="operator")).json()
    assert (first["recorded"], again["recorded"], again["duplicates"]) == (2, 0, 2)
    assert conflict["conflicting"] == [{"contract": "C-1", "id": "u-1"}]


async def test_contracts_that_are_over_are_named_and_told_of_usage_until_it_is_answered(
    gateway: Gateway, operations: FakeOperations
) -> None:
    record = ContractRecord(
        id="C-1",
        account="A-1",
        legal_entity="US01",
        currency="USD",
        status="cancelled",
        version=2,
        workflow_id="contract/C-1",
        updated_at=NOON,
    )
    await gateway.stores.contracts.record(record)
    for name, status in (("C-3", "active"), ("C-4", "compensated")):
        other = record.model_copy(update={"id": name, "status": status, "workflow_id": f"contract/{name}"})
        await gateway.stores.contracts.record(other)
    event = {"id": "u-1", "line": "U1", "date": "2026-02-10", "quantity": "1"}
    batch = {"events": [{"contract": name, **event} for name in ("C-1", "C-2", "C-3", "C-4")]}
    operations.fails_with = TemporalUnreachable("down")
    assert (await gateway.tell("/usage", batch, role="operator")).status_code == 503
    operations.fails_with = None
    answer = (await gateway.tell("/usage", batch, role="operator")).json()
    assert (answer["recorded"], answer["after_the_end"]) == (0, ["C-1", "C-4"]), "it was kept before"
    assert answer["unknown"] == ["C-2"]
    assert operations.calls == [("tell_of_usage", ["C-1"]), ("look_after_usage", ["C-3"])]


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", ""), ("quantity", 1.5), ("date", "10.2.2026"), ("received_date", "2026-02-11")],
)
async def test_a_batch_with_a_wrong_event_is_refused_and_names_it(
    gateway: Gateway, field: str, value: object
) -> None:
    event = {"contract": "C-1", "id": "u-1", "line": "U1", "date": "2026-02-10", "quantity": "1"}
    batch = {"events": [event, event | {field: value}]}
    answer = await gateway.tell("/usage", batch, role="operator")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, f"events.1.{field}")
    assert (await gateway.ask("/contracts/C-1/usage")).json() == []


async def test_usage_is_shown_by_month_with_what_becomes_of_it(gateway: Gateway) -> None:
    event = {"contract": "C-9", "id": "u-1", "line": "U1", "date": "2026-02-10", "quantity": "1.5"}
    batch = {"events": [event, event | {"id": "u-2"}, event | {"id": "u-3", "date": "2026-03-01"}]}
    await gateway.tell("/usage", batch, role="operator")
    (shown,) = (await gateway.ask("/contracts/C-9/usage/months", month="2026-02")).json()
    assert (shown["events"], shown["units"], shown["waiting"]) == (2, "3.0", "3.0")
    assert "not known yet" in shown["note"]


async def test_event_leads_to_its_objects_and_exceptions(gateway: Gateway) -> None:
    await gateway.deliver(gateway.event_body("evt-1"))
    await gateway.stores.lineage.record([lineage_entry()])
    exception = await _open_exception(gateway)
    [listed] = (await gateway.ask("/events")).json()
    shown = (await gateway.ask(f"/events/{listed['id']}", role="operator")).json()
    assert json.loads(shown["body"])["event_id"] == "evt-1"
    assert [each["id"] for each in shown["objects"]] == ["in_1"]
    assert shown["exceptions"] == [exception]


async def test_dead_letter_that_can_be_read_by_now_is_replayed_as_its_event(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.deliver(gateway.event_body("evt-1", event_id=7))
    [letter] = (await gateway.ask("/deadletters")).json()
    path = f"/events/{letter['id']}/replay"
    still = await gateway.tell(path, {"reason": "try"}, role="operator")
    assert (still.status_code, still.json()["error"]["code"]) == (409, "not_an_event")
    assert "organisation" not in still.json()["error"]["message"]  # that is what another receiver says
    receiver = gateway.app.state.deps.receivers["salesforce/approvals"]
    read = type(receiver)._events
    monkeypatch.setattr(
        type(receiver), "_events", lambda self, body: read(self, body.replace(b": 7,", b': "evt-7",'))
    )
    gateway.clock.advance(3600)
    [event] = (await gateway.tell(path, {"reason": "we understand now"}, role="operator")).json()
    assert (event["event_id"], event["state"]) == ("evt-7", "waiting")
    assert (await gateway.ask("/deadletters")).json() == []
    assert (await gateway.ask("/events/accounting")).json()["accepted"] == 2


async def test_platforms_are_listed_checked_and_paused(gateway: Gateway) -> None:
    assert [each["name"] for each in (await gateway.ask("/platforms")).json()] == ["stripe", "netsuite"]
    assert (await gateway.tell("/platforms/check", role="operator")).status_code == 200
    body = {"reason": "maintenance"}
    assert (await gateway.tell("/platforms/stripe/pause", body, role="finance")).status_code == 403
    assert (await gateway.tell("/platforms/stripe/pause", body, role="admin")).json()["paused"] is True


async def test_audit_chain_is_verified(gateway: Gateway) -> None:
    await _open_exception(gateway)
    verified = (await gateway.ask("/audit/verify", role="finance")).json()
    assert (verified["intact"], verified["entries"]) == (True, 1)
    head = verified["head"]
    wrong = await gateway.ask(
        "/audit/verify", role="finance", anchor_sequence=head["sequence"], anchor_hash="f" * 64
    )
    assert wrong.json()["intact"] is False


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ContractOrExceptionNotFound("no"), 404, "not_found"),
        (InvalidRequest("no", field="set"), 400, "invalid"),
        (StateConflict("no"), 409, "conflict"),
        (RefusedByPolicy("no"), 403, "refused_by_policy"),
        (TemporalUnreachable("no"), 503, "temporal_unreachable"),
    ],
)
async def test_error_of_an_operation_is_answered_by_its_class(
    gateway: Gateway, operations: FakeOperations, error: OperationError, status: int, code: str
) -> None:
    operations.fails_with = error
    answer = await gateway.tell("/contracts", _scenario(), role="finance")
    detail = {"code": code, "message": "no", "field": error.field}
    assert (answer.status_code, answer.json()) == (status, {"error": detail})
    assert await gateway.stores.audit.list() == []


def test_every_error_of_an_operation_has_its_status() -> None:
    assert {kind for kind, _, _ in OPERATION_STATUS} == set(OperationError.__subclasses__())


async def test_unknown_path_and_method_are_problems_too(gateway: Gateway) -> None:
    assert (await gateway.client.get("/api/v1/nothing")).json()["error"]["code"] == "not_found"
    assert (await gateway.client.put("/api/v1/contracts")).json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/api/v1/contracts", "/codec/decode"])
async def test_body_that_nests_too_deep_is_not_even_parsed(gateway: Gateway, path: str) -> None:
    headers = bearer("admin") | {"content-type": "application/json"}
    answer = await gateway.client.post(path, content=b'{"a":' * 100_000, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "too_deep")


async def test_amounts_keep_their_digits(gateway: Gateway) -> None:
    await _open_exception(gateway, amount=Decimal("12345678901234567890.10"))
    [item] = (await gateway.ask("/exceptions")).json()
    assert item["amount"] == "12345678901234567890.10"


async def test_console_shows_what_waits_and_escapes_it(gateway: Gateway) -> None:
    await _open_exception(gateway, summary="<script>alert(1)</script>")
    await gateway.client.post("/login", data={"token": "token-of-viewer"})
    page = await gateway.client.get("/")
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text
    assert "http" not in page.text.replace("http-equiv", ""), "nothing comes from elsewhere"
