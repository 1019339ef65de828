"""A whole story under faults drawn at 30 %: repeated until it is through, it leaves each object once."""

import datetime as dt
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ports.errors import PortError
from tests.connectors.contract_erp_stand import (
    ErpStand,
    balances,
    credit_memo,
    customer_order,
    invoice,
    journal,
    listed,
    origin,
    void,
)
from tests.connectors.netsuite.stand import Stand, erp_stand, stand

SEEDS = range(12)
_PATIENCE = 200


async def until_done(act: Callable[[], Awaitable[Any]]) -> Any:
    """Repeat a call until it succeeds, as a workflow does; only the port's own errors may come."""
    for _ in range(_PATIENCE):
        try:
            return await act()
        except PortError:
            continue
    raise AssertionError("never done")


@pytest.mark.parametrize("auth", ["oauth2", "tba"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_each_object_is_there_once_after_all_faults(secrets_dir: Path, seed: int, auth: str) -> None:
    made = await stand(secrets_dir, auth=auth)
    erp = erp_stand(made, made.erp)
    made.platform.faults.seed(seed, 0.3)
    await _story(erp)
    made.platform.faults.clear()
    await _check(made, erp)
    await made.erp.aclose()


async def _story(erp: ErpStand) -> None:
    customer = (await until_done(lambda: erp.erp.ensure_customer(customer_order(erp)))).id
    bill, credit = invoice(erp, customer), credit_memo(erp, customer)
    wrong = invoice(erp, customer, "C-1001/invoice/2026-02-01", number="BILL-0002")
    entry, other = journal(erp), journal(erp, "C-1001/revenue/2026-02")
    for document in (bill, credit, wrong):
        await until_done(partial(erp.erp.post_document, document))
    for line in (entry, other):
        await until_done(partial(erp.erp.post_journal, line))
    await until_done(lambda: void(erp, "invoice", wrong.key))
    await until_done(lambda: void(erp, "credit_memo", credit.key))
    reversed_on = dt.date(2026, 3, 1)
    await until_done(lambda: erp.erp.reverse_journal(origin("r"), other.key, reversed_on, "wrong"))


async def _check(made: Stand, erp: ErpStand) -> None:
    assert erp.customers() == 1
    found = await listed(erp)
    assert len(found) == erp.posted() == 8
    assert {key: document.status for key, document in found.items() if document.kind != "credit_memo"} == {
        "C-1001/invoice/2026-01-01": "open",
        "C-1001/invoice/2026-02-01": "voided",
        "void:C-1001/credit-memo/2026-08-15/2026-01-01": "paid",
        "C-1001/revenue/2026-01": "posted",
        "C-1001/revenue/2026-02": "reversed",
        "reversal:C-1001/revenue/2026-02": "posted",
    }
    assert await balances(erp) == {
        erp.accounts["accounts_receivable"]: Decimal("13065.00"),
        erp.accounts["tax_payable"]: Decimal("-1065.00"),
        erp.accounts["deferred_revenue"]: Decimal("-10980.82"),
        erp.accounts["revenue"]: Decimal("-1019.18"),
    }
    debits, total = made.platform.suiteql.query(
        "SELECT SUM(netamount) AS net FROM transactionaccountingline", limit=1, offset=0
    )
    assert (debits[0]["net"], total) == ("0", 1)
