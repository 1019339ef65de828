"""The simulator's standard objects against the vendor's description."""

from typing import Any

from sandbox.salesforce import Salesforce
from sandbox.salesforce.standard import STANDARD
from tests.sandbox.salesforce.conftest import Api
from tests.sandbox.salesforce.scenarios import SCENARIO
from tests.sandbox.salesforce.spec import KINDS, NOT_DESCRIBED, mistakes, standard_objects


def test_standard_fields_have_the_described_types() -> None:
    objects = standard_objects()
    wrong = []
    for made in STANDARD:
        described: dict[str, Any] = objects.get(made.name, {})
        for field in made.fields.values():
            expected = described.get(field.name)
            waived = field.name in NOT_DESCRIBED or f"{made.name}.{field.name}" in NOT_DESCRIBED
            if expected is None:
                wrong += [f"{made.name}.{field.name}"] if described and not waived else []
            elif (KINDS[field.type], field.nillable) != (expected["type"], expected["nillable"]):
                wrong.append(f"{made.name}.{field.name}: {field.type} {field.nillable} {expected}")
    assert wrong == []


def test_no_waiver_is_left_over() -> None:
    objects = standard_objects()
    names = {made.name for made in STANDARD}
    for waived in NOT_DESCRIBED:
        object_name, _, field = waived.rpartition(".")
        assert not object_name or (object_name in names and field not in objects[object_name])


async def test_records_are_as_described(org: Salesforce, api: Api) -> None:
    objects = standard_objects()
    await org.load({"scenario": SCENARIO, "approve": None})
    await org.load({"scenario": SCENARIO, "approve": "CH-1"})
    wrong = []
    for name, rows in org.dump().items():
        for row in rows:
            answer = await api.call("GET", f"/sobjects/{name}/{row['Id']}")
            wrong += mistakes(name, answer.json(), objects)
    assert wrong == []
