"""What `q2c platform check` finds out: each kind of failure is told apart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assembly.platform_views import PlatformDesk
from connectors.registry import connector, settings_of
from gateway.operations import PlatformView
from governance.policy import load_policy
from ports.access import Access
from sandbox.kit.faults import Fault
from sandbox.kit.transport import SandboxTransport
from store.pauses import PauseList
from tests.world import PLATFORMS, World, world


def connect_with(made: World, wrong: dict[str, str]) -> Callable[[str], Access]:
    """Our connectors on the simulators, with some credentials wrong."""

    def connect(name: str) -> Access:
        credentials = made.platforms[name].credentials()
        credentials |= {key: value for key, value in wrong.items() if key in credentials}
        url = f"https://{name}.test"
        own = settings_of(name, url=url, ca_file=None, credentials=credentials, extra={})
        found: Access = connector(name, own, transport=SandboxTransport(made.apps[name]))
        return found

    return connect


async def checked(made: World, wrong: dict[str, str] | None = None) -> dict[str, PlatformView]:
    desk = PlatformDesk(
        made.client,
        made.settings,
        load_policy(None),
        PauseList(made.database),
        connect_with(made, wrong or {}),
    )
    return {view.name: view for view in await desk.views(check=True)}


async def test_platforms_that_let_us_in_are_well(tmp_path: Path, temporal_address: str) -> None:
    async with world(tmp_path, temporal_address, working=False) as made:
        found = await checked(made)
        assert sorted(found) == sorted(PLATFORMS)
        assert {(view.healthy, view.credentials_valid, view.problem) for view in found.values()} == {
            (True, True, None)
        }
        assert found["salesforce"].rate_limit_used_percent is not None
        assert found["stripe"].rate_limit_used_percent is None


@pytest.mark.parametrize(
    ("platform", "wrong"),
    [
        ("stripe", {"api_key": "sk_test_wrong"}),
        ("avatax", {"license_key": "wrong"}),
        ("salesforce", {"consumer_key": "wrong"}),
        ("netsuite", {"certificate_id": "wrong"}),
    ],
)
async def test_wrong_credentials_are_no_outage(
    tmp_path: Path, temporal_address: str, platform: str, wrong: dict[str, str]
) -> None:
    async with world(tmp_path, temporal_address, working=False) as made:
        view = (await checked(made, wrong))[platform]
        assert (view.healthy, view.credentials_valid) == (True, False)
        assert view.problem


async def test_platform_that_is_down_says_nothing_of_our_credentials(
    tmp_path: Path, temporal_address: str
) -> None:
    async with world(tmp_path, temporal_address, working=False) as made:
        made.platforms["stripe"].faults.add(Fault("down", seconds=60))
        view = (await checked(made))["stripe"]
        assert (view.healthy, view.credentials_valid) == (False, None)
