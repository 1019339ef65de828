"""What contracts that a merge has ended earn beside the one into which they were merged.

Each of them is a contract of its own, with entries of its own, and a line keeps its id through the merge. So
that the entries of all add up to what the line earns, rounded once, the new contract's are rounded together
with theirs. Pure.
"""

import datetime as dt
from collections.abc import Iterable

from canonical.change import ContractChange, Merge
from canonical.contract import Contract
from rules.allocation import Convert, arrange
from rules.billing_plan import documents
from rules.changes import known_on
from rules.merge import end_of, parts
from rules.revenue import Earning


def earned_beside(
    changes: Iterable[ContractChange], as_of: dt.date, currency: str, convert: Convert
) -> list[Earning]:
    """Earnings of the merged contracts' own documents by the day, in `currency`; none without a merge.

    Their usage is left out: it is earned whole by the merge, so that it leaves nothing to round.
    """
    found: list[Earning] = []
    for merge in changes:
        if not isinstance(merge, Merge) or known_on(merge) > as_of:
            continue
        for each in merge.joined:
            before = (change for change in each.changes if change.effective_date < merge.effective_date)
            theirs = (*before, end_of(merge))
            own = documents(each.contract, theirs, (), as_of)
            involved = [
                part
                for part in parts(each.contract, theirs, as_of)
                if part.contract.id == each.contract.id or part.contract.id.startswith(f"{each.contract.id}/")
            ]
            issued = (own.invoices, own.credit_memos)
            found += arrange(involved, issued, as_of, currency, convert).earnings
            found += earned_beside(theirs, as_of, currency, convert)
    return found


def begun_on(contract: Contract, changes: Iterable[ContractChange]) -> dt.date:
    """The first day of the contract, or of the earliest of those that were merged into it."""
    joined = [each for merge in changes if isinstance(merge, Merge) for each in merge.joined]
    return min([contract.start_date, *(begun_on(each.contract, each.changes) for each in joined)])
