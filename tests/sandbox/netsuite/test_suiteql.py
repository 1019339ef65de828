"""SuiteQL: what it answers, in which form, and what it does not do."""

import pytest

from tests.sandbox.netsuite.conftest import Account, code_of


async def test_a_query_says_that_it_is_transient(account: Account) -> None:
    answer = await account.send("POST", "/services/rest/query/v1/suiteql", {"q": "SELECT id FROM customer"})
    assert (answer.status_code, code_of(answer)) == (400, "INVALID_HEADER")


async def test_values_are_strings_and_nulls_are_left_out(account: Account) -> None:
    await account.customer("Alpha")
    [row] = await account.rows("SELECT id, companyName, email FROM Customer")
    assert row == {"id": "1", "companyname": "Alpha"}


async def test_dates_come_in_the_accounts_format_unless_asked_for(account: Account) -> None:
    q = (
        "SELECT startdate, TO_CHAR(startdate, 'YYYY-MM-DD') AS iso FROM accountingperiod"
        " WHERE periodname = 'Feb 2026'"
    )
    assert await account.rows(q) == [{"startdate": "2/1/2026", "iso": "2026-02-01"}]


async def test_dates_compare_as_dates(account: Account) -> None:
    q = (
        "SELECT periodname FROM accountingperiod WHERE startdate <= TO_DATE('2026-02-14', 'YYYY-MM-DD')"
        " AND enddate >= TO_DATE('2026-02-14', 'YYYY-MM-DD')"
    )
    assert await account.rows(q) == [{"periodname": "Feb 2026"}]


async def test_amounts_add_up_and_compare_as_decimals(account: Account) -> None:
    customer = await account.customer()
    for amount in ("0.10", "0.20", "1000.00"):
        await account.make("invoice", account.sale(customer, amount))
    assert await account.rows("SELECT SUM(foreigntotal) AS total FROM transaction") == [{"total": "1000.3"}]
    small = "SELECT COUNT(*) AS n FROM transaction WHERE foreigntotal < 5"
    assert await account.rows(small) == [{"n": "2"}]
    ordered = await account.rows("SELECT foreigntotal FROM transaction ORDER BY foreigntotal DESC")
    assert [row["foreigntotal"] for row in ordered] == ["1000", "0.2", "0.1"]


async def test_joins_of_head_lines_and_ledger(account: Account) -> None:
    await account.make("invoice", account.sale(await account.customer()))
    q = (
        "SELECT t.tranid, BUILTIN.DF(t.type) AS type, a.acctnumber, l.foreignamount FROM transaction t"
        " JOIN transactionline l ON l.transaction = t.id AND l.mainline = 'F'"
        " JOIN transactionaccountingline g ON g.transaction = l.transaction AND g.transactionline = l.id"
        " JOIN account a ON a.id = g.account"
    )
    [row] = await account.rows(q)
    assert row == {"tranid": "INV1", "type": "CustInvc", "acctnumber": "2400", "foreignamount": "-100"}


async def test_a_word_in_a_string_is_no_word_of_the_query(account: Account) -> None:
    await account.customer("transaction LIMIT it's; BUILTIN.DF")
    q = "SELECT id FROM customer WHERE companyname = 'transaction LIMIT it''s; BUILTIN.DF'"
    assert len(await account.rows(q)) == 1


@pytest.mark.parametrize(
    "q",
    [
        "DELETE FROM customer",
        "SELECT 1; SELECT 2",
        "SELECT id FROM customer LIMIT 1",
        "SELECT id FROM no_such_table",
        "SELECT no_such_column FROM customer",
        "SELECT name FROM sqlite_master",
        "PRAGMA table_info(customer)",
        "SELECT load_extension('x')",
    ],
)
async def test_what_is_no_query_is_refused(account: Account, q: str) -> None:
    answer = await account.ask(q)
    assert (answer.status_code, code_of(answer)) == (400, "INVALID_PARAMETER")


@pytest.mark.parametrize(
    "q",
    [
        "SELECT TOP 2 id FROM account ORDER BY id",
        "SELECT id FROM account ORDER BY id FETCH FIRST 2 ROWS ONLY",
    ],
)
async def test_the_first_rows_only(account: Account, q: str) -> None:
    assert len(await account.rows(q)) == 2


async def test_pages(account: Account) -> None:
    page = (await account.ask("SELECT id FROM account ORDER BY id", limit=10, offset=10)).json()
    assert (page["count"], page["totalResults"], page["hasMore"], page["offset"]) == (4, 14, False, 10)


async def test_changes_show_at_once_and_refused_ones_never(account: Account) -> None:
    customer = await account.customer()
    assert await account.rows("SELECT id FROM transaction") == []
    id_ = await account.make("invoice", account.sale(customer))
    await account.send("POST", "invoice", account.sale(customer, externalId="K", item={"items": []}))
    assert await account.rows("SELECT id FROM transaction") == [{"id": id_}]
    await account.send("PATCH", f"invoice/{id_}", {"memo": "seen"})
    assert await account.rows("SELECT memo FROM transaction") == [{"memo": "seen"}]
    account.platform.reset()
    assert account.platform.suiteql.query("SELECT id FROM transaction", limit=1, offset=0) == ([], 0)
