"""Open receivables at a month's end, revalued at its last rate and back again on the next day. Pure.

Each open item is carried as the preview carries it: at its own rate, what settles it taking its part at that
rate and the last part all that is left. Source: FINANCE.md, "Journal entries" (Currency); IAS 21.23 and .28,
ASC 830-20-35.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from canonical.document import AccountRole
from canonical.ids import RECOVERY, credited_invoice_key, original_key, revaluation_key
from canonical.money import difference, from_minor_units, to_minor_units, zero
from canonical.origin import Origin
from canonical.policy import PolicyExcerpt
from canonical.revaluation import Position, Positions, RevaluationOrder
from canonical.revenue import first_day
from ports.erp import Dimensions, LedgerJournal, LedgerJournalLine, PostedDocument
from ports.receipts import PostedReceipt
from rules.calendar import month_end
from rules.rate_table import RateTable

_VOID = "void:"
_ROLE: AccountRole = "accounts_receivable"


@dataclass
class OpenItem:
    """An invoice with its credits, or money that is on no invoice; open and carried in minor units."""

    currency: str
    rate: Fraction
    open: int = 0
    carried: int = 0


@dataclass(frozen=True)
class _Part:
    """What changes an item on a day: by how much in its currency, and in the books' (None: at its rate)."""

    day: dt.date
    rank: int
    item: str
    change: int
    carried: int | None = None


class UnknownRate(ValueError):
    """The ERP does not say at which rate something stands."""


def open_items(
    documents: Iterable[PostedDocument], receipts: Sequence[PostedReceipt], books: str, day: dt.date
) -> dict[str, OpenItem]:
    """What is open by the end of the day in other currencies than the books', by its invoice's key, or by
    the id of money that is on no invoice. Raises UnknownRate.
    """
    items: dict[str, OpenItem] = {}
    parts: list[_Part] = []
    for document in documents:
        if document.kind != "journal_entry" and document.currency != books and document.date <= day:
            parts.append(_of_document(document, books, items))
    for receipt in receipts:
        if receipt.currency != books and receipt.date <= day:
            parts += _of_receipt(receipt, receipts, books, day, items)
    for part in sorted(parts, key=lambda one: (one.day, one.rank)):
        name = _known(part.item, items)
        if name is not None:
            _apply(items[name], part, books)
    return {name: item for name, item in items.items() if item.open}


def _known(name: str, items: Mapping[str, OpenItem]) -> str | None:
    """The item of a name: its own, else the longest that it begins with (a credit issued in pieces)."""
    if name in items:
        return name
    return max((each for each in items if name.startswith(f"{each}/")), key=len, default=None)


def _apply(item: OpenItem, part: _Part, books: str) -> None:
    item.open += part.change
    if part.carried is not None:
        item.carried += part.carried
    elif not item.open:
        item.carried = 0
    else:
        item.carried += _converted(part.change, item.currency, item.rate, books)


def _of_document(document: PostedDocument, books: str, items: dict[str, OpenItem]) -> _Part:
    """Each line converted by itself, as the ledger has it."""
    rate = _rate(document.exchange_rate, document.id)
    sign = 1 if document.kind == "invoice" else -1
    carried = sum(
        to_minor_units(Fraction(amount) * rate, books)
        for line in document.lines
        for amount in (line.amount, line.tax)
    )
    name = _item_of(document)
    if document.kind == "invoice" and name not in items:
        items[name] = OpenItem(document.currency, rate)
    change = sign * to_minor_units(abs(document.total), document.currency)
    return _Part(document.date, 1 if sign > 0 else 2, name, change, sign * carried)


def _item_of(document: PostedDocument) -> str:
    """The item that a document belongs to: an invoice's own, a credit's or a void's that of its invoice."""
    key = document.id if document.key is None else original_key(document.key)
    voided = key.removeprefix(_VOID)
    return credited_invoice_key(voided) or voided


def _of_receipt(
    receipt: PostedReceipt,
    receipts: Sequence[PostedReceipt],
    books: str,
    day: dt.date,
    items: dict[str, OpenItem],
) -> Iterator[_Part]:
    currency = receipt.currency
    sign = 1 if receipt.kind == "refund" else -1
    applied = 0
    for each in receipt.applied_to:
        units = to_minor_units(each.amount, currency)
        applied += units
        key = None if each.key is None else original_key(each.key)
        if key is None or key.startswith(RECOVERY):  # what a write-off was taken back by is in no invoice
            continue
        if receipt.kind in ("payment", "application", "write_off", "refund"):
            yield _Part(receipt.date, 3, credited_invoice_key(key) or key, sign * units)
    if receipt.kind != "payment":
        return
    given_back = sum(
        to_minor_units(each.amount, currency)
        for other in receipts
        if other.kind == "refund" and other.date <= day
        for each in other.applied_to
        if each.document_id == receipt.id
    )
    free = to_minor_units(receipt.amount, currency) - applied - given_back
    if free:
        rate = _rate(receipt.exchange_rate, receipt.id)
        items[receipt.id] = OpenItem(currency, rate)
        yield _Part(receipt.date, 3, receipt.id, -free, -_converted(free, currency, rate, books))


def _converted(units: int, currency: str, rate: Fraction, books: str) -> int:
    return to_minor_units(Fraction(from_minor_units(units, currency)) * rate, books)


def _rate(rate: Decimal | None, id_: str) -> Fraction:
    if rate is None:
        raise UnknownRate(f"the ERP does not say at which rate {id_} is posted")
    return Fraction(rate)


def positions(items: Iterable[OpenItem], table: RateTable, books: str, day: dt.date) -> tuple[Position, ...]:
    """By currency, at the last rate by the day. Each item is rounded by itself. Raises NoExchangeRate."""
    groups: dict[str, list[OpenItem]] = defaultdict(list)
    for item in items:
        groups[item.currency].append(item)
    found = []
    for currency, own in sorted(groups.items()):
        rate = table.in_force(currency, books, day)
        value = sum(_converted(item.open, currency, Fraction(rate.rate), books) for item in own)
        carried = sum(item.carried for item in own)
        found.append(
            Position(
                currency=currency,
                items=len(own),
                open=from_minor_units(sum(item.open for item in own), currency),
                carried=from_minor_units(carried, books),
                value=from_minor_units(value, books),
                gain=from_minor_units(value - carried, books),
                rate=rate,
            )
        )
    return tuple(found)


def posted_before(
    documents: Iterable[PostedDocument], entity: str, period: str, books: str
) -> tuple[dict[str, Decimal], tuple[PostedDocument, ...]]:
    """By how much the month's own entries have changed receivables, by currency, and the entries. Each line's
    memo begins with its role and currency.
    """
    key = revaluation_key(entity, period, 0)
    own = tuple(
        each
        for each in documents
        if each.kind == "journal_entry" and each.key is not None and _is_of(each.key, key)
    )
    sums: dict[str, Decimal] = {}
    for entry in own:
        for line in entry.lines:
            role, _, currency = (line.memo or "").partition(":")[0].partition(" ")
            if role == _ROLE:
                sums[currency] = sums.get(currency, zero(books)) + line.amount
    return sums, own


def _is_of(key: str, head: str) -> bool:
    return key == head or key.startswith(f"{head}/")


def still_to_revalue(found: Positions, books: str) -> dict[str, Decimal]:
    """Gain less what is posted of it, by currency; those of nothing are left out."""
    gains = {position.currency: position.gain for position in found.positions}
    none = zero(books)
    left = {
        currency: difference(gains.get(currency, none), found.posted.get(currency, none), books)
        for currency in sorted(gains.keys() | found.posted.keys())
    }
    return {currency: amount for currency, amount in left.items() if amount}


def still_due(found: Positions, books: str) -> str | None:
    """What a run has yet to do, in words; None where it would do nothing."""
    gains = [
        f"a {'gain' if amount > 0 else 'loss'} of {abs(amount):f} {books} on {currency} is not posted"
        for currency, amount in still_to_revalue(found, books).items()
    ]
    return "; ".join((*gains, *(f"{key} is not taken back" for key in found.unreversed))) or None


def revaluation_journal(
    order: RevaluationOrder, policy: PolicyExcerpt, books: str, found: Positions, left: Mapping[str, Decimal]
) -> LedgerJournal:
    """The month's last day's entry that posts the gains, one pair of lines for each currency."""
    last = month_end(first_day(order.period))
    rates = {position.currency: position.rate for position in found.positions}
    lines: list[LedgerJournalLine] = []
    for currency, gain in left.items():
        rate = rates.get(currency)
        at = "nothing is open" if rate is None else f"at {rate.rate:f} of {rate.of}, {rate.source}"
        words = f"revaluation of {order.period}, {at}"
        moved: tuple[tuple[AccountRole, Decimal], ...] = ((_ROLE, gain), ("fx_unrealised", -gain))
        for role, amount in moved:
            lines.append(
                LedgerJournalLine.model_validate(
                    {
                        "role": role,
                        "account": policy.accounts[role],
                        "debit": max(amount, zero(books)),
                        "credit": max(-amount, zero(books)),
                        "memo": f"{role} {currency}: {words}",
                        "dimensions": Dimensions(department=policy.department),
                    }
                )
            )
    name = f"{order.entity}/{order.period}"
    return LedgerJournal(
        origin=Origin(
            tenant=order.tenant,
            contract=name,
            change=f"revaluation/{name}",
            step=f"revaluation {order.period}",
            revision=found.entries,
            correlation_id=order.correlation_id,
        ),
        key=revaluation_key(order.entity, order.period, found.entries),
        contract=name,
        legal_entity=order.entity,
        currency=books,
        date=last,
        posting_date=last,
        memo=f"Revaluation of {order.period}, {order.entity}",
        lines=tuple(lines),
    )
