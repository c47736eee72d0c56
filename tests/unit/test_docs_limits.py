"""The page about limits says the numbers that the code goes by."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from cockpit.audit.extent import CROWDED, FULL, LEFT_TO_PEOPLE, LONGEST, NEAR, Extent
from cockpit.profile.counts import MOST

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (.+?) \| .*? \| `([\w.]+):(\w+)` \|$", PAGE, re.MULTILINE)


def _written(number: float) -> set[str]:
    """The ways in which a number may stand on the page."""
    ways = {f"{number:,}", f"{number:g} s"}
    if isinstance(number, int):
        ways |= {f"{number >> shift} {unit}" for shift, unit in ((10, "KiB"), (20, "MiB")) if not number % (1 << shift)}
    return ways


def test_the_page_has_its_tables() -> None:
    assert len(ROWS) > 35


@pytest.mark.parametrize(("what", "limit", "module", "name"), ROWS, ids=[f"{row[2]}:{row[3]}" for row in ROWS])
def test_each_limit_is_the_one_of_the_code(what: str, limit: str, module: str, name: str) -> None:
    assert limit in _written(getattr(import_module(module), name)), what


def test_how_many_of_each_is_what_check_counts() -> None:
    found = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    assert {key: int(most.replace(",", "")) for key, most in found} == dict(MOST)


def test_how_long_a_log_may_become_is_what_the_code_says() -> None:
    found = re.findall(r"^\| ([\d,]+) events or ([\d.]+) GiB \|", PAGE, re.MULTILINE)
    lengths = [Extent(int(events.replace(",", "")), int(float(size) * (1 << 30))) for events, size in found]
    assert lengths == [NEAR, FULL, CROWDED, LEFT_TO_PEOPLE, LONGEST]
