"""What a transfer and a merge look at first: the day on which one subscription ends and another begins."""

from typing import TYPE_CHECKING

from temporalio import workflow

from activities.billing import BillingActivities, DocumentsQuestion
from rules.change_plan import drafts_of, handed_over_from
from workflows._options import on_platform
from workflows._refusal import rejected
from workflows._steps import Step

if TYPE_CHECKING:
    from workflows._change import ChangeStory


async def nothing_issued(story: "ChangeStory") -> None:
    """Has the subscription that the change ends billed the change's day, or a later one, by itself, though
    the platform was told ahead? A draft is made void later on; what is issued stays, and the change can only
    take effect on a later day. One that the platform was not told of is settled over what has been billed.
    """
    drafts = drafts_of(story.state, story.contract, story.item, story.as_of)
    billing = story.policy.route.billing
    step = Step("look for today's", "billing.list_documents", billing, "What has been billed today?")
    if drafts:
        await story.steps.run(step, lambda origin: _nothing_issued(story, drafts))


async def _nothing_issued(story: "ChangeStory", drafts: tuple[str, ...]) -> None:
    billing = story.policy.route.billing
    listed = await workflow.execute_activity_method(
        BillingActivities.list_documents,
        DocumentsQuestion(
            contract=story.state.id, since=handed_over_from(story.item, story.as_of, story.as_of)
        ),
        **on_platform(billing, "What has been billed today?"),
    )
    name = "transfer" if story.item.type == "transfer" else "merge"
    for each in listed.documents:
        if each.origin == "cycle" and each.key in drafts and each.status not in ("draft", "void"):
            raise rejected(
                billing,
                "rules.plan",
                f"{each.number or each.id} of {each.date} is issued already, and stays; the {name} can only "
                "take effect on a later day: compensate, and have it approved for one",
                field="effective_date",
                code="InvalidContract",
            )
