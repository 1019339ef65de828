"""One person's name may be written in several ways; two persons' names are two."""

import pytest

from rules.approval import is_same_person


@pytest.mark.parametrize(
    "other", ["fiona", "Fiona", " FIONA ", "fiona\t", "fi ona", "ﬁona", "fio\u200bna", "\uff26iona"]
)
def test_case_white_space_and_ways_to_write_a_letter_make_no_other_person(other: str) -> None:
    assert is_same_person("fiona", other)
    assert is_same_person(other, "fiona")


@pytest.mark.parametrize("other", ["anna", "fiona2", "fíona", ""])
def test_another_name_is_another_person(other: str) -> None:
    assert not is_same_person("fiona", other)
