"""What is planned is told to the billing platform ahead (decision 0013)."""

import datetime as dt

from temporalio import workflow

from activities.billing import BillingActivities
from activities.merging import MergeActivities
from activities.tax import TaxActivities, TaxQuestion
from canonical.change import Amendment, Merge
from canonical.contract import DatedRate
from canonical.lifecycle import ApprovedItem, ContractState
from canonical.merging import MergeRequest, MergeStanding, MergeWord
from canonical.origin import Origin, Reference
from canonical.policy import PolicyExcerpt
from rules import agenda, ahead
from rules.tax_document import RateQuestion, planned_rates
from rules.tax_rates import Quoted, with_tax_rates
from workflows._options import of_merged, on_platform
from workflows._steps import Step, Steps, Undo


async def announced(
    state: ContractState, steps: Steps, today: dt.date, platform_day: dt.date
) -> tuple[ApprovedItem, ...]:
    """The planned changes, marked with what the platform has been told. Calls nothing where it knows all.

    A person who is asked may skip it, or leave it undone: then the platform is told of none that it did not
    know, and on its day the change is settled over what has been billed.
    """
    told = {item.id for item in ahead.to_announce(state, today, platform_day)}
    if state.policy is None or not agenda.is_active(state):
        return state.planned
    if told == {item.id for item in state.planned if item.announced}:
        return state.planned
    planned = tuple(item.model_copy(update={"announced": item.id in told}) for item in state.planned)
    try:
        planned = await _with_rates(state.model_copy(update={"planned": planned}), steps, today)
        after = state.model_copy(update={"planned": planned})
        done = await _set_ahead(after, state.policy, steps, today, platform_day)
    except Undo as undo:
        await steps.desk.close(undo.answer, "the platform is not told ahead")
        done = None
    if done is None:
        return state.planned
    try:
        await _tell_merged(state, after, steps, today)
    except Undo as undo:
        await steps.desk.close(undo.answer, "the contract is asked on the day")
    return planned


async def _set_ahead(
    state: ContractState, policy: PolicyExcerpt, steps: Steps, today: dt.date, platform_day: dt.date
) -> Reference | None:
    billing = policy.route.billing
    names = " ".join(sorted(item.id for item in state.planned if item.announced))
    step = Step(
        f"announce {names} on {today}", "billing.set_subscription", billing, "Tell billing what is planned"
    )

    async def put(origin: Origin) -> Reference:
        return await workflow.execute_activity_method(
            BillingActivities.set_subscription,
            ahead.order_ahead(origin, state, today, platform_day),
            **on_platform(billing, f"Subscription of {state.id}, with what is planned"),
        )

    return await steps.run(step, put)


async def _tell_merged(state: ContractState, after: ContractState, steps: Steps, today: dt.date) -> None:
    """The contracts that a planned merge takes in are asked ahead to end on its day, so that their platform
    bills right too; or hear that it does not come to be.
    """
    known = {item.id for item in state.planned if item.announced}
    for item in after.planned:
        merge = item.change
        if not isinstance(merge, Merge) or item.announced == (item.id in known):
            continue
        for other in merge.contracts:
            request = MergeRequest(
                contract=other.id,
                key=f"{state.id}/{item.id}",
                into=state.id,
                day=merge.effective_date,
                business_date=today,
                correlation_id=item.correlation_id,
            )
            await _ask_ahead(request, steps, item.announced)


async def _ask_ahead(request: MergeRequest, steps: Steps, stands: bool) -> None:
    words = "ends for" if stands else "does not end for"
    name = f"Tell contract {request.contract} that it {words} {request.key} on {request.day}"
    step = Step(f"{name} ({request.business_date})", "contract.announce_merge", "temporal", name)

    async def tell(origin: Origin) -> MergeStanding:
        if stands:
            return await workflow.execute_activity_method(
                MergeActivities.announce_merge, request, **of_merged(name)
            )
        word = MergeWord(contract=request.contract, key=request.key, stands=False, reason=name)
        return await workflow.execute_activity_method(MergeActivities.settle_merge, word, **of_merged(name))

    await steps.run(step, tell)


async def _with_rates(state: ContractState, steps: Steps, today: dt.date) -> tuple[ApprovedItem, ...]:
    """The tax rates of planned lines, so that the platform's cycles have their tax."""
    if state.contract is None or state.policy is None:
        return state.planned
    contract, tax = state.contract, state.policy.route.tax
    step = Step(f"quote planned lines on {today}", "tax.quote", tax, "Ask the tax engine for rates")
    before, planned = state.changes_in_force(), agenda.announced(state)
    question = planned_rates(steps.origin_of(step), contract, before, planned, today)
    if question is None:
        return state.planned

    async def quote(origin: Origin) -> list[Quoted]:
        return await _quoted(question, tax)

    rates = await steps.run(step, quote)
    if rates is None:
        return state.planned
    _, changes = with_tax_rates(contract, (*before, *planned), rates)
    by_id = {change.id: change for change in changes if isinstance(change, Amendment)}
    return tuple(i.model_copy(update={"change": by_id.get(i.id, i.change)}) for i in state.planned)


async def _quoted(question: RateQuestion, tax: str) -> list[Quoted]:
    quotes = await workflow.execute_activity_method(
        TaxActivities.quote,
        TaxQuestion(documents=(question.document,)),
        **on_platform(tax, "Ask the tax engine for the rates of planned lines"),
    )
    document = question.document
    return [
        Quoted(
            part=question.part,
            account=document.account.id,
            line=question.line_ids[line.number],
            rate=DatedRate(from_date=document.tax_date, percent=line.rate_percent),
        )
        for line in quotes.results[0].lines
    ]
