"""Which receipt a bank has taken back, in whole or in part: certain, or suggestions for a person. Pure.

Certain is the one receipt of the reversal's amount that it (`RvslInd`) names by the bank's reference, or by
the identification that the payment was sent with. One that it names and that is over more is taken back in
part, which a person decides; what only has the same amount is a suggestion. Source: camt.053 message
definition report, "ReversalIndicator", "TransactionReferences".
"""

import re
from collections.abc import Iterable

from canonical.bank import BankReceipt, ReturnMatch

MOST_SUGGESTIONS = 8


def match_return(returned: BankReceipt, known: Iterable[BankReceipt]) -> ReturnMatch:
    """`known` are receipts that were imported before, of any bank."""
    candidates = sorted((each for each in known if _may_be(each, returned)), key=lambda each: each.ref)
    candidates.sort(key=lambda each: each.value_date, reverse=True)
    named = [each for each in candidates if _names(returned, each)]
    whole = [each for each in candidates if each.amount == returned.amount]
    of_both = [each for each in named if each.amount == returned.amount]
    if len(of_both) == 1:
        return ReturnMatch(certain=of_both[0].ref)
    if len(named) == 1:
        return ReturnMatch(part=named[0].ref)
    likely = sorted(of_both or named or whole, key=lambda each: not _same_remitter(each, returned))
    return ReturnMatch(suggestions=tuple(each.ref for each in likely[:MOST_SUGGESTIONS]))


def names_of(returned: BankReceipt) -> frozenset[str]:
    """All by which the reversal may name a receipt, as receipts are named; its text by words."""
    words = re.findall(r"[^\s,;()]+", returned.text)
    given = {returned.ref, *returned.references, *returned.transaction_ids, *words}
    return frozenset(given | {each.replace("/", ":") for each in given})


def _may_be(receipt: BankReceipt, returned: BankReceipt) -> bool:
    same = ("bank", "entity", "currency")
    is_same = all(getattr(receipt, name) == getattr(returned, name) for name in same)
    is_earlier = receipt.value_date <= returned.value_date
    return is_same and is_earlier and receipt.amount >= returned.amount


def _names(returned: BankReceipt, receipt: BankReceipt) -> bool:
    given = {returned.ref, *returned.references, *returned.transaction_ids}
    given = given | {each.replace("/", ":") for each in given}
    if receipt.ref in given or given & set(receipt.transaction_ids):
        return True
    ref = re.escape(receipt.ref)
    return re.search(rf"(?<![^\W_]){ref}(?![^\W_])", returned.text) is not None


def _same_remitter(receipt: BankReceipt, returned: BankReceipt) -> bool:
    return receipt.remitter is not None and receipt.remitter == returned.remitter
