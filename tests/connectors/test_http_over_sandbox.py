"""The client and the simulators' faults together: what an operator orders is what a connector raises."""

from pathlib import Path

import pytest

from connectors.http import ApiClient, ErrorTable, VendorError
from ports.errors import AuthenticationFailed, OutcomeUnknown, PortError, RateLimited, Rejected, Transient
from sandbox.kit.faults import Fault
from sandbox.kit.platform import PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from tests.sandbox.petshop import PetShop
from tests.sandbox.test_process import running

TABLE = ErrorTable(rows={}, parse_error=lambda response: VendorError(response.json()["error"]["code"]))

FAULTS = [
    ("refused", Transient, 0),
    ("down", Transient, 0),
    ("not-applied-then-timeout", OutcomeUnknown, 0),
    ("applied-then-timeout", OutcomeUnknown, 1),
    ("applied-then-cut", OutcomeUnknown, 1),
    ("applied-then-500", OutcomeUnknown, 1),
    ("429", RateLimited, 0),
    ("503", OutcomeUnknown, 0),
    ("token-expired", AuthenticationFailed, 0),
]


@pytest.mark.parametrize(("outcome", "error", "applied"), FAULTS)
async def test_fault_on_a_write(outcome: str, error: type[PortError], applied: int, tmp_path: Path) -> None:
    config = PlatformConfig(secrets_dir=tmp_path, control_token="t", base_url="https://petshop.test")
    platform = PetShop(State(":memory:"), config=config)
    transport = SandboxTransport(build_app(platform))
    platform.faults.add(Fault(outcome))
    async with ApiClient(
        platform="petshop", base_url=config.base_url, errors=TABLE, transport=transport
    ) as client:
        with pytest.raises(PortError) as caught:
            await client.request("POST", "/v1/pets", json={"name": "Rex"}, expect={201})
        assert type(caught.value) is error
        assert platform.state.count("pet") == applied
        await client.request("POST", "/v1/pets", json={"name": "Rex"}, expect={201})


async def test_real_sockets_and_the_local_authority(tmp_path: Path) -> None:
    with running(tmp_path, "petshop", "--port", "0") as [control]:
        ca_file, base_url = tmp_path / "tls" / "ca.pem", str(control.base_url)
        async with ApiClient(platform="petshop", base_url=base_url, errors=TABLE, ca_file=ca_file) as client:
            await client.request("POST", "/v1/pets", json={"name": "Rex"}, expect={201})
            control.post("/_sandbox/faults", json={"outcome": "applied-then-cut"})
            with pytest.raises(OutcomeUnknown):
                await client.request("POST", "/v1/pets", json={"name": "Max"}, expect={201})
            with pytest.raises(Rejected):
                await client.request("GET", "/v1/token")
            pets = (await client.request("GET", "/v1/pets")).json()["data"]
        async with ApiClient(platform="petshop", base_url=base_url, errors=TABLE) as stranger:
            with pytest.raises(Transient):
                await stranger.request("GET", "/v1/pets")
    assert [pet["name"] for pet in pets] == ["Rex", "Max"]
