"""Contracts that merge each other can't end one after the other; a person is told who they are."""

import datetime as dt

from canonical.merging import PlannedMerge
from rules.merge_circle import words_of_circle

DAY = dt.date(2026, 3, 1)


def merge(contract: str, change: str, *others: str) -> PlannedMerge:
    return PlannedMerge(contract=contract, change=change, day=DAY, others=others)


def test_words_name_the_other_of_two() -> None:
    words = words_of_circle("C-1", [merge("C-2", "N", "C-1")])
    assert words.startswith(
        "contract C-2 is itself merging the one that asks (contract C-1), by its change N"
    )


def test_words_name_every_member_of_a_circle_and_its_merge() -> None:
    words = words_of_circle("C-1", [merge("C-2", "N", "C-3", "C-9"), merge("C-3", "O", "C-1")])
    assert words.startswith("contracts C-1, C-2 and C-3 merge each other in a circle")
    assert "C-2 takes in C-3 by its change N of 2026-03-01" in words
    assert "C-3 takes in C-1 by its change O of 2026-03-01" in words
