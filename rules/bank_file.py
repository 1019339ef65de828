"""A bank's file: camt.053 or CSV by what it begins with. Pure."""

import re

from canonical.bank import BankStatement
from rules.bank_csv import csv_entries
from rules.bank_entry import BankFileInvalid, statement_of
from rules.camt053 import camt053_entries

BANK = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
"""How we name a bank: the name stands in ids for good."""


def read_bank_file(content: bytes, bank: str, entity: str, name: str) -> BankStatement:
    """All receipts of the file, or BankFileInvalid; `name` is the file's own."""
    if not BANK.fullmatch(bank):
        raise BankFileInvalid(f"bank: must be small letters, digits, - or _, such as ubs-usd, not {bank!r}")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return statement_of(camt053_entries(content, name), bank, entity)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BankFileInvalid("line 1: is neither XML nor CSV in UTF-8") from None
    return statement_of(csv_entries(text, name), bank, entity)
