"""The connector on its simulator, in process."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canonical.document import AccountRole
from connectors.netsuite import NetSuite, NetSuiteSettings, create
from sandbox.kit.platform import PlatformConfig, build_app
from sandbox.kit.state import State
from sandbox.kit.transport import SandboxTransport
from sandbox.netsuite import NetSuite as Platform
from sandbox.netsuite.platform import create as create_platform
from tests.connectors.contract_erp_stand import ErpStand, customer_order
from tests.connectors.netsuite.recorder import Recorder

BASE_URL = "https://netsuite.test"
_RECORD = "/services/rest/record/v1"
ACCOUNTS: Mapping[AccountRole, str] = {
    "cash": "1000",
    "accounts_receivable": "1200",
    "unbilled_receivable": "1250",
    "contract_asset": "1260",
    "tax_payable": "2200",
    "customer_credits": "2300",
    "deferred_revenue": "2400",
    "revenue": "4000",
    "usage_revenue": "4010",
    "termination_fees": "4020",
    "bad_debt": "6100",
    "dispute_fees": "6200",
    "fx_realised": "7100",
    "fx_unrealised": "7200",
}
SCENARIO: dict[str, Any] = {
    "contract": {
        "id": "C-1001",
        "legal_entity": "US01",
        "currency": "USD",
        "lines": [{"id": "L1", "product": "PLATFORM-SEAT"}, {"id": "U1", "product": "API-CALLS"}],
    },
    "changes": [],
}


@dataclass
class Stand:
    platform: Platform
    recorder: Recorder
    settings: NetSuiteSettings
    erp: NetSuite

    def with_settings(self, **changes: Any) -> NetSuite:
        """Another connector to the same account."""
        settings = NetSuiteSettings.model_validate(self.settings.model_dump() | changes)
        return create(settings, transport=self.recorder)


async def stand(secrets_dir: Path, *, scenario: dict[str, Any] | None = None, **changes: Any) -> Stand:
    config = PlatformConfig(secrets_dir=secrets_dir, control_token="control", base_url=BASE_URL)
    platform = create_platform(State(":memory:"), config=config)
    recorder = Recorder(SandboxTransport(build_app(platform)))
    await platform.load({"scenario": scenario or SCENARIO})
    settings = NetSuiteSettings.model_validate(settings_of(platform) | changes)
    return Stand(platform, recorder, settings, create(settings, transport=recorder))


def settings_of(platform: Platform) -> dict[str, Any]:
    return {"base_url": BASE_URL, **platform.credentials()}


def erp_stand(made: Stand, connector: NetSuite) -> ErpStand:
    """What the contract's tests need to see of the account from outside."""
    platform = made.platform

    def revoke() -> None:
        platform.keys.client_id = platform.keys.token_id = "revoked"

    return ErpStand(
        erp=connector,
        faults=platform.faults,
        routes={
            "customer": f"PUT {_RECORD}/customer/*",
            "document": f"POST {_RECORD}/invoice",
            "journal": f"POST {_RECORD}/journalEntry",
        },
        read_route="POST /services/rest/query/v1/suiteql",
        close_month=platform.seeding.close,
        customers=lambda: platform.state.count("customer"),
        posted=lambda: sum(platform.state.count(kind) for kind in ("invoice", "creditMemo", "journalEntry")),
        accounts=ACCOUNTS,
        revoke=revoke,
        extra={"drifting_field": "foreigntotal"},
    )


async def customer_of(erp: ErpStand) -> str:
    """The internal id of the standard customer."""
    return (await erp.erp.ensure_customer(customer_order(erp))).id
