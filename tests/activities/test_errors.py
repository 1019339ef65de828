"""A port's error becomes Temporal's in one place: what is retried, when, and what a person is asked."""

from datetime import timedelta

import pytest

from activities._errors import ErrorDetail, application_error
from ports import errors

_WHERE = {"platform": "netsuite", "operation": "erp.post_document", "status": 400}


def _made(kind: type[errors.PortError]) -> errors.PortError:
    return kind("no", platform="netsuite", operation="erp.post_document", vendor_code="X", field="item")


@pytest.mark.parametrize("kind", [errors.Transient, errors.RateLimited, errors.OutcomeUnknown])
@pytest.mark.parametrize("attempt", [1, 4, 500])
def test_what_may_pass_is_tried_again_however_long_it_takes(
    kind: type[errors.PortError], attempt: int
) -> None:
    assert application_error(_made(kind), attempt).non_retryable is False


@pytest.mark.parametrize(
    "kind",
    [
        errors.Rejected,
        errors.PeriodClosed,
        errors.NotFound,
        errors.AlreadyExists,
        errors.AuthenticationFailed,
    ],
)
def test_what_was_refused_goes_to_a_person_at_once(kind: type[errors.PortError]) -> None:
    assert application_error(_made(kind), 1).non_retryable is True


@pytest.mark.parametrize("kind", [errors.Conflict, errors.UnexpectedAnswer])
def test_a_conflict_and_an_odd_answer_are_met_four_times_before_a_person_is_asked(
    kind: type[errors.PortError],
) -> None:
    refused = [application_error(_made(kind), attempt).non_retryable for attempt in (1, 2, 3, 4)]
    assert refused == [False, False, False, True]


def test_the_platforms_retry_after_is_kept() -> None:
    limited = errors.RateLimited("slow down", **_WHERE, retry_after_seconds=7.5)  # type: ignore[arg-type]
    assert application_error(limited, 1).next_retry_delay == timedelta(seconds=7.5)
    without = errors.RateLimited("slow down", **_WHERE)  # type: ignore[arg-type]
    assert application_error(without, 1).next_retry_delay is None


def test_the_type_names_the_class_and_the_detail_says_where_it_happened() -> None:
    error = application_error(_made(errors.PeriodClosed), 1)
    detail = error.details[0]
    assert error.type == "PeriodClosed"
    assert isinstance(detail, ErrorDetail)
    assert (detail.platform, detail.vendor_code, detail.field) == ("netsuite", "X", "item")
