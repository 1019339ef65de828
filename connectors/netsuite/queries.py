"""The SuiteQL that we ask. REST has no bind variables: every value goes through `text` or `int`."""

# ruff: noqa: S608

import datetime as dt
from collections.abc import Iterable, Mapping

from connectors.netsuite.wire import TransactionType

_ITEM_ACCOUNT = (
    "CASE WHEN i.deferredrevenueaccount IS NOT NULL AND NVL(i.directrevenueposting, 'F') = 'F'"
    " THEN d.acctnumber ELSE a.acctnumber END"
)
_SOURCES: Mapping[str, tuple[str, str]] = {
    # kind: (SELECT … FROM …, the columns by which it is named)
    "subsidiary": (
        "SELECT 'subsidiary' AS kind, {name} AS name, r.id AS id, NULL AS account, c.symbol AS detail"
        " FROM subsidiary r JOIN currency c ON c.id = r.currency",
        "r.externalid",
    ),
    "currency": (
        "SELECT 'currency' AS kind, {name} AS name, r.id AS id, TO_CHAR(r.currencyprecision) AS account,"
        " NULL AS detail FROM currency r",
        "r.symbol",
    ),
    "account": (
        "SELECT 'account' AS kind, {name} AS name, r.id AS id, NULL AS account, r.accttype AS detail"
        " FROM account r",
        "r.acctnumber",
    ),
    "item": (
        f"SELECT 'item' AS kind, {{name}} AS name, i.id AS id, {_ITEM_ACCOUNT} AS account, NULL AS detail"
        " FROM item i LEFT JOIN account d ON d.id = i.deferredrevenueaccount"
        " LEFT JOIN account a ON a.id = i.incomeaccount",
        "i.itemid",
    ),
    "tax_code": (
        "SELECT 'tax_code' AS kind, {name} AS name, r.id AS id, a.acctnumber AS account, r.taxtype AS detail"
        " FROM salestaxitem r JOIN account a ON a.id = r.taxaccount",
        "r.externalid",
    ),
    "department": (
        "SELECT 'department' AS kind, {name} AS name, r.id AS id, NULL AS account, NULL AS detail"
        " FROM department r",
        "r.name",
    ),
    "class": (
        "SELECT 'class' AS kind, {name} AS name, r.id AS id, NULL AS account, NULL AS detail"
        " FROM classification r",
        "r.name",
    ),
    "location": (
        "SELECT 'location' AS kind, {name} AS name, r.id AS id, NULL AS account, NULL AS detail"
        " FROM location r",
        "r.name",
    ),
}
_TYPES: tuple[TransactionType, ...] = ("CustInvc", "CustCred", "Journal")
_HEAD = (
    "SELECT t.id AS id, t.type AS trantype, t.tranid AS tranid, t.externalid AS externalid,"
    " TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, TO_CHAR(t.duedate, 'YYYY-MM-DD') AS duedate,"
    " p.periodname AS periodname,"
    " TO_CHAR(p.startdate, 'YYYY-MM-DD') AS periodstart, t.entity AS entity,"
    " c.symbol AS currency, s.externalid AS subsidiary, t.foreigntotal AS foreigntotal,"
    " t.exchangerate AS exchangerate,"
    " NVL(t.foreignamountunpaid, t.foreignpaymentamountunused) AS openamount, t.status AS status"
    " FROM transaction t JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'"
    " JOIN subsidiary s ON s.id = m.subsidiary JOIN currency c ON c.id = t.currency"
    " JOIN accountingperiod p ON p.id = t.postingperiod"
)


def text(value: str) -> str:
    """A SuiteQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def master_data(names: Mapping[str, Iterable[str]]) -> str:
    """Active records by kind and name, all kinds in one statement."""
    selects = []
    for kind, wanted in names.items():
        listed = ", ".join(text(name) for name in sorted(set(wanted)))
        if listed:
            source, named_by = _SOURCES[kind]
            alias = named_by.partition(".")[0]
            where = f" WHERE {named_by} IN ({listed}) AND NVL({alias}.isinactive, 'F') = 'F'"
            selects.append(source.format(name=named_by) + where)
    return " UNION ALL ".join(selects) + " ORDER BY 1, 2"


def items(ids: Iterable[str]) -> str:
    """Items by internal id, inactive ones too."""
    source, _ = _SOURCES["item"]
    return f"{source.format(name='i.itemid')} WHERE i.id IN ({_listed(sorted(ids))}) ORDER BY i.id"


def periods_from(date: dt.date) -> str:
    """The months (or the like) that end on `date` or later, in order."""
    return (
        "SELECT id, periodname AS name, TO_CHAR(startdate, 'YYYY-MM-DD') AS firstday,"
        " TO_CHAR(enddate, 'YYYY-MM-DD') AS lastday, closed, alllocked, arlocked FROM accountingperiod"
        " WHERE isposting = 'T' AND isquarter = 'F' AND isyear = 'F' AND isadjust = 'F' AND isinactive = 'F'"
        f" AND enddate >= TO_DATE({text(date.isoformat())}, 'YYYY-MM-DD') ORDER BY startdate"
    )


def transactions(external_ids: Iterable[str]) -> str:
    listed = ", ".join(text(external_id) for external_id in external_ids)
    return f"{_HEAD} WHERE t.externalid IN ({listed}) AND t.type IN ({_types()}) ORDER BY t.id"


def transactions_again(external_id: str) -> str:
    """Those whose external ids begin with this one (in which `_` is a wildcard), newest first."""
    where = f"t.externalid LIKE {text(f'{external_id}%')} AND t.type IN ({_types()})"
    return f"{_HEAD} WHERE {where} ORDER BY t.id DESC"


def transaction_by_id(id_: str) -> str:
    return f"{_HEAD} WHERE t.id = {int(id_)} AND t.type IN ({_types()}) ORDER BY t.id"


def transactions_of(
    subsidiary: str, after: int, since: dt.date | None = None, always: Iterable[str] = ()
) -> str:
    """Those of a subsidiary with an internal id above `after`, in order of it. With `since`, those dated or
    posted by then, and those whose external ids begin as one of `always` does.
    """
    where = (
        f"s.externalid = {text(subsidiary)} AND t.id > {after} AND t.posting = 'T' AND t.type IN ({_types()})"
    )
    if since is not None:
        likes = [f"t.externalid LIKE {text(f'{prefix}%')}" for prefix in always]
        where += f" AND ({' OR '.join([dated_or_posted_since(since), *likes])})"
    return f"{_HEAD} WHERE {where} ORDER BY t.id FETCH FIRST {HEADS} ROWS ONLY"


def transactions_like(subsidiary: str, prefixes: Iterable[str], after: int) -> str:
    """Those of a subsidiary whose external ids match one of the prefixes, in which `_` and `%` are
    wildcards."""
    likes = " OR ".join(f"t.externalid LIKE {text(f'{prefix}%')}" for prefix in prefixes)
    where = (
        f"s.externalid = {text(subsidiary)} AND t.id > {after} AND t.posting = 'T' AND t.type IN ({_types()})"
        f" AND ({likes})"
    )
    return f"{_HEAD} WHERE {where} ORDER BY t.id FETCH FIRST {HEADS} ROWS ONLY"


PRIMARY_BOOK = 1
"""The accounting book that every account has; others would show each line once more."""

HEADS = 500
"""Heads per statement: their lines stay far below the 100,000 rows that one SuiteQL statement may give."""


def lines_of(ids: Iterable[str]) -> str:
    """The lines of these transactions."""
    return (
        "SELECT l.transaction AS tran, l.id AS lineid, l.mainline AS mainline, l.taxline AS taxline,"
        " a.acctnumber AS account, l.item AS item, l.foreignamount AS amount, l.memo AS memo"
        " FROM transactionline l JOIN transactionaccountingline g ON g.transaction = l.transaction"
        " AND g.transactionline = l.id JOIN account a ON a.id = g.account"
        f" WHERE l.transaction IN ({_listed(ids)}) AND g.posting = 'T'"
        f" AND g.accountingbook = {PRIMARY_BOOK} ORDER BY l.transaction, l.id"
    )


def taxes_of(ids: Iterable[str]) -> str:
    """The tax of each line of these transactions (SuiteTax)."""
    return (
        "SELECT d.transaction AS tran, d.transactionline AS lineid, SUM(d.taxamount) AS tax"
        f" FROM transactiontaxdetail d WHERE d.transaction IN ({_listed(ids)})"
        " GROUP BY d.transaction, d.transactionline ORDER BY d.transaction, d.transactionline"
    )


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(str(int(id_)) for id_ in ids)


def dated_or_posted_since(since: dt.date) -> str:
    """Dated on the day or later, or posted in a period that ends on it or later: a document of a closed month
    is posted in another than its own.
    """
    day = f"TO_DATE({text(since.isoformat())}, 'YYYY-MM-DD')"
    return f"t.trandate >= {day} OR p.enddate >= {day}"


def entries_of(subsidiary: str, after: int, since: dt.date | None = None) -> str:
    """Internal ids above `after` of a subsidiary's transactions of all types that post, in order."""
    later = "" if since is None else f" AND ({dated_or_posted_since(since)})"
    return (
        "SELECT t.id AS id FROM transaction t"
        " JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'"
        " JOIN subsidiary s ON s.id = m.subsidiary JOIN accountingperiod p ON p.id = t.postingperiod"
        f" WHERE s.externalid = {text(subsidiary)} AND t.id > {after} AND t.posting = 'T'{later}"
        f" ORDER BY t.id FETCH FIRST {HEADS} ROWS ONLY"
    )


def revenue_before(subsidiary: str, head: str, slash: str, day: dt.date, accounts: Iterable[str]) -> str:
    """What the journals whose external ids are `head`, a contract, `slash` and more have moved on the
    accounts, by contract and currency: of those neither dated nor posted by the day.
    """
    rest = f"SUBSTR(t.externalid, {len(head) + 1})"
    contract = f"SUBSTR(t.externalid, {len(head) + 1}, INSTR({rest}, {text(slash)}) - 1)"
    numbers = ", ".join(text(number) for number in accounts)
    return (
        f"SELECT {contract} AS contract, c.symbol AS currency, SUM(l.foreignamount) AS amount"
        " FROM transaction t JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'"
        " JOIN subsidiary s ON s.id = m.subsidiary JOIN currency c ON c.id = t.currency"
        " JOIN accountingperiod p ON p.id = t.postingperiod"
        " JOIN transactionline l ON l.transaction = t.id"
        " JOIN transactionaccountingline g ON g.transaction = l.transaction AND g.transactionline = l.id"
        " JOIN account a ON a.id = g.account"
        f" WHERE s.externalid = {text(subsidiary)} AND t.type = 'Journal' AND t.posting = 'T'"
        f" AND t.externalid LIKE {text(f'{head}%')} AND NOT ({dated_or_posted_since(day)})"
        f" AND a.acctnumber IN ({numbers}) AND g.posting = 'T' AND g.accountingbook = {PRIMARY_BOOK}"
        f" GROUP BY {contract}, c.symbol ORDER BY 1, 2"
    )


def ledger_of(subsidiary: str, first: str, last: str, since: dt.date | None = None) -> str:
    """The general ledger's lines of a subsidiary's transactions between two internal ids."""
    later = "" if since is None else f" AND ({dated_or_posted_since(since)})"
    return (
        "SELECT t.id AS tran, a.acctnumber AS account, c.symbol AS currency, g.debit AS debit,"
        " g.credit AS credit, t.type AS trantype, t.externalid AS externalid, t.tranid AS tranid,"
        " TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, TO_CHAR(p.startdate, 'YYYY-MM-DD') AS periodstart,"
        " l.foreignamount AS amount"
        " FROM transactionaccountingline g JOIN transaction t ON t.id = g.transaction"
        " JOIN transactionline l ON l.transaction = g.transaction AND l.id = g.transactionline"
        " JOIN accountingperiod p ON p.id = t.postingperiod"
        " JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'"
        " JOIN subsidiary s ON s.id = m.subsidiary JOIN currency c ON c.id = t.currency"
        " JOIN account a ON a.id = g.account"
        f" WHERE s.externalid = {text(subsidiary)} AND t.id >= {int(first)} AND t.id <= {int(last)}"
        f" AND g.posting = 'T' AND g.accountingbook = {PRIMARY_BOOK}{later} ORDER BY t.id, g.transactionline"
    )


def _types() -> str:
    return ", ".join(text(type_) for type_ in _TYPES)
