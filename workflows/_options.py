"""Timeouts, retries and queues, in one place.

Start-to-close is the platforms' HTTP timeout (30 s) and a margin; schedule-to-close is how long the business
waits for a platform before a person is asked; the heartbeat timeout makes a killed worker noticed in
seconds (the activity interceptor beats for calls that outlast it). No attempt limit: the deadline ends them.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

WORKFLOW_QUEUE = "q2c-workflows"

DEFECTS: Sequence[str] = (
    "ValidationError",
    "ValueError",
    "TypeError",
    "KeyError",
    "AttributeError",
    "LookupError",
    "AssertionError",
)
"""Errors of our own code or data: trying again changes nothing, a person is asked."""


def platform_queue(platform: str) -> str:
    """One queue per platform, whose limits are the vendor's."""
    return f"q2c-{platform}"


class ActivityOptions(TypedDict):
    task_queue: str
    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy
    cancellation_type: ActivityCancellationType
    summary: str


BUSINESS_DEADLINE = timedelta(days=5)
"""How long a step waits for a platform that is down before its wait becomes an exception."""


def on_platform(platform: str, summary: str) -> ActivityOptions:
    """Options of one call on a platform; a write in flight is awaited even when the workflow is cancelled."""
    return ActivityOptions(
        task_queue=platform_queue(platform),
        start_to_close_timeout=timedelta(seconds=45),
        schedule_to_close_timeout=BUSINESS_DEADLINE,
        heartbeat_timeout=timedelta(seconds=5),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=500),
            backoff_coefficient=2.0,
            maximum_interval=timedelta(seconds=10),
            non_retryable_error_types=list(DEFECTS),
        ),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=summary,
    )


def in_contracts(queue: str) -> ActivityOptions:
    """Options of a question to a contract's workflow: asked each second while the contract is busy."""
    options = on_platform("", "Ask the contract what it expects")
    options["task_queue"] = queue
    options["retry_policy"] = RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        backoff_coefficient=1.5,
        maximum_interval=timedelta(seconds=5),
        non_retryable_error_types=list(DEFECTS),
    )
    return options


def in_listing(queue: str, summary: str) -> ActivityOptions:
    """Options of reading a platform's whole listing, which may take long; its heartbeat shows that it goes
    on. After half a day a person is asked.
    """
    options = on_platform("", summary)
    options["task_queue"] = queue
    options["start_to_close_timeout"] = timedelta(minutes=60)
    options["schedule_to_close_timeout"] = timedelta(hours=12)
    options["heartbeat_timeout"] = timedelta(seconds=20)
    return options


def of_contract(summary: str) -> ActivityOptions:
    """Options of a question to a contract for its month's revenue: one that is busy for longer is an
    exception, so that it does not hold up the others.
    """
    options = in_contracts(WORKFLOW_QUEUE)
    options["schedule_to_close_timeout"] = timedelta(minutes=1)
    options["summary"] = summary
    return options


def of_merged(summary: str) -> ActivityOptions:
    """Options of what contracts that are merged ask and tell each other."""
    options = in_contracts(WORKFLOW_QUEUE)
    options["summary"] = summary
    return options


class LocalOptions(TypedDict):
    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    summary: str


def in_records(summary: str) -> LocalOptions:
    """Options of a write to our own store: short, repeated until it is done."""
    return LocalOptions(
        start_to_close_timeout=timedelta(seconds=10),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5)
        ),
        summary=summary,
    )
