"""What is wrong with money that is in the ledger: settled beyond what is owed, paid twice (I5). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from canonical.money import difference
from canonical.reconciliation import Entry
from rules.break_proposals import Finding


def over_settled(applied: Iterable[Entry], invoices: Mapping[str, Entry]) -> Iterator[Finding]:
    """Invoices that money settles with more than they are over, where the listings show it: what was applied
    before them is not known. The newest money is what is too much.
    """
    settled: dict[str, Decimal] = defaultdict(Decimal)
    newest: dict[str, Entry] = {}
    for entry in sorted(applied, key=_in_time):
        for each in entry.settles:
            settled[each.document] += each.amount
            newest[each.document] = entry
    for document, amount in sorted(settled.items()):
        invoice, last = invoices.get(document), newest[document]
        if invoice is None or invoice.kind != "invoice" or invoice.currency != last.currency:
            continue
        if amount > invoice.total:
            held = last.model_copy(update={"key": document, "total": amount})
            by = difference(amount, invoice.total, invoice.currency)
            yield Finding("amount", "applied", "receivables", held, invoice, by, invoice.currency)


def paid_twice(
    paid: Iterable[Entry], invoices: Mapping[str, Entry], applied: Mapping[str, Entry]
) -> Iterator[Finding]:
    """Payments of the whole of an invoice that was paid as a whole already, as long as their money lies
    unapplied: what was given back or applied elsewhere is settled.

    Of those of one day the ids do not say which was first: the one that is applied is not the one too many.
    """
    whole: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(paid, key=lambda each: (each.date, each.total < 0, each.id)):
        invoice = invoices.get(entry.invoices[0]) if len(entry.invoices) == 1 else None
        if invoice is None or invoice.currency != entry.currency or not 0 < invoice.total <= abs(entry.total):
            continue
        held = whole[entry.invoices[0]]
        if entry.total > 0:
            held.append(entry)
        elif held:
            held.pop()
    unapplied = {key: entry.unapplied for key, entry in applied.items() if entry.unapplied}
    for _, payments in sorted(whole.items()):
        payments.sort(key=lambda each: each.key in unapplied)
        for again in payments[1:]:
            if again.key in unapplied:
                effect = min(again.total, unapplied[again.key])
                yield Finding("duplicate", "cash", "cash", again, payments[0], effect, again.currency)


def _in_time(entry: Entry) -> tuple[str, str]:
    return entry.date.isoformat(), entry.id
