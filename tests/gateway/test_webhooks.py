"""Webhooks by the rules of INTERFACES: stored before they are answered, once, or refused with the reason."""

import asyncio
import datetime as dt
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from gateway.app import create_app
from gateway.settings import GatewaySettings
from store.accounting import account
from store.database import Database
from store.event_log import LoggedEvent
from tests.gateway.fakes import FakeOperations, Gateway, deps, signed
from tests.store.values import StoppedClock


async def _log(gateway: Gateway) -> list[LoggedEvent]:
    return await gateway.stores.events.list(limit=1000)


async def test_signed_event_is_stored_and_accepted(gateway: Gateway) -> None:
    answer = await gateway.deliver(gateway.event_body("evt-7"))
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "event_id": "evt-7"})
    [event] = await _log(gateway)
    assert (event.platform, event.event_id, event.state) == ("salesforce", "evt-7", "waiting")
    assert (event.contract, event.version, event.stream) == ("C-1", 1, "contract/C-1")


async def test_raw_body_is_kept_and_credentials_are_not(gateway: Gateway) -> None:
    body = gateway.event_body()
    headers = signed(body, gateway.clock.now) | {"Authorization": "Basic c2VjcmV0", "Cookie": "a=b"}
    await gateway.deliver(body, headers=headers)
    [event] = await _log(gateway)
    payload = await gateway.stores.events.payload(event.id)
    assert payload is not None
    assert payload[0] == body
    assert "authorization" not in payload[1]
    assert "cookie" not in payload[1]


async def test_duplicate_gets_the_same_answer_and_is_stored_once(gateway: Gateway) -> None:
    first = await gateway.deliver(gateway.event_body())
    second = await gateway.deliver(gateway.event_body())
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert len(await _log(gateway)) == 1


async def test_events_that_arrive_together_are_all_stored(gateway: Gateway) -> None:
    bodies = [gateway.event_body(f"evt-{n % 40}") for n in range(80)]
    answers = await asyncio.gather(*(gateway.deliver(body) for body in bodies))
    assert {answer.status_code for answer in answers} == {202}
    assert {event.event_id for event in await _log(gateway)} == {f"evt-{n}" for n in range(40)}


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_unsigned_event_is_refused_and_not_kept(gateway: Gateway, missing: str) -> None:
    body = gateway.event_body()
    headers = signed(body, gateway.clock.now)
    del headers[missing]
    answer = await gateway.deliver(body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signature_invalid")
    assert await _log(gateway) == []


async def test_event_with_the_signature_of_another_body_is_refused(gateway: Gateway) -> None:
    headers = signed(gateway.event_body("evt-1"), gateway.clock.now)
    answer = await gateway.deliver(gateway.event_body("evt-2"), headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(301, 401), (-301, 401), (299, 202), (-299, 202)])
async def test_signature_counts_for_five_minutes(gateway: Gateway, seconds: int, status: int) -> None:
    body = gateway.event_body()
    headers = signed(body, gateway.clock.now - dt.timedelta(seconds=seconds))
    assert (await gateway.deliver(body, headers=headers)).status_code == status


async def test_platform_that_nobody_listens_to_is_not_found(gateway: Gateway) -> None:
    answer = await gateway.deliver(gateway.event_body(), path="unheard-of")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_webhook")


async def test_outbound_message_gets_its_ack(gateway: Gateway) -> None:
    headers = {"x-organization": "00D1", "content-type": "text/xml"}
    answer = await gateway.deliver(b"n-1 n-2", path="salesforce/outbound-messages", headers=headers)
    assert answer.status_code == 200
    assert "<Ack>true</Ack>" in answer.text
    assert {event.event_id for event in await _log(gateway)} == {"n-1", "n-2"}


async def test_message_without_events_is_accepted_and_accounted_for(gateway: Gateway) -> None:
    answer = await gateway.deliver(b'{"ping": true}')
    assert (answer.status_code, answer.json()["event_id"]) == (202, None)
    [event] = await _log(gateway)
    assert event.state == "ignored"
    assert event.reason


def _deep(levels: int) -> bytes:
    return b'{"event_id": ' + b"[" * levels + b"]" * levels + b"}"


POISON: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"not json",
    "cut off": b'{"event_id": "evt-1", ',
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "a string": b'"evt-1"',
    "an empty object": b"{}",
    "NUL bytes": b"\x00\x00\x00",
    "not UTF-8": b"\xff\xfe{}",
    "UTF-16": '{"event_id": "evt-1"}'.encode("utf-16"),
    "deep": _deep(65),
    "very deep": _deep(100_000),
    "deep objects": b'{"a":' * 200 + b"1" + b"}" * 200,
}
FIELDS: dict[str, dict[str, Any]] = {
    "id is null": {"event_id": None},
    "id is a number": {"event_id": 7},
    "id is empty": {"event_id": ""},
    "id with NUL": {"event_id": "evt\x00-1"},
    "id with half a character": {"event_id": "evt-\ud800"},
    "id too long to index": {"event_id": "x" * 3000},
    "contract with NUL": {"contract_id": "C-\x00"},
    "contract with half a character": {"contract_id": "\udfff"},
    "contract too long": {"contract_id": "ü" * 300},
    "contract is a list": {"contract_id": ["C-1"]},
    "contract is empty": {"contract_id": ""},
    "type is null": {"event_type": None},
    "type with NUL": {"event_type": "contract\x00approved"},
    "type too long": {"event_type": "t" * 501},
    "time without zone": {"occurred_at": "2026-03-01T12:00:00"},
    "time is a number": {"occurred_at": 1772366400},
    "time is no time": {"occurred_at": "yesterday"},
    "time before time": {"occurred_at": "0001-01-01T00:00:00+14:00"},
    "time at the end": {"occurred_at": "9999-12-31T23:59:59-14:00"},
    "version is text": {"version": "one"},
    "version below zero": {"version": -1},
    "version beyond 64 bits": {"version": 2**63},
    "version far beyond": {"version": 10**400},
    "version is a fraction": {"version": 1.5},
}
ALL_POISON = sorted([*POISON, *FIELDS])


@pytest.mark.parametrize("kind", ALL_POISON)
async def test_signed_body_that_is_not_the_event_is_a_dead_letter(gateway: Gateway, kind: str) -> None:
    body = POISON[kind] if kind in POISON else gateway.event_body(**FIELDS[kind])
    answer = await gateway.deliver(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_an_event")
    [letter] = await _log(gateway)
    assert letter.state == "dead"
    assert letter.reason
    payload = await gateway.stores.events.payload(letter.id)
    assert payload is not None
    assert payload[0] == body


async def test_poison_does_not_hold_up_the_events_beside_it(gateway: Gateway) -> None:
    good = [gateway.event_body(f"evt-{n}") for n in range(20)]
    bad = [POISON[kind] if kind in POISON else gateway.event_body(**FIELDS[kind]) for kind in ALL_POISON]
    answers = await asyncio.gather(*(gateway.deliver(body) for body in [*good, *bad]))
    assert [answer.status_code for answer in answers] == [202] * len(good) + [422] * len(bad)
    counted = await account(gateway.stores.database)
    assert counted.adds_up
    assert (counted.accepted, counted.waiting, counted.dead) == (len(good) + len(bad), len(good), len(bad))


async def test_poison_is_a_dead_letter_on_every_database(
    database: Database, operations: FakeOperations, clock: StoppedClock
) -> None:
    app = create_app(deps(database, operations, clock, GatewaySettings()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        gateway = Gateway(app, client, clock)
        for kind in ALL_POISON:
            body = POISON[kind] if kind in POISON else gateway.event_body(**FIELDS[kind])
            assert (await gateway.deliver(body)).status_code == 422
    assert (await account(database)).dead == len(ALL_POISON)


async def test_event_that_the_database_refuses_is_a_dead_letter(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.webhooks.check_storable", lambda event: None)
    answer = await gateway.deliver(gateway.event_body(version=2**63))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_an_event")
    [letter] = await _log(gateway)
    assert letter.state == "dead"


async def test_store_without_its_tables_is_at_fault_and_not_the_event(
    database: Database, operations: FakeOperations, clock: StoppedClock
) -> None:
    async with database.write() as session:
        await session.execute(text("ALTER TABLE inbound_event RENAME TO gone"))
    app = create_app(deps(database, operations, clock, GatewaySettings()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        gateway = Gateway(app, client, clock)
        for body in (gateway.event_body(), b"not the event"):
            answer = await gateway.deliver(body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
            assert int(answer.headers["retry-after"]) > 0


async def test_unsigned_poison_is_refused_for_its_signature_alone(gateway: Gateway) -> None:
    for body in POISON.values():
        assert (await gateway.deliver(body, headers={})).status_code == 401
    assert await _log(gateway) == []


async def test_dead_letter_does_not_take_the_id_of_the_mended_event(gateway: Gateway) -> None:
    await gateway.deliver(gateway.event_body("evt-1", version="one"))
    answer = await gateway.deliver(gateway.event_body("evt-1", version=1))
    assert answer.status_code == 202
    assert {event.state for event in await _log(gateway)} == {"dead", "waiting"}


async def test_body_of_one_mebibyte_is_read_and_one_byte_more_is_not(gateway: Gateway) -> None:
    limit = 1024 * 1024
    start = gateway.event_body()[:-1] + b', "padding": "'
    body = start + b"x" * (limit - len(start) - 2) + b'"}'
    assert len(body) == limit
    assert (await gateway.deliver(body)).status_code == 202
    answer = await gateway.deliver(body + b" ")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


async def test_answers_carry_no_part_of_the_body(gateway: Gateway) -> None:
    answer = await gateway.deliver(json.dumps({"card": "4111 1111 1111 1111"}).encode())
    assert answer.status_code == 422
    assert "4111" not in answer.text
