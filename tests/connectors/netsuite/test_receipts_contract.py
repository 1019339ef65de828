"""NetSuite keeps the contract of all ERPs' money."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.contract_erp_stand import ErpStand
from tests.connectors.contract_receipts import ReceiptsContract, Routes
from tests.connectors.netsuite.stand import erp_stand
from tests.connectors.netsuite.stand import stand as netsuite

_RECORD = "/services/rest/record/v1"
PAYMENT = f"POST {_RECORD}/customerPayment"
DEPOSIT = f"POST {_RECORD}/customerDeposit"
REFUND = f"POST {_RECORD}/customerRefund"
TAKEN_OFF = f"PATCH {_RECORD}/customerPayment/*"


class TestNetSuiteKeepsTheReceiptsContract(ReceiptsContract):
    @pytest.fixture
    async def stand(self, secrets_dir: Path) -> AsyncIterator[ErpStand]:
        made = await netsuite(secrets_dir)
        yield erp_stand(made, made.erp)
        await made.erp.aclose()

    @pytest.fixture
    def routes(self) -> Routes:
        return {
            "payment": (PAYMENT,),
            "on_account": (DEPOSIT,),
            "over": (PAYMENT, DEPOSIT),
            "application": (f"POST {_RECORD}/depositApplication",),
            "refund": (TAKEN_OFF, REFUND),
            "refund_unapplied": (REFUND,),
            "chargeback": (TAKEN_OFF, REFUND, f"POST {_RECORD}/journalEntry"),
            "won": (PAYMENT,),
            "write_off": (f"POST {_RECORD}/creditMemo",),
            "recovery": (f"POST {_RECORD}/invoice", f"PATCH {_RECORD}/creditMemo/*"),
        }
