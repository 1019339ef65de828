"""Lives a scenario through on the time-skipping server, and fails with what is not as predicted."""

import logging
from typing import Any

import structlog

from assembly.simulation import Simulation, simulate
from tests.agreement import scenario_of


async def lived(
    raw: dict[str, Any], until: str | None = None, faults: int | None = None, *, revenue: bool = False
) -> Simulation:
    """Lives it, with its months' revenue where that is wanted, and fails with what is not as predicted."""
    written = raw if until is None else {**raw, "as_of": until}
    found = await simulate(scenario_of(written), written, faults=faults, revenue=revenue)
    problems = [*map(str, found.findings), *(e.summary for e in found.exceptions)]
    problems += [f"{each.key}: {each.differences}" for each in found.documents if not each.agrees]
    problems += [str(each) for each in found.payments if not each.agrees]
    problems += [str(each) for each in found.balances if not each.agrees]
    problems += [str(each) for each in found.months if not each.agrees]
    assert found.agrees, "\n".join(problems)
    return found


def silence() -> None:
    """Thousands of lines about requests would take a third of the time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
