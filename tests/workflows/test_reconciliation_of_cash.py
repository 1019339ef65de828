"""What was paid is beside what the ERP has received; a receipt that is missing is a break."""

from decimal import Decimal

import pytest

from sandbox.kit.faults import Fault
from tests.workflows.cash import issued, pays, until_receipts
from tests.workflows.periods import lost_nothing, reconciled, this_period
from tests.workflows.record_histories import taken_back
from tests.world import World

pytestmark = pytest.mark.xdist_group("reconciliation-cash")


async def test_cash_and_receipts_agree_once_a_payment_is_posted(made: World) -> None:
    await lost_nothing(made)
    (invoice,) = await issued(made)
    assert (await pays(made, invoice["id"])).is_success
    await until_receipts(made, 1)
    (found,) = await reconciled(made, this_period())
    assert found["breaks"] == []
    assert found["sides"]["cash"] == found["sides"]["receipts"] == found["sides"]["billings"] != "0.00"


async def test_a_payment_of_which_nobody_heard_is_missing_in_the_receipts(made: World) -> None:
    await lost_nothing(made)
    made.platforms["stripe"].faults.add(Fault("webhook-lost", route="*", times=50))
    (invoice,) = await issued(made)
    assert (await pays(made, invoice["id"])).is_success
    (found,) = await reconciled(made, this_period())
    (missing,) = found["breaks"]
    assert (missing["type"], missing["repairable"]) == ("missing", True)
    assert Decimal(missing["effect"]) == -Decimal(found["sides"]["cash"])


async def test_refunds_and_chargebacks_agree_too(made: World) -> None:
    await taken_back(made)
    (found,) = await reconciled(made, this_period())
    assert found["breaks"] == []
    assert found["sides"]["cash"] == found["sides"]["receipts"] != "0.00"
