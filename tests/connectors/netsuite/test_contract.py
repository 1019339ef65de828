"""NetSuite keeps the contract of all ERPs, however it logs on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.contract_erp import ErpContract, ErpStand
from tests.connectors.netsuite.stand import erp_stand, stand


class TestNetSuiteKeepsTheErpContract(ErpContract):
    @pytest.fixture(params=["oauth2", "tba"])
    async def stand(self, request: pytest.FixtureRequest, secrets_dir: Path) -> AsyncIterator[ErpStand]:
        made = await stand(secrets_dir, auth=request.param)
        yield erp_stand(made, made.erp)
        await made.erp.aclose()
