"""Every platform write of the four lifecycle stories × everything that can happen to a write on its way.

Each cell is a run with real workflows on a real Temporal server, real connectors and the simulators, and
must end as the run without faults has ended: the same objects on every platform, all invariants holding,
every message accounted for, nobody waiting. Writes are found by watching: a connector's new one is new cells.
"""

import pytest

from tests.reliability.cells import OUTCOMES, Story, prepared, run, stories
from tests.soak import LONG

_PREPARED: dict[str, Story] = {}
_LEAST_WRITES = {"activation": 15, "amendment": 10, "renewal": 10, "cancellation": 5}
_LOST = "applied-then-timeout"
_FAST = ("not-applied-then-timeout", _LOST, "twice")
"""What `make test` tries at every write: not there and no answer, there and no answer, there twice. Of the
others, an answer that is cut or a 500 is as unknown as none, and a refused connection is tried again as what
was not applied; `make soak` has them all.
"""


async def the_story(address: str, name: str) -> Story:
    if name not in _PREPARED:
        story = next(story for story in stories() if story.name == name)
        _PREPARED[name] = await prepared(address, story)
    return _PREPARED[name]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "outcome", [pytest.param(one, marks=() if one in _FAST else LONG) for one in OUTCOMES]
)
@pytest.mark.parametrize("name", _LEAST_WRITES)
async def test_story_ends_alike_whatever_happens_to_one_write(
    temporal_address: str, name: str, outcome: str
) -> None:
    story = await the_story(temporal_address, name)
    assert len(story.writes) >= _LEAST_WRITES[name], story.writes
    wrong = await run(temporal_address, story, [(write, outcome) for write in story.writes])
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "outcome", [pytest.param(one, marks=() if one == _LOST else LONG) for one in OUTCOMES]
)
async def test_what_is_undone_has_no_net_effect_whatever_happens_to_one_write(
    temporal_address: str, outcome: str
) -> None:
    story = await the_story(temporal_address, "compensation")
    assert len(story.writes) >= 5, story.writes
    wrong = await run(temporal_address, story, [(write, outcome) for write in story.writes])
    assert not wrong, "\n".join(wrong)
