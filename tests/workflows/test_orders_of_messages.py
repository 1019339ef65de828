"""Messages about documents come in any order and more than once: the end is the same (I8)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from connectors.stripe.events import TYPES
from ports.billing import IssuedDocument
from store.event_log import EventLog
from tests.rules.scenarios import seats
from tests.workflows.sales import account, scenario, sold
from tests.workflows.test_voids import BEGUN, FEWER, TAXED
from tests.world import World

pytestmark = pytest.mark.xdist_group("documents")

Webhook = dict[str, Any]


def life(name: str) -> dict[str, Any]:
    """Two invoices, and a credit memo against each."""
    contract = sold(seats(**TAXED), start=BEGUN, every=1, id=name, account=account(f"A-{name}"))
    return scenario(contract, {**FEWER, "id": "CH-1"})


async def lived(made: World, name: str) -> list[Webhook]:
    """All of it happens at the platforms, the void of a credit note too, and we hear only of the approvals.
    Stripe's messages in the order in which they would have come.
    """
    told, crm = life(name), made.platforms["salesforce"]
    before = len(made.platforms["stripe"].outbox.entries())

    async def done(changes: int) -> bool:
        await crm.outbox.flush(made.gateway, force=True)
        view = await made.view(name)
        return view is not None and view.status == "active" and len(view.changes) == changes

    await made.load(told)
    await until(made, lambda: done(1))
    await made.load(told, approve="CH-1")
    await until(made, lambda: done(2))
    [_, second] = await documents(made, name, "invoice")
    notes = await documents(made, name, "credit_memo")
    [note] = [each for each in notes if each.credited_invoice_id == second.id]
    await act(made, f"/v1/credit_notes/{note.id}/void")
    return sent(made, before)


async def edited(made: World, name: str) -> list[Webhook]:
    """The due date of the first invoice is moved."""
    before = len(made.platforms["stripe"].outbox.entries())
    [first, _] = await documents(made, name, "invoice")
    later = (first.date + dt.timedelta(days=90)).isoformat()
    await act(made, f"/v1/invoices/{first.id}", {"metadata[q2c_due_date]": later})
    return sent(made, before)


async def documents(made: World, name: str, kind: str) -> list[IssuedDocument]:
    found = await made.ports["stripe"].documents(name)
    return sorted((each for each in found if each.kind == kind), key=lambda each: each.date)


async def act(made: World, path: str, data: dict[str, str] | None = None) -> None:
    async with made.stripe() as api:
        answer = await api.post(path, data=data)
        assert answer.status_code == 200, answer.text


def sent(made: World, before: int) -> list[Webhook]:
    """What concerns us of what Stripe has sent since."""
    return [each for each in made.platforms["stripe"].outbox.entries()[before:] if each["topic"] in TYPES]


async def until(made: World, done: Any) -> None:
    """As `World.settle`, but nothing of Stripe's is delivered."""
    deliver, made.deliver = made.deliver, lambda **_: nothing()  # type: ignore[method-assign]
    try:
        await made.settle(done, "it is carried out")
    finally:
        made.deliver = deliver  # type: ignore[method-assign]


async def nothing() -> int:
    return 0


async def tell(made: World, messages: Sequence[Webhook]) -> None:
    """One after the other, each handed on before the next one comes."""
    outbox = made.platforms["stripe"].outbox
    for each in messages:
        body = each["body"].encode()
        headers = {**each["headers"], **outbox.sign(each["id"], body, outbox.real_now())}
        answer = await made.gateway.post("/webhooks/stripe", content=body, headers=headers)
        assert answer.status_code == 202, answer.text


async def end(made: World, name: str) -> dict[str, Any]:
    """What the ledger holds of the contract, and who is asked what."""

    async def rests() -> bool:
        waiting = (await EventLog(made.database).counts())["waiting"]
        running = [run.id async for run in made.client.list_workflows("ExecutionStatus = 'Running'")]
        asked = {item.workflow_id for item in await made.exceptions()}
        return not waiting and all(id.startswith("contract/") or id in asked for id in running)

    await until(made, rests)
    posted = await made.ports["netsuite"].documents("US01")
    opened = await made.exceptions(name)
    mine = [d for d in posted if f"{name}/" in (d.key or "")]
    return {
        "ledger": sorted((str(d.key).replace(name, "C"), d.status, str(d.total)) for d in mine),
        "asked": sorted((e.code, e.step.partition(" (")[0], str(e.amount)) for e in opened),
    }


async def test_reordered_and_repeated_messages_end_in_the_same_state(made: World) -> None:
    ends: dict[str, list[dict[str, Any]]] = {}
    for name, step in {"C-1": 1, "C-2": -1}.items():
        messages = (await lived(made, name))[::step]
        await tell(made, [*messages, *messages[: len(messages) // 2]])
        ends[name] = [await end(made, name)]
        edits = await edited(made, name)
        await tell(made, [*edits, *messages, *edits][::step])
        ends[name].append(await end(made, name))
    first, second = ends["C-1"]
    assert ends["C-2"] == [first, second]
    assert [code for code, _, _ in first["asked"]] == ["document_voided"]
    assert [code for code, _, _ in second["asked"]] == ["document_edited", "document_voided"]
    assert [key for key, _, _ in first["ledger"]] == [key for key, _, _ in second["ledger"]]
    assert len(first["ledger"]) == 3  # two invoices and the credit memo that stands
