"""However many contracts an entity has, no history of its month end grows with them."""

import bisect
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.revenue import RevenueQuestion
from assembly.policy_source import GovernedPolicy
from assembly.workers import runner
from canonical.origin import Reference
from canonical.policy import PolicyExcerpt
from canonical.revenue import ContractEarned, ContractPosted, EntityContracts, EntityQuestion, PostedQuestion
from governance.policy import load_policy
from ports.erp import LedgerJournal
from tests.temporal_server import namespace
from tests.workflows.month_end import order
from workflows._options import WORKFLOW_QUEUE, platform_queue
from workflows.contract_revenue import ContractRevenueWorkflow
from workflows.revenue import RevenueBatchWorkflow, RevenueWorkflow

pytestmark = pytest.mark.xdist_group("revenue")

CONTRACTS = [f"C-{number:04d}" for number in range(90)]
PAGE, PAGES_PER_RUN = 10, 3
EVENTS_OF_A_RUN = 20 * (PAGES_PER_RUN + 1)
EVENTS_OF_A_CONTRACT = 20


@activity.defn(name="revenue.policy")
async def policy(entity: str) -> PolicyExcerpt:
    return GovernedPolicy(load_policy(None)).excerpt(entity)


@activity.defn(name="revenue.contracts")
async def contracts(question: EntityQuestion) -> EntityContracts:
    start = bisect.bisect_right(CONTRACTS, question.after)
    return EntityContracts(contracts=tuple(CONTRACTS[start : start + question.limit]))


@activity.defn(name="revenue.earned")
async def earned(question: RevenueQuestion) -> ContractEarned:
    amounts = {"deferred_revenue": Decimal("1.00"), "revenue": Decimal("-1.00")}
    return ContractEarned.model_validate(
        {"in_force": True, "currency": "USD", "change": question.contract, "earned": amounts}
    )


@activity.defn(name="erp.contract_revenue")
async def contract_revenue(question: PostedQuestion) -> ContractPosted:
    return ContractPosted()


@activity.defn(name="erp.post_journal")
async def post_journal(journal: LedgerJournal) -> Reference:
    return Reference(platform="netsuite", kind="journal_entry", id=journal.key, business_key=journal.key)


@pytest.fixture
async def client(temporal_address: str) -> AsyncIterator[Client]:
    client = await namespace(temporal_address)
    workflows = Worker(
        client,
        task_queue=WORKFLOW_QUEUE,
        workflows=[RevenueWorkflow, RevenueBatchWorkflow, ContractRevenueWorkflow],
        activities=[policy, contracts, earned],
        workflow_runner=runner(),
        debug_mode=True,  # without the watch of two seconds, which a machine that stands still would set off
    )
    erp = Worker(client, task_queue=platform_queue("netsuite"), activities=[contract_revenue, post_journal])
    async with workflows, erp:
        yield client


async def test_histories_are_bounded_however_many_contracts_there_are(client: Client) -> None:
    report = await client.execute_workflow(
        RevenueWorkflow.run,
        order(batch_size=PAGE, batches_per_run=PAGES_PER_RUN),
        id="revenue/US01",
        task_queue=WORKFLOW_QUEUE,
    )
    assert (report.tally.contracts, report.tally.posted) == (len(CONTRACTS), len(CONTRACTS))
    assert report.tally.sums["USD"]["revenue"] == -len(CONTRACTS)
    runs = [run async for run in client.list_workflows() if run.workflow_type == "Revenue"]
    pages = [run async for run in client.list_workflows() if run.workflow_type == "RevenueBatch"]
    assert (len(runs), len(pages)) == (len(CONTRACTS) // PAGE // PAGES_PER_RUN + 1, len(CONTRACTS) // PAGE)
    assert max(run.history_length for run in runs) <= EVENTS_OF_A_RUN
    assert max(run.history_length for run in pages) <= EVENTS_OF_A_CONTRACT * PAGE
