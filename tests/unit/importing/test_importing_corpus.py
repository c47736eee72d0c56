"""Runbooks of many styles against counts that were made by hand.

The counts stand beside the runbooks, in `tests/importing_corpus/*.toml`. They were made from reading alone; a word
means:

- `actionable`: lines that ask for something by their structure: items, lines of code that are no comments, rows;
- `steps`: what a person would tick, those of the ways back among them; code that a heading or item introduces is not a
  second step beside it; `commands`, `sql`, `waits`: of these, by what they show or do;
- `http`, `env`, `prometheus`: probes; `thresholds`: bounds on what is measured, a range being two;
- `phases`: sections that hold steps, those of the ways back among them.

Where an import counts otherwise, `[differs.KEY]` tells what it finds and why that is left as it is.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import importing_claims as claims
import pytest

from cockpit.importing.accounting import counts, line_counts
from cockpit.importing.imported import Imported

CORPUS = Path(__file__).parents[2] / "importing_corpus"
RUNBOOKS = CORPUS.parents[2] / "shared" / "runbooks"
OWN = sorted(path for path in CORPUS.iterdir() if path.suffix in (".md", ".txt", ".yml"))
SHARED = sorted((CORPUS / "shared").glob("*.toml"))
ALL = [*(path.name for path in OWN), *(f"{path.stem}.md" for path in SHARED)]


def place(name: str) -> Path:
    """Where a runbook is."""
    return CORPUS / name if (CORPUS / name).exists() else RUNBOOKS / name


@cache
def made_of(name: str) -> Imported:
    """The import of a runbook of the corpus."""
    path = place(name)
    if not path.exists():
        pytest.skip("../shared/runbooks is absent")
    return claims.import_text(path.read_bytes(), name)


def by_hand(name: str) -> dict[str, Any]:
    """The counts of a runbook."""
    stem = Path(name).stem
    path = CORPUS / f"{stem}.toml"
    return tomllib.loads((path if path.exists() else CORPUS / "shared" / f"{stem}.toml").read_text())


def counted(made: Imported) -> dict[str, int]:
    """What an import found, under the same words."""
    held, lines = counts(made), line_counts(made.accounts)
    found = {name: getattr(held, name) for name in held.__struct_fields__}
    return found | {
        "lines": lines.lines,
        "actionable": lines.actionable,
        "thresholds": len(claims.bounds(made.profile)),
    }


def test_there_are_ten_runbooks_of_other_styles_and_five_of_real_systems():
    assert len(OWN) >= 10
    assert len(SHARED) == 5
    assert all(len(by_hand(name)["counts"]) >= 15 for name in ALL)


@pytest.mark.parametrize("name", ALL)
def test_an_import_counts_what_was_counted_by_hand(name):
    hand = by_hand(name)
    expected = dict(hand["counts"])
    for key, differing in hand.get("differs", {}).items():
        assert differing["found"] != expected[key], f"{key} does not differ any more: take its entry away"
        assert len(differing["why"]) > 20
        expected[key] = differing["found"]
    found = counted(made_of(name))
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize("name", ALL)
def test_95_of_100_actionable_lines_are_mapped(name):
    lines = line_counts(made_of(name).accounts)
    assert lines.mapped >= 0.95 * lines.actionable


@pytest.mark.parametrize("name", ALL)
def test_every_line_is_accounted_for_and_what_is_mapped_is_there(name):
    assert claims.unaccounted(made_of(name)) == []
    assert claims.forgotten(made_of(name)) == []


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_invented(name):
    assert claims.invented(made_of(name)) == []


@pytest.mark.parametrize("name", ALL)
def test_every_step_comes_from_lines_that_say_it(name):
    assert claims.unplaced(made_of(name)) == []


@pytest.mark.parametrize("name", ALL)
def test_what_is_imported_passes_check_and_loads_as_it_was_drafted(name, tmp_path):
    errors, _ = claims.problems(made_of(name), tmp_path)
    assert errors == []
