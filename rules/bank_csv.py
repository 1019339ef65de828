"""A bank's entries as CSV, for banks without ISO 20022. Pure.

The first line names the columns: `reference,value_date,amount,currency,direction` must be there;
`reversal,remitter,text,references,account` may. `direction` is credit or debit, `reversal` true or false,
`references` are divided by semicolons. Amounts are plain decimals, days YYYY-MM-DD.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Literal, TypeVar

from rules.bank_entry import BankFileInvalid, Found, reference_of

T = TypeVar("T")
NEEDED = ("reference", "value_date", "amount", "currency", "direction")
OPTIONAL = ("reversal", "remitter", "text", "references", "account")
_NAMES = {"ref": "reference"}
_DIRECTIONS: Mapping[str, Literal["credit", "debit"]] = {"credit": "credit", "debit": "debit"}
_FLAGS: Mapping[str, bool] = {"true": True, "false": False, "": False}


def csv_entries(text: str, name: str) -> Iterator[Found]:
    """Raises BankFileInvalid. `name` is the file's, for `source`."""
    rows = csv.reader(io.StringIO(text), strict=True)
    try:
        header = _header([cell.strip() for cell in next(rows, [])])
        for row in rows:
            if row:
                yield _entry(f"line {rows.line_num}", header, row, name)
    except csv.Error as error:
        raise BankFileInvalid(f"line {rows.line_num}: is not CSV ({error})") from None


def _header(header: list[str]) -> list[str]:
    for column in NEEDED:
        if column not in header:
            raise BankFileInvalid(f"line 1: {column}: is needed; the first line names the columns")
    for column in header:
        if column not in (*NEEDED, *OPTIONAL):
            known = ", ".join((*NEEDED, *OPTIONAL))
            raise BankFileInvalid(f"line 1: {column!r}: is no column; there are {known}")
        if header.count(column) > 1:
            raise BankFileInvalid(f"line 1: {column}: comes twice")
    return header


def _entry(place: str, header: list[str], row: list[str], name: str) -> Found:
    if len(row) != len(header):
        raise BankFileInvalid(f"{place}: has {len(row)} columns where the first line has {len(header)}")
    cells = {column: cell.strip() for column, cell in zip(header, row, strict=True)}
    return Found(
        place=place,
        ref=reference_of(cells["reference"]),
        amount=cells["amount"],
        currency=cells["currency"],
        value_date=cells["value_date"],
        direction=_one_of(place, "direction", cells["direction"], _DIRECTIONS),
        is_reversal=_one_of(place, "reversal", cells.get("reversal", ""), _FLAGS),
        is_booked=True,
        account=cells.get("account") or None,
        remitter=cells.get("remitter") or None,
        references=tuple(each.strip() for each in cells.get("references", "").split(";")),
        text=cells.get("text", ""),
        source=f"{name}, {place}",
        names=_NAMES,
    )


def _one_of(place: str, column: str, cell: str, known: Mapping[str, T]) -> T:
    if cell.casefold() not in known:
        listed = " or ".join(each for each in known if each)
        raise BankFileInvalid(f"{place}: {column}: must be {listed}, not {cell!r}")
    return known[cell.casefold()]
