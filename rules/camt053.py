"""A bank's statement after ISO 20022: camt.053 (BkToCstmrStmt), from version 2 on. Pure.

An entry that is a batch is as many receipts as it has transactions, which must add up to it. Source: the
message definition report of camt.053, "Entry" and "EntryTransaction".
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeVar

from rules.bank_entry import BankFileInvalid, Found, reference_of
from rules.xml_tree import Node, NotXml, parse

T = TypeVar("T")
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
_IDENTIFICATIONS = ("EndToEndId", "TxId", "InstrId", "UETR", "AcctSvcrRef")
_NAMES = {"ref": "AcctSvcrRef", "amount": "Amt", "currency": "Amt Ccy", "value_date": "ValDt"}
_DIRECTIONS: dict[str, Literal["credit", "debit"]] = {"CRDT": "credit", "DBIT": "debit"}
_FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}
_STATUSES = {"BOOK": True, "PDNG": False, "INFO": False, "FUTR": False}


def camt053_entries(content: bytes, name: str) -> Iterator[Found]:
    """Raises BankFileInvalid. `name` is the file's, for `source`."""
    try:
        root = parse(content)
    except NotXml as error:
        raise BankFileInvalid(str(error)) from None
    spaces = [value for key, value in root.attributes.items() if key.partition(":")[0] == "xmlns"]
    if root.name != "Document" or not any(each.startswith(_NAMESPACE) for each in spaces):
        raise BankFileInvalid(f"line {root.line}: Document: is no camt.053 ({_NAMESPACE}…)")
    statements = list(root.all("BkToCstmrStmt/Stmt"))
    if not statements:
        raise BankFileInvalid(f"line {root.line}: Stmt: the file has no statement")
    for statement in statements:
        for entry in statement.all("Ntry"):
            yield from _entries(statement, entry, name)


def _entries(statement: Node, entry: Node, name: str) -> Iterator[Found]:
    """The entry, or its transactions where it is a batch."""
    transactions = list(entry.all("NtryDtls/TxDtls"))
    if len(transactions) < 2:
        yield _found(statement, entry, transactions[0] if transactions else None, name)
        return
    parts = _parts(transactions)
    found = [_found(statement, entry, one, name, part) for one, part in zip(transactions, parts, strict=True)]
    total = _needed(entry, "Amt")
    try:
        is_whole = sum((Decimal(each.amount) for each in found), Decimal(0)) == Decimal(total.text.strip())
    except InvalidOperation:
        is_whole = False
    if not is_whole:
        listed = " + ".join(each.amount for each in found)
        raise BankFileInvalid(
            f"line {total.line}: Amt: {total.text.strip()} is not what its transactions add up to: {listed}"
        )
    yield from found


def _found(
    statement: Node, entry: Node, transaction: Node | None, name: str, part: str | None = None
) -> Found:
    """`part` names a batch's transaction, whose own amount counts."""
    node = entry if transaction is None else transaction
    amount = _needed(entry, "Amt")
    if part is not None:
        amount = _needed(node, "Amt", "AmtDtls/TxAmt/Amt")
    place = f"line {amount.line}"
    account = statement.value("Acct/Id/IBAN", "Acct/Id/Othr/Id")
    return Found(
        place=place,
        ref=_reference(statement, account, entry, node, part),
        amount=amount.text.strip(),
        currency=amount.attributes.get("Ccy", ""),
        value_date=_day(entry),
        direction=_one_of(node.first("CdtDbtInd") or _needed(entry, "CdtDbtInd"), _DIRECTIONS),
        is_reversal=_flag(entry, "RvslInd"),
        is_booked=_one_of(entry.first("Sts/Cd") or _needed(entry, "Sts"), _STATUSES),
        account=account or None,
        remitter=node.value("RltdPties/Dbtr/Pty/Nm", "RltdPties/Dbtr/Nm") or None,
        references=_references(node),
        text=_text(entry, node),
        transaction_ids=tuple(reference_of(node.value(f"Refs/{name}")) for name in _IDENTIFICATIONS),
        source=f"{name}, {place}, statement {statement.value('Id')}",
        names=_NAMES,
    )


def _reference(statement: Node, account: str, entry: Node, node: Node, part: str | None) -> str:
    """The bank's own reference of the entry; else its account, statement and entry number."""
    own = reference_of(entry.value("AcctSvcrRef"))
    if part is None:
        own = own or reference_of(node.value("Refs/AcctSvcrRef"))
    numbered = (account, statement.value("Id"), reference_of(entry.value("NtryRef")))
    whole = own or (":".join(numbered) if all(numbered) else "")
    return whole if part is None or not whole else f"{whole}:{part}"


def _parts(transactions: list[Node]) -> list[str]:
    """How a batch's transactions are named: by the bank's references where each has one of its own, else by
    their numbers."""
    given = [reference_of(one.value("Refs/AcctSvcrRef"), one.value("Refs/TxId")) for one in transactions]
    if all(given) and len(set(given)) == len(given):
        return given
    return [str(number) for number, _ in enumerate(transactions, 1)]


def _references(node: Node) -> tuple[str, ...]:
    """What the remitter gave as the creditor's reference, or as numbers of documents."""
    paths = ("RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/RfrdDocInf/Nb")
    return tuple(reference_of(found.text) for path in paths for found in node.all(path))


def _text(entry: Node, node: Node) -> str:
    """Free text of the remitter and the bank, and the remitter's own reference."""
    parts = [found.text.strip() for found in node.all("RmtInf/Ustrd")]
    parts += [
        reference_of(node.value("Refs/EndToEndId")),
        node.value("AddtlTxInf"),
        entry.value("AddtlNtryInf"),
    ]
    return " ".join(part for part in parts if part)


def _day(entry: Node) -> str:
    """The value date, else the booking date; a moment counts by its day."""
    for path in ("ValDt", "BookgDt"):
        said = entry.value(f"{path}/Dt") or entry.value(f"{path}/DtTm")[:10]
        if said:
            return said
    raise BankFileInvalid(f"line {entry.line}: ValDt: is needed")


def _needed(node: Node, *paths: str) -> Node:
    found = node.first(*paths)
    if found is None:
        raise BankFileInvalid(f"line {node.line}: {paths[0]}: is needed")
    return found


def _flag(entry: Node, name: str) -> bool:
    found = entry.first(name)
    return False if found is None else _one_of(found, _FLAGS)


def _one_of(node: Node, known: dict[str, T]) -> T:
    said = node.text.strip()
    if said not in known:
        listed = ", ".join(each for each in known if each)
        raise BankFileInvalid(f"line {node.line}: {node.name}: must be one of {listed}, not {said!r}")
    return known[said]
