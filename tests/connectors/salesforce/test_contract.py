"""The CRM contract suite on the simulator."""

import pytest

from tests.connectors.contract_crm import CrmContract, CrmStand


class TestSalesforce(CrmContract):
    @pytest.fixture
    async def stand(self, stand: CrmStand) -> CrmStand:
        return stand
