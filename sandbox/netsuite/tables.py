"""The tables that SuiteQL sees, filled from the records: only what a query may read, in the vendor's names.

Amounts are text that compares and adds up as decimals; dates are ISO text, shown in the account's format.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.netsuite.exchange import base_amount, bases
from sandbox.netsuite.fields import ITEMS, REVALUATION, TRANSACTIONS
from sandbox.netsuite.ledger import LedgerLine, impact
from sandbox.netsuite.store import Doc, Store

AMOUNT = "TEXT COLLATE nsdecimal"
A, D, I, T = AMOUNT, "nsdate", "INTEGER", "TEXT"  # noqa: E741
COLUMNS: dict[str, dict[str, str]] = {
    "transaction": {
        "id": I, "type": T, "abbrevtype": T, "tranid": T, "externalid": T, "trandate": D, "duedate": D,
        "postingperiod": I, "entity": I, "currency": I, "exchangerate": A, "foreigntotal": A, "total": A,
        "foreignamountpaid": A, "foreignamountunpaid": A, "foreignpaymentamountused": A,
        "foreignpaymentamountunused": A, "memo": T, "otherrefnum": T, "status": T, "posting": T,
        "voided": T, "isreversal": T, "transactionnumber": T, "createddate": D, "lastmodifieddate": D,
    },
    "transactionline": {
        "transaction": I, "id": I, "linesequencenumber": I, "mainline": T, "taxline": T, "item": I,
        "quantity": A, "rate": A, "foreignamount": A, "netamount": A, "memo": T, "entity": I,
        "subsidiary": I, "department": I, "class": I, "location": I, "expenseaccount": I,
    },
    "transactionaccountingline": {
        "transaction": I, "transactionline": I, "accountingbook": I, "account": I, "amount": A, "debit": A,
        "credit": A, "netamount": A, "posting": T,
    },
    "nexttransactionlinelink": {
        "previousdoc": I, "nextdoc": I, "linktype": T, "foreignamount": A,
    },
    "transactiontaxdetail": {
        "transaction": I, "transactionline": I, "taxtype": T, "taxcode": I, "taxbasis": A, "taxrate": A,
        "taxamount": A, "netamount": A, "linetype": T,
    },
    "customer": {
        "id": I, "entityid": T, "companyname": T, "externalid": T, "email": T, "subsidiary": I,
        "currency": I, "parent": I, "isinactive": T, "receivablesaccount": I, "lastmodifieddate": D,
    },
    "item": {
        "id": I, "itemid": T, "displayname": T, "externalid": T, "itemtype": T, "subtype": T,
        "incomeaccount": I, "deferredrevenueaccount": I, "directrevenueposting": T, "isinactive": T,
    },
    "account": {
        "id": I, "acctnumber": T, "accountsearchdisplayname": T, "accttype": T, "externalid": T,
        "isinactive": T,
    },
    "accountingperiod": {
        "id": I, "periodname": T, "startdate": D, "enddate": D, "closed": T, "alllocked": T, "arlocked": T,
        "aplocked": T, "isposting": T, "isquarter": T, "isyear": T, "isadjust": T, "isinactive": T,
    },
    "subsidiary": {"id": I, "name": T, "externalid": T, "currency": I, "isinactive": T},
    "currency": {
        "id": I, "name": T, "symbol": T, "currencyprecision": I, "exchangerate": A, "isinactive": T
    },
    "term": {"id": I, "name": T, "externalid": T, "daysuntilnetdue": I, "isinactive": T},
    "department": {"id": I, "name": T, "externalid": T, "isinactive": T},
    "classification": {"id": I, "name": T, "externalid": T, "isinactive": T},
    "location": {"id": I, "name": T, "externalid": T, "isinactive": T},
    "salestaxitem": {
        "id": I, "itemid": T, "name": T, "externalid": T, "rate": A, "taxtype": T, "taxaccount": I,
        "isinactive": T,
    },
}  # fmt: skip
"""Columns by table. `transaction` has no subsidiary, as in NetSuite: its main line has it."""

_TYPES = {
    "invoice": "CustInvc",
    "creditMemo": "CustCred",
    "customerPayment": "CustPymt",
    "customerDeposit": "CustDep",
    "depositApplication": "DepAppl",
    "customerRefund": "CustRfnd",
    "journalEntry": "Journal",
    REVALUATION.name: "FxReval",
}
_PLAIN = {
    "customer": "customer",
    "account": "account",
    "accountingPeriod": "accountingperiod",
    "subsidiary": "subsidiary",
    "currency": "currency",
    "term": "term",
    "department": "department",
    "classification": "classification",
    "location": "location",
    "salesTaxItem": "salestaxitem",
    **dict.fromkeys(ITEMS, "item"),
}
_OTHER_NAMES = {"accountsearchdisplayname": "acctName"}
RECORD_KINDS = (*_PLAIN, *TRANSACTIONS, REVALUATION.name)

Row = dict[str, Any]
Rows = dict[str, list[Row]]
Project = Callable[[Store, Doc], Rows]


def key_column(table: str) -> str:
    """The column by which a record's rows are found again."""
    return (
        "id"
        if table in ("transaction", *_PLAIN.values())
        else ("nextdoc" if table == "nexttransactionlinelink" else "transaction")
    )


def rows_of(store: Store, record: str, doc: Doc) -> Rows:
    if record in _PLAIN:
        table = _PLAIN[record]
        return {table: [_plain_row(table, doc)]}
    return _transaction_rows(store, record, doc)


def tables_of(record: str) -> tuple[str, ...]:
    if record in _PLAIN:
        return (_PLAIN[record],)
    return (
        "transaction",
        "transactionline",
        "transactionaccountingline",
        "transactiontaxdetail",
        "nexttransactionlinelink",
    )


def _plain_row(table: str, doc: Doc) -> Row:
    by_lower = {name.lower(): value for name, value in doc.items()}
    row = {}
    for column, type_ in COLUMNS[table].items():
        value = by_lower.get(_OTHER_NAMES.get(column, column).lower())
        row[column] = _cell(value, flag=column.startswith(("is", "closed", "direct")) or "locked" in column)
        if type_ == D and row[column] is not None:
            row[column] = str(row[column])[:10]
    return row


def _cell(value: Any, *, flag: bool = False) -> Any:
    if isinstance(value, dict):
        return value["id"]
    if isinstance(value, bool) or (flag and value is None):
        return "T" if value else "F"
    return value


def _transaction_rows(store: Store, record: str, doc: Doc) -> Rows:
    lines = impact(store, record, doc)
    both = [*zip(lines, bases(store, record, doc), strict=True)]
    return {
        "transaction": [_head_row(store, record, doc)],
        "transactionline": [_line_row(doc, line, base) for line, base in both],
        "transactionaccountingline": [_ledger_row(doc, line, base) for line, base in both],
        "transactiontaxdetail": _tax_rows(doc),
        "nexttransactionlinelink": _links(record, doc),
    }


def _links(record: str, doc: Doc) -> list[Row]:
    """What a transaction is applied to, and the deposits that it uses up."""
    applied = [("Payment", line) for line in (doc.get("apply") or {}).get("items", [])]
    if record == "depositApplication":
        applied.append(("DepAppl", {"doc": doc["deposit"], "amount": doc["total"]}))
    elif record == "customerRefund":
        applied += [("DepRefnd", line) for line in (doc.get("deposit") or {}).get("items", [])]
    return [
        {
            "previousdoc": line["doc"]["id"],
            "nextdoc": doc["id"],
            "linktype": type_,
            "foreignamount": line["amount"],
        }
        for type_, line in applied
    ]


def _head_row(store: Store, record: str, doc: Doc) -> Row:
    entity, total = doc.get("entity") or doc.get("customer"), _total(record, doc)
    return {
        "id": doc["id"], "type": _TYPES[record], "abbrevtype": _TYPES[record].upper(),
        "tranid": doc["tranId"], "externalid": doc.get("externalId"), "trandate": doc["tranDate"],
        "duedate": doc.get("dueDate"), "postingperiod": doc["postingPeriod"]["id"],
        "entity": entity["id"] if entity else None, "currency": doc["currency"]["id"],
        "exchangerate": doc["exchangeRate"], "foreigntotal": str(total),
        "total": str(base_amount(store, doc, total)), "memo": doc.get("memo"),
        "otherrefnum": doc.get("otherRefNum"), "status": (doc.get("status") or {}).get("id", "B"),
        "posting": "T", "voided": "F", "isreversal": "T" if doc.get("isReversal") else "F",
        "transactionnumber": doc["transactionNumber"], "createddate": doc["createdDate"][:10],
        "lastmodifieddate": doc["lastModifiedDate"][:10], **_settled(record, doc),
    }  # fmt: skip


def _line_row(doc: Doc, line: LedgerLine, base: Decimal) -> Row:
    return {
        "transaction": doc["id"], "id": line.number, "linesequencenumber": line.number,
        "mainline": "T" if line.number == 0 else "F", "taxline": "T" if line.tax else "F",
        "item": line.item, "quantity": _signed_quantity(line.quantity, line.amount), "rate": line.rate,
        "foreignamount": str(line.amount), "netamount": str(base), "memo": line.memo,
        "entity": line.entity, "subsidiary": doc["subsidiary"]["id"], "expenseaccount": line.account,
        **line.segments,
    }  # fmt: skip


def _ledger_row(doc: Doc, line: LedgerLine, base: Decimal) -> Row:
    return {
        "transaction": doc["id"], "transactionline": line.number, "accountingbook": 1,
        "account": line.account, "amount": str(base), "netamount": str(base),
        "debit": str(base) if base > 0 else None, "credit": str(-base) if base < 0 else None,
        "posting": "T",
    }  # fmt: skip


def _tax_rows(doc: Doc) -> list[Row]:
    lines = (doc.get("item") or {}).get("items", [])
    numbers = {line.get("taxDetailsReference"): line["line"] for line in lines}
    return [
        {
            "transaction": doc["id"],
            "transactionline": numbers[detail["taxDetailsReference"]["id"]],
            "taxtype": detail["taxType"],
            "taxcode": detail["taxCode"]["id"],
            "linetype": "Item",
            **{name.lower(): detail[name] for name in ("taxBasis", "taxRate", "taxAmount", "netAmount")},
        }
        for detail in (doc.get("taxDetails") or {}).get("items", [])
    ]


def _total(record: str, doc: Doc) -> Decimal:
    if record == "journalEntry":
        return sum((Decimal(line.get("debit") or 0) for line in doc["line"]["items"]), Decimal(0))
    total = Decimal(doc["total"])
    return total if record in ("invoice", "customerRefund") else -total


def _settled(record: str, doc: Doc) -> Row:
    """Receivables are paid, credits are used: NetSuite has separate columns."""
    if record == "invoice":
        return {"foreignamountpaid": doc["amountPaid"], "foreignamountunpaid": doc["amountRemaining"]}
    if record in ("creditMemo", "customerPayment", "customerDeposit"):
        used, unused = doc["applied"], doc["unapplied"]
        return {"foreignpaymentamountused": used, "foreignpaymentamountunused": unused}
    return {}


def _signed_quantity(quantity: str | None, amount: Decimal) -> str | None:
    """Quantities carry the sign of their line's amount: sold units are negative."""
    if quantity is None:
        return None
    return str(abs(Decimal(quantity)) * (-1 if amount < 0 else 1))
