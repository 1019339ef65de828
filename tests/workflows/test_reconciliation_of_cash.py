"""What was paid is beside what the ERP has received; a receipt that is missing is a break."""

from decimal import Decimal

import pytest

from connectors.netsuite.receipt_bodies import taken_off
from sandbox.kit.faults import Fault
from tests.workflows.bank import receipt, taken, total_of, until_receipt
from tests.workflows.cash import charged, issued, pays, people, until_receipts
from tests.workflows.periods import journal_by_hand, lost_nothing, reconciled, this_period
from tests.workflows.record_histories import taken_back
from tests.workflows.sales import month
from tests.world import World

pytestmark = pytest.mark.xdist_group("reconciliation-cash")


async def test_cash_and_receipts_agree_once_a_payment_is_posted(made: World) -> None:
    await lost_nothing(made)
    (invoice,) = await issued(made)
    assert (await pays(made, invoice["id"])).is_success
    await until_receipts(made, 1)
    (found,) = await reconciled(made, this_period())
    sides = found["sides"]
    assert found["breaks"] == []
    assert sides["cash"] == sides["receipts"] == sides["applied"] == sides["billings"] != "0.00"


async def test_money_paid_twice_taken_off_by_hand_or_posted_by_hand_is_one_break_each(made: World) -> None:
    await lost_nothing(made)
    (invoice,) = await issued(made)
    key, total = f"C-1/invoice/{month(0)}", Decimal(invoice["total"]) / 100
    assert (await pays(made, invoice["id"])).is_success
    (first,) = await until_receipts(made, 1)
    again = {"metadata[q2c_key]": key, "metadata[q2c_contract]": "C-1"}
    await charged(made, invoice["customer"], invoice["total"], **again)
    _, second = await until_receipts(made, 2)
    client, erp = made.ports["netsuite"]._client, made.platforms["netsuite"].state
    (posted,) = await made.posted("C-1")
    body = taken_off(posted.id, Decimal(0))
    await client.change("taken off by hand", "customerPayment", first.id, body)
    (held,) = [each for each in erp.all("customerPayment") if each["id"] == first.id]
    names = ("subsidiary", "customer", "currency", "account", "arAcct")
    by_hand = {name: {"id": held[name]["id"]} for name in names}
    hand = await client.create("by hand", "customerPayment", {**by_hand, "payment": Decimal("7.00")})

    (found,) = await reconciled(made, this_period())
    breaks = {each["type"]: each for each in found["breaks"]}
    assert {name: Decimal(each["effect"]) for name, each in breaks.items()} == {
        "amount": -total,
        "duplicate": total,
        "unmatched_entry": Decimal("7.00"),
    }
    loose, twice, foreign = breaks["amount"], breaks["duplicate"], breaks["unmatched_entry"]
    paid = str(first.key).removeprefix("payment/stripe/")
    assert (loose["document"], loose["contract"]) == (first.key, "C-1")
    assert loose["documents"] == [f"netsuite:{first.id}", f"stripe:{paid}"]
    assert loose["proposal"].startswith(f"by hand: apply all of {first.id} in netsuite to {key}, then")
    assert (twice["document"], twice["contract"]) == (str(second.key).removesuffix("/unapplied"), "C-1")
    assert twice["cause"].startswith(f"{key} was paid twice: payment pi_")
    assert foreign["document"] == f"netsuite:{hand}"
    assert "was posted by somebody else" in foreign["cause"]
    assert all(each["blocks_close"] and not each["repairable"] for each in found["breaks"])
    sides = {name: Decimal(amount) for name, amount in found["sides"].items()}
    assert (sides["cash"], sides["receipts"]) == (2 * total, 2 * total + 7)
    assert sides["applied"] == total


async def test_a_payment_of_which_nobody_heard_is_missing_in_the_receipts(made: World) -> None:
    await lost_nothing(made)
    made.platforms["stripe"].faults.add(Fault("webhook-lost", route="*", times=50))
    (invoice,) = await issued(made)
    assert (await pays(made, invoice["id"])).is_success
    (found,) = await reconciled(made, this_period())
    (missing,) = found["breaks"]
    assert (missing["type"], missing["repairable"]) == ("missing", True)
    assert Decimal(missing["effect"]) == -Decimal(found["sides"]["cash"])


async def test_the_banks_statement_is_beside_the_ledger_and_the_payouts(made: World) -> None:
    await lost_nothing(made)
    (invoice,) = await issued(made)
    total, loose = total_of(invoice) - 500, Decimal("12.34")
    await charged(made, invoice["customer"], 50000, **{"metadata[q2c_contract]": "C-1"})
    await until_receipts(made, 1)
    paid_out = (await people(made, payout={}))["payout"]
    net = Decimal(paid_out["amount"]) / 100
    lines = [receipt("E-1", total, str(invoice["number"])), receipt("E-2", net), receipt("E-3", loose)]
    await taken(made, *lines)
    await until_receipts(made, 2)
    for ref in ("E-2", "E-3"):
        await until_receipt(made, ref, "waiting")
    (found,) = await reconciled(made, this_period())
    sides = {name: Decimal(amount) for name, amount in found["sides"].items()}
    assert (sides["bank"], sides["payouts"]) == (total + net + loose, net)
    assert sides["receipts"] == sides["applied"] == sides["cash"] + total
    (unmatched,) = found["breaks"]
    assert (unmatched["type"], unmatched["document"]) == ("unmatched_entry", "cash/ubs/E-3")
    assert (Decimal(unmatched["effect"]), unmatched["blocks_close"]) == (loose, True)
    answer = {"contract": "C-1", "reason": "theirs"}
    done = await made.act("fiona", "POST", "/cash/receipts/ubs/E-3/apply", answer)
    assert done.status_code == 200, done.text
    await until_receipts(made, 3)
    fee = receipt("E-4:debit", Decimal("4.50"), flow="out")
    kept = await made.act("fiona", "POST", "/cash/lines", {"lines": [fee]})
    assert kept.json() == {"recorded": 1, "known": 0}
    (after,) = await reconciled(made, this_period())
    (debit,) = after["breaks"]
    assert (debit["type"], debit["document"]) == ("unmatched_entry", "bank/ubs/E-4:debit")
    assert (Decimal(debit["effect"]), debit["blocks_close"]) == (Decimal("-4.50"), False)
    assert after["close_allowed"]
    await journal_by_hand(made, "4.50", debit="6100", credit="1000")
    (posted,) = await reconciled(made, this_period())
    assert posted["breaks"] == []
    assert Decimal(posted["sides"]["bank"]) == total + net + loose - Decimal("4.50")
    assert posted["sides"]["receipts"] == posted["sides"]["applied"]


async def test_refunds_and_chargebacks_agree_too(made: World) -> None:
    await taken_back(made)
    (found,) = await reconciled(made, this_period())
    assert found["breaks"] == []
    assert found["sides"]["cash"] == found["sides"]["receipts"] == found["sides"]["applied"] != "0.00"
