"""A period's revenue as entries of its sides: earned and recognized. Pure."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from canonical.document import AccountRole
from canonical.ids import revenue_key
from canonical.lifecycle import ContractState
from canonical.money import difference, total, zero
from canonical.reconciliation import Entry
from ports.erp import PostedDocument, RecognizedBefore
from rules.calendar import month_key
from rules.exchange import Exchange
from rules.month_end import earned, sold_of
from rules.period_entries import last_day

REVENUE_ROLES: tuple[AccountRole, ...] = ("revenue", "usage_revenue", "termination_fees")
_REVERSAL = "reversal:"
BEFORE = "recognized before"
_REVENUE_KEY = re.compile(r"revenue/(.+)/([0-9]{4}-[0-9]{2})(?:/[0-9]+)?")


def earned_entries(
    state: ContractState, period: str, as_of: dt.date, exchange: Exchange | None = None
) -> tuple[Entry, ...]:
    """What the contract has earned by the period's end, once that is over, in the books that `exchange`
    converts into (None: the contract's currency); nothing before. Raises NoExchangeRate.
    """
    end = last_day(period)
    sold = sold_of(state)
    if as_of <= end or sold is None:
        return ()
    found = earned(sold, period, as_of, exchange or Exchange(sold.contract.currency, None), {})
    currency = found.currency
    amount = total((-found.earned[role] for role in REVENUE_ROLES if role in found.earned), currency)
    return (_revenue("revenue", "contract", state.id, period, currency, amount),)


def recognized_entries(
    posted: Sequence[PostedDocument],
    older: Iterable[RecognizedBefore],
    period: str,
    platform: str,
    accounts: Collection[str],
) -> tuple[Entry, ...]:
    """The ERP's revenue entries of ours: those of the period one for each contract, and what was recognized
    before it as an unfinished one, from which `with_catching_up` knows what the period has to bring. `older`
    is what `posted` does not go back to.
    """
    months: dict[tuple[str, str, bool], list[PostedDocument]] = defaultdict(list)
    before: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for each in older:
        before[each.contract, each.currency].append(each.amount)
    listed = {document.key for document in posted}
    for document in posted:
        found = _contract_and_month(document, listed)
        if found is not None and found[1] <= period:
            months[found[0], document.currency, found[1] < period].append(document)
    entries = []
    for (contract, currency, is_before), own in sorted(months.items()):
        amounts = [-line.amount for each in own for line in each.lines if line.account in accounts]
        if is_before:
            before[contract, currency] += amounts
            continue
        one = _revenue("recognized", platform, contract, period, currency, total(amounts, currency))
        said = {"id": own[0].id, "posted_in": month_key(own[0].period_start or own[0].date)}
        entries.append(one.model_copy(update=said))
    for (contract, currency), amounts in sorted(before.items()):
        one = _revenue("recognized", platform, contract, period, currency, total(amounts, currency))
        entries.append(one.model_copy(update={"unfinished": BEFORE}))
    return tuple(entries)


def _contract_and_month(document: PostedDocument, listed: Collection[str | None]) -> tuple[str, str] | None:
    """Of a revenue entry of ours that stands, `revenue/<contract>/<month>` and a number after that; of the
    reversal of one that is too old to be listed, which counts there.
    """
    key = document.key or ""
    reversed_key = key.removeprefix(_REVERSAL) if key.startswith(_REVERSAL) else None
    found = _REVENUE_KEY.fullmatch(reversed_key or key)
    if found is None or document.kind != "journal_entry" or document.status == "reversed":
        return None
    return None if reversed_key is not None and reversed_key in listed else (found[1], found[2])


def with_catching_up(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Revenue as the period has to bring it: earned by its end less recognized before it. So what changed in
    hindsight counts in the period in which it is posted. What comes to nothing is left out.
    """
    before = {entry.key: entry.total for entry in entries if entry.unfinished == BEFORE}
    here = {entry.key for entry in entries if entry.side == "recognized" and entry.unfinished is None}
    found = []
    for entry in entries:
        if entry.unfinished == BEFORE:
            continue
        if entry.side == "revenue":
            held = before.get(entry.key, zero(entry.currency))
            entry = entry.model_copy(update={"total": difference(entry.total, held, entry.currency)})
            if entry.total == 0 and entry.key not in here:
                continue
        found.append(entry)
    return tuple(found)


def _revenue(side: str, platform: str, contract: str, period: str, currency: str, amount: Decimal) -> Entry:
    key = revenue_key(contract, period, 0)
    return Entry.model_validate(
        {
            "side": side,
            "kind": "journal_entry",
            "platform": platform,
            "id": key,
            "key": key,
            "contract": contract,
            "currency": currency,
            "date": last_day(period),
            "total": amount,
            "tax": zero(currency),
        }
    )
