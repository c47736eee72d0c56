"""Counts with their nouns."""

from __future__ import annotations

import pytest

from cockpit.text import counted


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (counted(0, "fact"), "0 facts"),
        (counted(1, "fact"), "1 fact"),
        (counted(2, "fact"), "2 facts"),
        (counted(1, "fact waits", "facts wait"), "1 fact waits"),
        (counted(7, "fact waits", "facts wait"), "7 facts wait"),
    ],
)
def test_one_thing_is_one_and_any_other_number_many(told: str, said: str) -> None:
    assert told == said
