"""Which receipt a bank has taken back: certain, or suggestions for a person. Pure.

A reversal (`RvslInd`) is over the whole of what came in before. Certain is the one receipt that it names by
the bank's reference, or by the identification that the payment was sent with; what only has the same amount
is a suggestion. Source: camt.053 message definition report, "ReversalIndicator", "TransactionReferences".
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
    if len(named) == 1:
        return ReturnMatch(certain=named[0].ref)
    likely = sorted(named or candidates, key=lambda each: not _same_remitter(each, returned))
    return ReturnMatch(suggestions=tuple(each.ref for each in likely[:MOST_SUGGESTIONS]))


def _may_be(receipt: BankReceipt, returned: BankReceipt) -> bool:
    same = ("bank", "entity", "currency", "amount")
    is_same = all(getattr(receipt, name) == getattr(returned, name) for name in same)
    return is_same and receipt.value_date <= returned.value_date


def _names(returned: BankReceipt, receipt: BankReceipt) -> bool:
    given = {returned.ref, *returned.references, *returned.transaction_ids}
    given = given | {each.replace("/", ":") for each in given}
    if receipt.ref in given or given & set(receipt.transaction_ids):
        return True
    ref = re.escape(receipt.ref)
    return re.search(rf"(?<![^\W_]){ref}(?![^\W_])", returned.text) is not None


def _same_remitter(receipt: BankReceipt, returned: BankReceipt) -> bool:
    return receipt.remitter is not None and receipt.remitter == returned.remitter
