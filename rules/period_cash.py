"""A period's money as entries of its sides: paid at the platform, received in the ledger, applied there.

Pure: from the platforms' own listings. What is applied says what became of the ledger's cash: it settles
documents, was given back, or is kept as the customer's credit (I5 of RELIABILITY.md).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from canonical.ids import contract_of_invoice, original_key
from canonical.money import difference, total, zero
from canonical.payment import CashMovement
from canonical.reconciliation import Entry, EntryKind, Settled
from ports.receipts import AppliedTo, PostedReceipt
from rules.calendar import month_key
from rules.cash_invariants import kept
from rules.period_entries import window

_PARTS = ("/unapplied", "/fee")
"""What follows the key of a movement where the ERP posts it in several entries."""
TRANSFERS = ("cash-refund/", "cash-return/")
"""How the keys begin of what goes back of a bank's money."""
BY_OTHERS = "by-others/"
"""How the keys begin of what others have posted on the cash account of the general ledger."""
LINE = "bank/"
"""How the keys begin of a statement's lines that are no receipts."""
_BANKS = ("cash/", LINE, BY_OTHERS, *TRANSFERS)


def is_of_a_bank(key: str) -> bool:
    """Whether the ledger's entry of this key has its counterpart on a bank's statement."""
    return key.startswith(_BANKS)


def cash_entries(
    movements: Iterable[CashMovement], period: str, entity: str, entities: Mapping[str, str]
) -> tuple[Entry, ...]:
    """What moved at the payment platform for the entity, less fees. What names no known contract is every
    entity's: nobody can say whose it is.
    """
    first, last = window(period)
    return tuple(
        Entry(
            side="cash",
            kind="payment" if movement.amount >= 0 else "refund",
            platform=movement.platform,
            id=movement.id,
            key=movement.key,
            contract=movement.contract,
            currency=movement.currency,
            date=movement.date,
            total=difference(movement.amount, movement.fee, movement.currency),
            tax=zero(movement.currency),
            invoices=movement.invoice_keys,
        )
        for movement in movements
        if first <= movement.date <= last and entities.get(movement.contract or "", entity) == entity
    )


def receipt_entries(receipts: Sequence[PostedReceipt], period: str) -> tuple[Entry, ...]:
    """What the ERP has received, each movement once; what somebody else has posted there, too."""
    return tuple(_received(key, own) for key, own in _movements(receipts, period))


def applied_entries(receipts: Sequence[PostedReceipt], period: str) -> tuple[Entry, ...]:
    """Of each movement that the ERP has received, what is accounted for: the same total where all is."""
    held, shares = kept(receipts), _shares(receipts)
    found = []
    for key, own in _movements(receipts, period):
        one = _received(key, own)
        settles: dict[str, Decimal] = defaultdict(Decimal)
        for receipt in own:
            for each in shares[receipt.id]:
                settles[_named(one.platform, each)] += each.amount
        more = {
            "side": "applied",
            "posted_in": None,
            "total": total((held[each.id] for each in own), one.currency),
            "settles": tuple(Settled(document=name, amount=part) for name, part in sorted(settles.items())),
            "unapplied": total((each.unapplied for each in own), one.currency),
            "contract": next((c for c in map(contract_of_invoice, settles) if c is not None), None),
        }
        found.append(one.model_copy(update=more))
    return tuple(found)


def _movements(
    receipts: Sequence[PostedReceipt], period: str
) -> Iterable[tuple[str, Sequence[PostedReceipt]]]:
    """The transactions that move cash around the period, by the movement that they are parts of."""
    first, last = window(period)
    groups: dict[str, list[PostedReceipt]] = defaultdict(list)
    for receipt in receipts:
        key = f"{receipt.platform}:{receipt.id}" if receipt.key is None else _movement(receipt.key)
        if receipt.cash != 0:
            groups[key].append(receipt)
    return [(key, own) for key, own in sorted(groups.items()) if first <= own[0].date <= last]


def _movement(key: str) -> str:
    for part in _PARTS:
        key = key.removesuffix(part)
    return key


def _received(key: str, own: Sequence[PostedReceipt]) -> Entry:
    one = own[0]
    cash = total((receipt.cash for receipt in own), one.currency)
    kind: EntryKind = "payment" if cash >= 0 else "refund"
    return Entry(
        side="receipts",
        kind=kind,
        platform=one.platform,
        id=one.id,
        key=None if one.key is None else key,
        number=one.number,
        customer_id=one.customer_id,
        currency=one.currency,
        date=one.date,
        posted_in=month_key(one.period_start),
        total=cash,
        tax=zero(one.currency),
    )


def _shares(receipts: Sequence[PostedReceipt]) -> dict[str, list[AppliedTo]]:
    """By transaction of cash, the documents that it settles; what is settled with unapplied money that was
    applied later is its deposit's.
    """
    deposits = {receipt.id for receipt in receipts if receipt.kind == "unapplied"}
    shares: dict[str, list[AppliedTo]] = defaultdict(list)
    for receipt in receipts:
        if receipt.kind == "payment":
            shares[receipt.id] += receipt.applied_to
        elif receipt.kind == "application":
            sources = [each.document_id for each in receipt.applied_to if each.document_id in deposits]
            settled = [each for each in receipt.applied_to if each.document_id not in deposits]
            for source in sources[:1]:
                shares[source] += settled
    return shares


def _named(platform: str, share: AppliedTo) -> str:
    """The settled document's own key, also of one that was posted again."""
    return f"{platform}:{share.document_id}" if share.key is None else original_key(share.key)
