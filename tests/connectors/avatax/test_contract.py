"""AvaTax's connector on its simulator, by the suite of all tax engines."""

import pytest

from connectors.avatax import AvaTax
from sandbox.kit.platform import Platform
from tests.connectors.contract_tax import Engine, TaxContract


class TestAvaTaxContract(TaxContract):
    @pytest.fixture
    async def engine(self, avatax: AvaTax, platform: Platform) -> Engine:
        return Engine(
            tax=avatax,
            platform=platform,
            commit_route="POST /api/v2/transactions/createoradjust",
            void_route="POST /api/v2/companies/*/transactions/*/void",
            quote_route="POST /api/v2/transactions/create",
            list_route="GET /api/v2/companies/*/transactions",
        )
