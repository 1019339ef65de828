"""An invoice that the billing platform has given up is decided on once: written off, or kept open."""

from decimal import Decimal

import pytest

from ports.receipts import PostedReceipt
from store.exceptions import ExceptionQueue, RecordedException
from tests.workflows.test_edits import ended, found
from tests.workflows.test_voids import FIRST, accept, active, again
from tests.world import World

pytestmark = pytest.mark.xdist_group("documents")


async def given_up(made: World) -> tuple[str, RecordedException]:
    """The first invoice is marked uncollectible, and somebody asked about it."""
    await active(made)
    id_ = str((await found(made))["id"])
    async with made.stripe() as api:
        answer = await api.post(f"/v1/invoices/{id_}/mark_uncollectible")
        assert answer.status_code == 200, answer.text
    asked = await made.until_exception("C-1")
    assert (asked.code, asked.actions) == ("marked_uncollectible", ("retry", "accept", "skip"))
    assert asked.amount == await owed(made)
    return id_, asked


async def owed(made: World) -> Decimal:
    """What the ledger has as open of the invoice."""
    customer = next(c for c in made.platforms["netsuite"].dump()["customer"] if c["externalId"])
    account = await made.ports["netsuite"].receivables("US01", str(customer["id"]))
    return sum((item.open for item in account.invoices if item.key == FIRST), Decimal(0))


async def written_off(made: World) -> list[PostedReceipt]:
    return [each for each in await made.ports["netsuite"].receipts("US01") if each.kind == "write_off"]


async def test_an_accepted_bad_debt_is_written_off_once(made: World) -> None:
    id_, asked = await given_up(made)
    alone = await made.act("fiona", "POST", f"/exceptions/{asked.id}/accept", {"reason": "x"})
    assert alone.status_code == 403
    await accept(made, asked)
    await ended(made, id_)
    [entry] = await written_off(made)
    assert (entry.key, entry.amount) == (f"write-off/stripe/{id_}", asked.amount)
    assert await owed(made) == 0
    assert [each.key for each in entry.applied_to] == [FIRST]
    lines = await made.ports["netsuite"].general_ledger("US01")
    assert sum(line.debit for line in lines if line.account == "6100") == asked.amount
    await again(made, id_, "posted")
    assert (await made.exceptions("C-1"), len(await written_off(made))) == ([], 1)


async def test_a_bad_debt_that_is_kept_open_is_not_asked_about_again(made: World) -> None:
    id_, asked = await given_up(made)
    await accept(made, asked, "skip")
    await ended(made, id_)
    await again(made, id_, "posted")
    assert await made.exceptions("C-1") == []
    assert (await owed(made), await written_off(made)) == (asked.amount, [])


async def test_a_bad_debt_that_is_paid_after_all_is_nobodys_question_any_more(made: World) -> None:
    id_, asked = await given_up(made)
    async with made.stripe() as api:
        answer = await api.post(f"/v1/invoices/{id_}/pay", data={"paid_out_of_band": "true"})
        assert answer.status_code == 200, answer.text

    async def closed() -> bool:
        return not await made.exceptions("C-1")

    await made.settle(closed, "the question has answered itself")
    await ended(made, id_)
    answered = await ExceptionQueue(made.database).get(asked.id)
    assert answered is not None
    assert answered.resolution is not None
    assert (answered.resolution["action"], answered.resolution["actor"]) == ("retry", "system")
    assert (await made.exceptions(), await written_off(made)) == ([], [])
