"""The SuiteQL about money: a customer's transactions, all receipts, and what is applied to what."""

# ruff: noqa: S608

import datetime as dt

from canonical.ids import RECOVERY
from connectors.netsuite.mapping import WRITE_OFF, external_id
from connectors.netsuite.queries import HEADS, dated_or_posted_since, text

RECEIVABLE_TYPES = ("CustInvc", "CustCred", "CustPymt", "CustDep", "DepAppl", "CustRfnd")
_CASH_TYPES = (*RECEIVABLE_TYPES[1:], "Journal")
_COLUMNS = (
    "SELECT t.id AS id, t.type AS trantype, t.tranid AS tranid, t.externalid AS externalid,"
    " TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, TO_CHAR(t.duedate, 'YYYY-MM-DD') AS duedate,"
    " TO_CHAR(p.startdate, 'YYYY-MM-DD') AS periodstart, t.entity AS entity, c.symbol AS currency,"
    " s.externalid AS subsidiary, t.foreigntotal AS foreigntotal, t.exchangerate AS exchangerate,"
    " NVL(t.foreignamountunpaid, t.foreignpaymentamountunused) AS openamount"
    " FROM transaction t JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'"
    " JOIN subsidiary s ON s.id = m.subsidiary JOIN currency c ON c.id = t.currency"
    " JOIN accountingperiod p ON p.id = t.postingperiod"
)


def of_customer(subsidiary: str, customer: str, after: int) -> str:
    """The customer's transactions that have to do with what is open, by internal id above `after`."""
    return _page(f"t.entity = {int(customer)} AND t.type IN ({_listed(RECEIVABLE_TYPES)})", subsidiary, after)


def receipts_of(subsidiary: str, after: int, since: dt.date | None = None) -> str:
    """Transactions of money, and those of other types that may be (ours say so by their external ids); of
    invoices only those that take write-offs back. With `since`, those dated or posted by then."""
    later = "" if since is None else f" AND ({dated_or_posted_since(since)})"
    recovery = f"t.type = 'CustInvc' AND t.externalid LIKE {text(f'{external_id(RECOVERY)}%')}"
    return _page(f"(t.type IN ({_listed(_CASH_TYPES)}) OR {recovery}){later}", subsidiary, after)


def open_invoices(subsidiary: str, currency: str, after: int) -> str:
    """Invoices with something unpaid, with their customers' names, by internal id above `after`."""
    where = "t.foreignamountunpaid > 0"
    return _invoices("t.foreignamountunpaid", "", where, subsidiary, currency, after)


def written_off(subsidiary: str, currency: str, after: int) -> str:
    """Invoices that write-offs of ours settle, with how much they do, by internal id above `after`."""
    links = (
        " JOIN (SELECT k.previousdoc AS invoice, SUM(k.foreignamount) AS amount"
        " FROM nexttransactionlinelink k JOIN transaction n ON n.id = k.nextdoc"
        f" WHERE n.externalid LIKE {text(f'{external_id(WRITE_OFF)}%')} GROUP BY k.previousdoc) w"
        " ON w.invoice = t.id"
    )
    return _invoices("w.amount", links, "w.amount > 0", subsidiary, currency, after)


def _invoices(amount: str, joined: str, where: str, subsidiary: str, currency: str, after: int) -> str:
    return (
        "SELECT t.id AS id, t.tranid AS tranid, t.externalid AS externalid,"
        " TO_CHAR(NVL(t.duedate, t.trandate), 'YYYY-MM-DD') AS duedate, t.entity AS entity,"
        f" e.companyname AS companyname, e.entityid AS entityid, {amount} AS openamount"
        " FROM transaction t JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'"
        " JOIN subsidiary s ON s.id = m.subsidiary JOIN currency c ON c.id = t.currency"
        f" JOIN customer e ON e.id = t.entity{joined}"
        f" WHERE t.type = 'CustInvc' AND t.posting = 'T' AND s.externalid = {text(subsidiary)}"
        f" AND c.symbol = {text(currency)} AND {where} AND t.id > {after}"
        f" ORDER BY t.id FETCH FIRST {HEADS} ROWS ONLY"
    )


def by_external_ids(external_ids: list[str]) -> str:
    listed = ", ".join(text(external_id) for external_id in external_ids)
    types = _listed((*RECEIVABLE_TYPES, "Journal"))
    return f"{_COLUMNS} WHERE t.externalid IN ({listed}) AND t.type IN ({types}) ORDER BY t.id"


def links_of(ids: list[str]) -> str:
    """What the transactions are applied to, with the external ids of that."""
    listed = ", ".join(str(int(id_)) for id_ in ids)
    return (
        "SELECT k.previousdoc AS previousdoc, k.nextdoc AS nextdoc, k.linktype AS linktype,"
        " t.externalid AS externalid, t.type AS trantype, SUM(k.foreignamount) AS amount"
        " FROM nexttransactionlinelink k JOIN transaction t ON t.id = k.previousdoc"
        f" WHERE k.nextdoc IN ({listed})"
        " GROUP BY k.previousdoc, k.nextdoc, k.linktype, t.externalid, t.type"
        " ORDER BY k.nextdoc, k.previousdoc"
    )


def cash_of(ids: list[str]) -> str:
    """The main lines' amounts: what the transactions add to the account that they are on."""
    listed = ", ".join(str(int(id_)) for id_ in ids)
    return (
        "SELECT l.transaction AS tran, l.foreignamount AS amount FROM transactionline l"
        f" WHERE l.mainline = 'T' AND l.transaction IN ({listed}) ORDER BY l.transaction"
    )


def _page(where: str, subsidiary: str, after: int) -> str:
    return (
        f"{_COLUMNS} WHERE {where} AND s.externalid = {text(subsidiary)} AND t.id > {after}"
        f" AND t.posting = 'T' ORDER BY t.id FETCH FIRST {HEADS} ROWS ONLY"
    )


def _listed(types: tuple[str, ...]) -> str:
    return ", ".join(text(type_) for type_ in types)
