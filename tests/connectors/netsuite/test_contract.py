"""NetSuite keeps the contract of all ERPs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.contract_erp import ErpContract, ErpStand
from tests.connectors.netsuite.stand import ACCOUNTS, stand

_RECORD = "/services/rest/record/v1"


class TestNetSuiteKeepsTheErpContract(ErpContract):
    @pytest.fixture(params=["oauth2", "tba"])
    async def stand(self, request: pytest.FixtureRequest, secrets_dir: Path) -> AsyncIterator[ErpStand]:
        made = await stand(secrets_dir, auth=request.param)
        platform = made.platform

        def revoke() -> None:
            platform.keys.client_id = platform.keys.token_id = "revoked"

        yield ErpStand(
            erp=made.erp,
            faults=platform.faults,
            routes={
                "customer": f"PUT {_RECORD}/customer/*",
                "document": f"POST {_RECORD}/invoice",
                "journal": f"POST {_RECORD}/journalEntry",
            },
            read_route="POST /services/rest/query/v1/suiteql",
            close_month=platform.seeding.close,
            customers=lambda: platform.state.count("customer"),
            posted=lambda: sum(
                platform.state.count(kind) for kind in ("invoice", "creditMemo", "journalEntry")
            ),
            accounts=ACCOUNTS,
            revoke=revoke,
            extra={"drifting_field": "foreigntotal"},
        )
        await made.erp.aclose()
