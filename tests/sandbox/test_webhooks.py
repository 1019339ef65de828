"""Delivery at least once, signed when sent, and the four ways in which it goes wrong."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.kit.clock import Clock
from sandbox.kit.faults import Fault, Faults
from sandbox.kit.state import State
from sandbox.kit.webhooks import Outbox

URL = "http://gateway.test/hook"


class World:
    """A platform's outbox on a clock that stands still until it is moved, and a receiver."""

    def __init__(self) -> None:
        self.real = datetime(2026, 1, 1, tzinfo=UTC)
        self.state = State(":memory:")
        self.clock = Clock(self.state, real=lambda: self.real)
        self.faults = Faults(self.state)
        self.outbox = self.opened()
        self.received: list[httpx.Request] = []
        self.status = 202

    def opened(self) -> Outbox:
        outbox = Outbox(self.state, self.clock, self.faults)
        outbox.real_now = lambda: self.real
        return outbox

    def receive(self, request: httpx.Request) -> httpx.Response:
        if self.status == 0:
            raise httpx.ConnectError("down", request=request)
        self.received.append(request)
        return httpx.Response(self.status)

    def queue(self, *ids: str) -> None:
        for event_id in ids:
            self.outbox.enqueue(URL, event_id.encode(), event_id=event_id, topic="pet.made")

    def bodies(self) -> list[str]:
        return [request.content.decode() for request in self.received]

    def pass_seconds(self, seconds: float) -> None:
        self.real += timedelta(seconds=seconds)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(world.receive)) as client:
        yield client


async def test_each_is_delivered_once_and_in_order(world: World, client: httpx.AsyncClient) -> None:
    world.queue("a", "b", "c")
    assert await world.outbox.flush(client) == 3
    assert await world.outbox.flush(client) == 0
    assert world.bodies() == ["a", "b", "c"]


async def test_signature_is_made_when_it_is_sent(world: World, client: httpx.AsyncClient) -> None:
    def sign(event_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
        return {"signature": f"{event_id}.{body.decode()}.{now.isoformat()}"}

    world.outbox.sign = sign
    world.status = 500
    world.queue("a")
    await world.outbox.flush(client)
    world.clock.advance_to(world.real + timedelta(days=1))  # the platform's time is not the signature's
    world.pass_seconds(60)
    world.status = 200
    await world.outbox.flush(client)
    assert [request.headers["signature"] for request in world.received] == [
        "a.a.2026-01-01T00:00:00+00:00",
        "a.a.2026-01-01T00:01:00+00:00",
    ]


@pytest.mark.parametrize("status", [0, 302, 401, 503])
async def test_what_is_not_accepted_is_tried_again_ever_later(
    status: int, world: World, client: httpx.AsyncClient
) -> None:
    world.status = status
    world.queue("a")
    waits = []
    for _ in range(7):
        await world.outbox.flush(client)
        due_at = datetime.fromisoformat(world.outbox.entries()[0]["due_at"])
        waits.append((due_at - world.real).total_seconds())
        world.pass_seconds(waits[-1] - 0.1)
        attempts = world.outbox.entries()[0]["attempts"]
        await world.outbox.flush(client)
        assert world.outbox.entries()[0]["attempts"] == attempts
        world.pass_seconds(0.1)
    assert waits == [0.5, 1, 2, 4, 8, 10, 10]
    world.status = 202
    world.received.clear()
    assert await world.outbox.flush(client) == 1
    assert world.outbox.waiting() == 0


async def test_one_that_fails_does_not_hold_up_the_others(world: World) -> None:
    def receive(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500 if request.content == b"a" else 200)

    world.queue("a", "b")
    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as client:
        assert await world.outbox.flush(client) == 1
    assert {entry["id"]: entry["status"] for entry in world.outbox.entries()} == {
        "a": "waiting",
        "b": "delivered",
    }


async def test_a_vendor_may_want_more_than_2xx(world: World, client: httpx.AsyncClient) -> None:
    world.outbox.accepted = lambda response: b"<Ack>true" in response.content
    world.queue("a")
    assert await world.outbox.flush(client) == 0


async def test_the_queue_survives_a_restart(world: World, client: httpx.AsyncClient) -> None:
    world.queue("a")
    assert await world.opened().flush(client) == 1


async def test_a_rolled_back_transaction_sends_nothing(world: World, client: httpx.AsyncClient) -> None:
    def queue_and_fail() -> None:
        with world.state.transaction():
            world.queue("a")
            raise KeyError

    with pytest.raises(KeyError):
        queue_and_fail()
    assert await world.outbox.flush(client) == 0


async def test_vendors_give_up_after_three_days(world: World, client: httpx.AsyncClient) -> None:
    world.status = 500
    world.queue("a")
    world.pass_seconds(3 * 24 * 3600 + 1)
    await world.outbox.flush(client)
    assert world.outbox.entries()[0]["status"] == "given up"


async def test_duplicate_is_the_same_event_twice(world: World, client: httpx.AsyncClient) -> None:
    world.faults.add(Fault("webhook-duplicate"))
    world.queue("a", "b")
    await world.outbox.flush(client)
    assert world.bodies() == ["a", "a", "b"]


async def test_lost_is_never_sent_and_still_shown(world: World, client: httpx.AsyncClient) -> None:
    world.faults.add(Fault("webhook-lost", after=1))
    world.queue("a", "b")
    await world.outbox.flush(client, force=True)
    assert world.bodies() == ["a"]
    assert [entry["status"] for entry in world.outbox.entries()] == ["delivered", "lost"]


async def test_late_is_late_by_the_platforms_clock(world: World, client: httpx.AsyncClient) -> None:
    world.faults.add(Fault("webhook-late", seconds=72 * 3600))
    world.queue("a", "b")
    await world.outbox.flush(client)
    assert world.bodies() == ["b"]
    world.clock.advance_to(world.real + timedelta(hours=72))
    await world.outbox.flush(client)
    assert world.bodies() == ["b", "a"]


async def test_reordered_comes_after_the_next(world: World, client: httpx.AsyncClient) -> None:
    world.faults.add(Fault("webhook-reorder"))
    world.queue("a", "b", "c")
    await world.outbox.flush(client)
    assert world.bodies() == ["b", "a", "c"]


async def test_reordered_without_a_next_comes_a_little_later(world: World, client: httpx.AsyncClient) -> None:
    world.faults.add(Fault("webhook-reorder"))
    world.queue("a")
    assert await world.outbox.flush(client) == 0
    world.pass_seconds(5)
    assert await world.outbox.flush(client) == 1


async def test_faults_choose_by_topic(world: World, client: httpx.AsyncClient) -> None:
    world.faults.add(Fault("webhook-lost", route="invoice.*"))
    world.queue("a")
    world.outbox.enqueue(URL, b"x", event_id="x", topic="invoice.paid")
    await world.outbox.flush(client)
    assert world.bodies() == ["a"]
