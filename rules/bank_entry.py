"""One entry of a bank's file, whichever its format: what it must have, and what becomes of it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import ValidationError

from canonical.bank import BankReceipt, BankStatement, LeftOut
from canonical.money import UnknownCurrency, is_whole_minor_units

RETURNED = "returned_receipt"
"""The kind of a reversal that takes a receipt back; its line's reference ends in it."""
LONGEST_REF = 120
LONGEST_TEXT = 4000
"""Of what a remitter says; a camt.053 entry has some hundreds of characters."""
_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,5})?")
_NO_REFERENCE = frozenset(("", "NONREF", "NOTPROVIDED", "NOTREF"))
"""What banks write where there is none."""


class BankFileInvalid(ValueError):
    """The file is not what it should be; the message names the line and the field."""


@dataclass(frozen=True)
class Found:
    """An entry as written. `place` is its line."""

    place: str
    ref: str
    amount: str
    currency: str
    value_date: str
    direction: Literal["credit", "debit"]
    is_reversal: bool
    is_booked: bool
    account: str | None = None
    remitter: str | None = None
    references: tuple[str, ...] = ()
    text: str = ""
    transaction_ids: tuple[str, ...] = ()
    source: str = ""
    names: dict[str, str] = field(default_factory=dict)
    """How the format calls `ref`, `amount`, `currency`, `value_date`."""

    def name(self, what: str) -> str:
        return self.names.get(what, what)


def reference_of(*candidates: str | None) -> str:
    """The first that is one; "" where none is."""
    given = (" ".join((each or "").split()) for each in candidates)
    return next((each for each in given if each.upper() not in _NO_REFERENCE), "")


def statement_of(entries: Iterable[Found], bank: str, entity: str) -> BankStatement:
    """Receipts and what is none. Raises BankFileInvalid for an entry that is not whole, or one that comes
    twice with other content."""
    receipts: dict[str, tuple[str, BankReceipt]] = {}
    lines: dict[str, tuple[str, BankReceipt]] = {}
    left_out: list[LeftOut] = []
    returned: dict[str, BankReceipt] = {}
    repeated = 0
    for each in entries:
        amount = _checked(each)
        kind = _kind(each)
        if kind is not None:
            left_out.append(
                LeftOut(place=each.place, ref=each.ref, kind=kind, amount=amount, currency=each.currency)
            )
        if kind == "not_booked":
            continue
        receipt = _receipt(each, amount, bank, entity)
        if kind is None:
            repeated += not _is_new(each, receipt, receipts)
            continue
        if kind == "returned_receipt":
            returned[receipt.ref] = receipt
        line = {"ref": f"{receipt.ref}:{kind}", "flow": "in" if each.direction == "credit" else "out"}
        _is_new(each, receipt.model_copy(update=line), lines)
    return BankStatement(
        receipts=tuple(receipt for _, receipt in receipts.values()),
        left_out=tuple(left_out),
        returned=tuple(returned.values()),
        lines=tuple(line for _, line in lines.values()),
        repeated=repeated,
    )


def _is_new(found: Found, receipt: BankReceipt, known: dict[str, tuple[str, BankReceipt]]) -> bool:
    """Keeps it, unless it is there. Raises BankFileInvalid where another one is."""
    place, held = known.setdefault(receipt.ref, (found.place, receipt))
    if not same_money(held, receipt):
        raise BankFileInvalid(f"{found.place}: {found.name('ref')}: {found.ref} is another entry at {place}")
    return held is receipt


def same_money(one: BankReceipt, other: BankReceipt) -> bool:
    """Whether two receipts of one reference are the same: statements overlap, and say more or less of it."""
    named = ("bank", "ref", "entity", "amount", "currency", "flow", "value_date")
    return all(getattr(one, name) == getattr(other, name) for name in named)


def _kind(found: Found) -> Literal["debit", "returned_debit", "returned_receipt", "not_booked"] | None:
    """None for a receipt."""
    if not found.is_booked:
        return "not_booked"
    if found.is_reversal:
        return "returned_receipt" if found.direction == "debit" else "returned_debit"
    return "debit" if found.direction == "debit" else None


def _checked(found: Found) -> Decimal:
    if not found.ref:
        raise BankFileInvalid(
            f"{found.place}: {found.name('ref')}: is needed: by it an entry is counted once"
        )
    if len(found.ref) > LONGEST_REF:
        raise BankFileInvalid(f"{found.place}: {found.name('ref')}: is longer than {LONGEST_REF} characters")
    said = len(found.text) + len(found.remitter or "") + sum(len(each) for each in found.references)
    if said > LONGEST_TEXT:
        raise BankFileInvalid(
            f"{found.place}: what the remitter says is longer than {LONGEST_TEXT} characters"
        )
    if not _AMOUNT.fullmatch(found.amount) or not Decimal(found.amount):
        raise BankFileInvalid(
            f"{found.place}: {found.name('amount')}: must be a decimal above zero such as 100.00, not "
            f"{found.amount!r}"
        )
    amount = Decimal(found.amount)
    try:
        is_whole = is_whole_minor_units(amount, found.currency)
    except UnknownCurrency as error:
        raise BankFileInvalid(f"{found.place}: {found.name('currency')}: {error}") from None
    if not is_whole:
        raise BankFileInvalid(
            f"{found.place}: {found.name('amount')}: {amount} has more decimals than {found.currency} has"
        )
    return amount


def _receipt(found: Found, amount: Decimal, bank: str, entity: str) -> BankReceipt:
    try:
        return BankReceipt(
            bank=bank,
            ref=found.ref.replace("/", ":"),  # it stands in ids whose parts a slash divides
            entity=entity,
            amount=amount,
            currency=found.currency,
            value_date=found.value_date,
            account=found.account,
            remitter=found.remitter,
            references=tuple(dict.fromkeys(each for each in found.references if each)),
            text=found.text,
            transaction_ids=tuple(dict.fromkeys(each for each in found.transaction_ids if each)),
            source=found.source,
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = found.name(str(first["loc"][0]))
        raise BankFileInvalid(
            f"{found.place}: {name}: {first['msg'].removeprefix('Value error, ')}"
        ) from None
