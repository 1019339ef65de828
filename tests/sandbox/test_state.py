from pathlib import Path

import pytest

from sandbox.kit.state import State


@pytest.fixture
def state() -> State:
    return State(":memory:")


def test_documents_keep_the_order_of_insertion_when_replaced(state: State) -> None:
    for name in ("b", "a", "c"):
        state.put("pet", name, {"id": name, "price": "1.10"})
    state.put("pet", "b", {"id": "b", "price": "2.00"})
    assert [pet["id"] for pet in state.all("pet")] == ["b", "a", "c"]
    assert state.get("pet", "b") == {"id": "b", "price": "2.00"}
    assert state.count("pet") == 3


def test_a_document_is_a_copy(state: State) -> None:
    pet = {"id": "a", "tags": ["x"]}
    state.put("pet", "a", pet)
    pet["tags"].append("y")  # type: ignore[attr-defined]
    assert state.get("pet", "a") == {"id": "a", "tags": ["x"]}


def test_delete_says_whether_there_was_one(state: State) -> None:
    state.put("pet", "a", {})
    assert state.delete("pet", "a")
    assert not state.delete("pet", "a")
    assert state.get("pet", "a") is None


def test_find_by_fields_of_every_kind(state: State) -> None:
    state.put("pet", "a", {"id": "a", "name": "Rex", "legs": 4, "sold": True, "externalId": None})
    state.put("pet", "b", {"id": "b", "name": "Rex", "legs": 2, "sold": False, "externalId": "x"})
    state.put("car", "c", {"id": "c", "name": "Rex"})

    def ids(**equals: str | int | bool | None) -> list[str]:
        return [pet["id"] for pet in state.find("pet", **equals)]

    assert ids(name="Rex") == ["a", "b"]
    assert ids(name="Rex", legs=2) == ["b"]
    assert ids(sold=True) == ["a"]
    assert ids(externalId=None) == ["a"]
    assert ids(unheard_of=None) == ["a", "b"]
    assert ids(name="rex") == ids(name="4") == []
    assert state.find_one("pet", name="Rex") == state.get("pet", "a")
    assert state.find_one("pet", name="Max") is None


@pytest.mark.parametrize("field", ["a'", 'a"', "a b", ""])
def test_find_takes_only_field_names(field: str, state: State) -> None:
    with pytest.raises(ValueError, match="not a field name"):
        state.find("pet", **{field: 1})


def test_find_uses_an_index(state: State) -> None:
    with state.transaction():
        for number in range(1000):
            state.put("pet", str(number), {"id": number, "name": f"n{number}"})
    assert [pet["id"] for pet in state.find("pet", name="n500")] == [500]
    plan = state._live.execute(
        "EXPLAIN QUERY PLAN SELECT doc FROM documents"
        " WHERE kind = 'pet' AND json_extract(doc, '$.\"name\"') = 'n500' ORDER BY seq"
    ).fetchall()
    assert any("by_name" in str(row) for row in plan), plan


def test_numbers_go_up_by_name(state: State) -> None:
    assert [state.next_number("a") for _ in range(3)] == [1, 2, 3]
    assert state.next_number("b") == 1


def _put_and_fail(state: State, name: str) -> None:
    with state.transaction():
        state.put("pet", name, {})
        state.next_number("pet")
        raise KeyError


def test_transaction_is_all_or_nothing(state: State) -> None:
    with pytest.raises(KeyError):
        _put_and_fail(state, "a")
    assert (state.count("pet"), state.next_number("pet")) == (0, 1)


def test_inner_transaction_fails_alone(state: State) -> None:
    with state.transaction():
        state.put("pet", "a", {})
        with pytest.raises(KeyError):
            _put_and_fail(state, "b")
        with state.transaction():
            state.put("pet", "c", {})
    assert [state.get("pet", name) is not None for name in "abc"] == [True, False, True]


def test_reset_forgets_everything(state: State) -> None:
    state.put("pet", "a", {})
    state.put("_token", "t", {})
    state.next_number("pet")
    state.reset()
    assert (state.kinds(), state.count("_token"), state.next_number("pet")) == ([], 0, 1)


def test_kinds_leave_out_what_is_internal(state: State) -> None:
    for kind in ("pet", "_token", "car"):
        state.put(kind, "x", {})
    assert state.kinds() == ["pet", "car"]


def test_file_survives_and_memory_does_not(tmp_path: Path) -> None:
    path = str(tmp_path / "state.sqlite")
    first = State(path)
    first.put("pet", "a", {"id": "a"})
    first.next_number("pet")
    first.close()
    second = State(path)
    assert second.get("pet", "a") == {"id": "a"}
    assert second.next_number("pet") == 2
    second.close()


def test_shadow_shows_what_was_and_internal_kinds_as_they_are(state: State) -> None:
    state.put("pet", "a", {})
    state.keep_shadow()
    state.put("pet", "b", {"id": "b"})
    state.put("_token", "t", {})
    with state.reading_shadow():
        assert state.count("pet") == 1
        assert state.find("pet", id="b") == []
        assert state.count("_token") == 1
    assert state.count("pet") == 2
    state.drop_shadow()
    with state.reading_shadow():
        assert state.count("pet") == 2
