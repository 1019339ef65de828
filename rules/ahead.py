"""What lies ahead of a contract: what the billing platform is told of it, and what falls due by itself.

The platform must bill right on the day even if nobody is awake, so what is planned is told when it is
approved (docs/decisions/0013-planned-changes-are-told-ahead.md).
"""

import datetime as dt

from canonical.change import Amendment, Cancellation, Merge, Transfer
from canonical.lifecycle import ApprovedItem, ContractState, Span
from canonical.origin import Origin
from canonical.scenario import Scenario
from ports.billing import SubscriptionOrder
from rules.agenda import announced, due_on, late_usage_days, order, owes_by_itself, until
from rules.change_plan import CannotCarryOut, ends_subscription, scope
from rules.layout import ChangeRefused
from rules.subscription_order import cycle_dates, subscription_order
from rules.validation import InvalidScenario, check


def to_announce(
    state: ContractState, today: dt.date, platform_day: dt.date | None = None
) -> tuple[ApprovedItem, ...]:
    """The planned changes that the platform is to be told of, so that it bills right on the day by itself:
    those that lie ahead and fit the contract as it will then be. `platform_day` is the platform's (today): a
    cycle of that day is drafted.

    Of a transfer or a merge the platform is told that the subscription ends on the day; what comes after it
    is another subscription's, and waits. A line that is added inside a billing period waits for its day: only
    then is its tax asked for, and the platform bills nothing of it before.
    """
    if state.contract is None:
        return ()
    told: list[ApprovedItem] = []
    for item in sorted(state.planned, key=order):
        if item.id in state.withdrawn:
            continue
        if _is_told(state, item, told, today, max(today, platform_day or today)):
            told.append(item)
        if item.change is not None and ends_subscription(item.change):
            break  # what comes after it is another subscription's
    return tuple(told)


def _is_told(
    state: ContractState, item: ApprovedItem, told: list[ApprovedItem], today: dt.date, drafted: dt.date
) -> bool:
    """Whether it lies ahead, of the platform's day too, and fits what is told before it."""
    if state.contract is None or item.change is None or (due_on(item) <= drafted and not item.announced):
        return False
    if ends_subscription(item.change) and due_on(item) > item.effective_date:
        return False  # its day is billed already: the subscription goes on until it is carried out
    if _waits_for_its_tax(state, item, told, today):
        return False
    before = (*state.changes_in_force(), *(each.change for each in told if each.change is not None))
    try:
        check(Scenario(contract=state.contract, changes=(*before, item.change), as_of=today))
    except (InvalidScenario, ChangeRefused):
        return False  # its own chapter says why, on its day
    return True


def _waits_for_its_tax(
    state: ContractState, item: ApprovedItem, told: list[ApprovedItem], today: dt.date
) -> bool:
    """Whether it adds a line inside a billing period."""
    change, day = item.change, due_on(item)
    if state.contract is None or not isinstance(change, Amendment):
        return False
    if item.announced or not any(line.add is not None for line in change.lines):
        return False
    before = (*state.changes_in_force(), *(each.change for each in told if each.change is not None))
    return day not in cycle_dates(state.contract, before, today, day)


def taken_in_on(
    state: ContractState, item: ApprovedItem, as_of: dt.date, drafted_through: dt.date
) -> dt.date:
    """Today, or else the day after the platform's own: where it has drafted a cycle without knowing of the
    change, the change counts from the next day, and is settled over what has been billed by then.
    """
    if item.change is None or item.announced or _fits(state, item, as_of, drafted_through):
        return as_of
    next_day = max(as_of, drafted_through) + dt.timedelta(days=1)
    return next_day if _fits(state, received(item, next_day), next_day, next_day) else as_of


def _fits(state: ContractState, item: ApprovedItem, as_of: dt.date, drafted_through: dt.date) -> bool:
    """Whether it can be carried out then. What the rules refuse is for its chapter to say."""
    if state.contract is None or item.change is None:
        return True
    changes = (*state.changes_in_force(), item.change)
    try:
        check(Scenario(contract=state.contract, changes=changes, as_of=as_of))
        scope(state, state.contract, item, as_of, until(state, item, as_of), drafted_through)
    except CannotCarryOut:
        return False
    except (ChangeRefused, InvalidScenario):
        return True
    return True


def unbilled_of(item: ApprovedItem, through: dt.date) -> tuple[Span, ...]:
    """The days on which the platform billed nothing, because it had been told ahead that the contract, or its
    subscription, would end: where that is undone on the day `through`, they are billed by a chapter of their
    own (`falls_due`).
    """
    ends = isinstance(item.change, Cancellation | Transfer | Merge)
    if not ends or not item.announced or through < item.effective_date:
        return ()
    return (Span(first=item.effective_date, last=through),)


def received(item: ApprovedItem, day: dt.date) -> ApprovedItem:
    """The item, taken in on a day."""
    if item.change is None:
        return item
    return item.model_copy(update={"change": item.change.model_copy(update={"received_date": day})})


def falls_due(state: ContractState, as_of: dt.date, drafted_through: dt.date) -> ApprovedItem | None:
    """Documents that no change of today brings and no cycle bills: a ramp's step inside a period,
    what one change was to issue with its own documents and did not, usage that came after the last cycle.
    """
    may_owe = state.owes or owes_by_itself(state) or as_of in late_usage_days(state)
    if state.contract is None or not may_owe:
        return None
    times = sum(item.type == "billing" and item.effective_date == as_of for item in state.carried)
    identifier = f"billing-{as_of.isoformat()}" + (f"-{times + 1}" if times else "")
    item = ApprovedItem(
        id=identifier,
        type="billing",
        version=state.version,
        effective_date=as_of,
        correlation_id=f"{state.id}/{identifier}",
        in_crm=False,
        announced=True,
    )
    found = scope(state, state.contract, item, as_of, as_of, drafted_through)
    return item if found.invoices or found.credit_memos else None


def order_ahead(
    origin: Origin, state: ContractState, today: dt.date, platform_day: dt.date
) -> SubscriptionOrder:
    """The subscription with what is planned, as far as it is marked as announced. Cycles that the platform
    has yet to bill today are on it. Raises ValueError where there is nothing to bill.
    """
    if state.contract is None or state.ids.billing_customer is None:
        raise ValueError("a contract that is not activated has no subscription")
    since = max(min(platform_day, today), state.cycle_from or dt.date.min)
    changes = (*state.changes_in_force(), *announced(state))
    customer = state.ids.billing_customer.id
    return subscription_order(origin, state.contract, changes, customer, today, since)
