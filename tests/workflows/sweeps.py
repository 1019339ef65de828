"""Sweeps for lost events, as an operator starts them."""

from sandbox.kit.faults import Fault
from tests.world import World


def lose(made: World, platform: str, route: str, times: int = 1, after: int = 0) -> None:
    """The next webhooks of this topic never come."""
    made.platforms[platform].faults.add(Fault("webhook-lost", route=route, times=times, after=after))


async def swept(made: World, platform: str) -> dict[str, int]:
    """Sweeps a platform and waits for its end: how many events were listed, known and handed on."""
    answer = await made.act("olivia", "POST", "/events/sweeps", {"platform": platform})
    assert answer.status_code == 202, answer.text
    [run] = answer.json()
    path = f"/events/sweeps/{platform}/runs/{run['run_id']}"

    async def done() -> dict[str, int] | None:
        found = (await made.act("olivia", "GET", path)).json()
        assert found["status"] in ("running", "done"), found
        result = found["result"]
        return result and {name: result[name] for name in ("listed", "known", "handed_on")}

    return await made.settle(done, f"the sweep of {platform} is over")
