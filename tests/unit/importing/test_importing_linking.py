"""Which table of the TOML belongs to which lines of the source."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from test_importing_accounting import RUNBOOK, made

from cockpit.importing.imported import imported
from cockpit.importing.ledger import Entry
from cockpit.importing.linking import TOP, keys_of, lines_of, toml_lines
from cockpit.importing.source import read_source

TESTS = Path(__file__).parents[2]
RUNBOOKS = [
    *sorted((TESTS / "importing_corpus").glob("*.md")),
    *sorted((TESTS.parents[1] / "shared" / "runbooks").glob("*.md")),
]
"""Also those that lie beside the checkout, where they do."""

TOML = '''\
# Imported.

id = "shop"
environment = "staging"
description = """
[[phases]]
id = "not_a_phase\\"""
  [variables.none]
"""

[variables.url]
env = "URL"

[window]
start = "22:00"
end = "23:00"

# a remark
# of two lines
[[probes]]
id = "api"
kind = "http"

[probes.headers]
"X-A" = "1"

[[phases]]
id = "one"
title = "One"

[[phases.steps]]
id = "go"
title = "Go"
instructions = """
a

# no remark
"""

[[rollbacks]]
id = "back"
title = "Back"

[[rollbacks.phases]]
id = "back_phase"
title = "Back"

[[rollbacks.phases.steps]]
id = "undo"
title = "Undo"
'''


def test_every_table_is_found_with_its_remarks_and_no_text_is_taken_for_one():
    found = toml_lines(TOML)
    spans = {table.key: (found.lines[table.first - 1], found.lines[table.last - 1]) for table in found.tables}
    assert spans == {
        TOP: ("# Imported.", '"""'),
        ("variable", "url"): ("[variables.url]", 'env = "URL"'),
        ("window", ""): ("[window]", 'end = "23:00"'),
        ("probe", "api"): ("# a remark", '"X-A" = "1"'),
        ("phase", "one"): ("[[phases]]", 'title = "One"'),
        ("step", "go"): ("[[phases.steps]]", '"""'),
        ("rollback plan", "back"): ("[[rollbacks]]", 'title = "Back"'),
        ("phase", "back_phase"): ("[[rollbacks.phases]]", 'title = "Back"'),
        ("step", "undo"): ("[[rollbacks.phases.steps]]", 'title = "Undo"'),
    }


def test_lines_that_go_on_a_text_are_known():
    found = toml_lines(TOML)
    assert {found.lines[line - 1] for line in found.inside} == {
        "[[phases]]", 'id = "not_a_phase\\"""', "  [variables.none]", '"""', "a", "", "# no remark",
    }  # fmt: skip


def test_a_line_belongs_to_one_table_and_a_blank_one_between_two_to_none():
    found = toml_lines(TOML)
    by_line = {text: found.table_at(number) for number, text in enumerate(found.lines, 1)}
    step = by_line['id = "go"']
    assert step is not None
    assert step.key == ("step", "go")
    assert found.table_at(step.last + 1) is None
    assert found.table_at(len(found.lines) + 9) is None


@pytest.mark.parametrize(
    ("became", "keys"),
    [
        ("step go", [("step", "go")]),
        ("heading of step go", [("step", "go")]),
        ("description of phase one", [("phase", "one")]),
        ("rollback plan back", [("rollback plan", "back")]),
        ("rollback plans", [("rollback plan", "back")]),
        ("title and description", [TOP]),
        ("window", [("window", "")]),
        ("probes", [("probe", "api")]),
        ("something else", []),
    ],
)
def test_what_a_line_became_names_its_table(became: str, keys: list[tuple[str, str]]):
    entry = Entry(line=1, text="x", fate="mapped", became=(became,))
    assert list(keys_of(entry, toml_lines(TOML).tables)) == keys


def test_everything_that_a_line_became_can_be_found_in_the_profile():
    whole = made(RUNBOOK)
    found = toml_lines(whole.toml)
    known = {table.key for table in found.tables}
    for entry in whole.accounts[0].entries:
        keys = keys_of(entry, found.tables)
        assert set(keys) <= known, entry
        assert bool(keys) == (entry.fate == "mapped"), entry


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_in_whole_runbooks_every_line_leads_to_its_table_and_every_step_to_its_lines(path: Path):
    whole = imported([read_source(path.read_bytes(), path.name)])
    found = toml_lines(whole.toml)
    known = {table.key for table in found.tables}
    for entry in whole.accounts[0].entries:
        for became in entry.became:
            keys = set(keys_of(replace(entry, became=(became,)), found.tables))
            assert keys, f"line {entry.line} became {became!r}, which names nothing"
            assert keys <= known, f"line {entry.line} became {became!r}, which is not there"
    for _, step in whole.profile.every_step():
        if step.source:
            place = lines_of(step.source)
            assert place is not None
            name, first, last = place
            assert (name, 1 <= first <= last <= len(whole.accounts[0].entries)) == (path.name, True)
            assert any(entry.fate == "mapped" for entry in whole.accounts[0].entries[first - 1 : last]), step.id


def test_a_step_says_its_lines_and_nothing_else_is_taken_for_them():
    assert lines_of("docs/A B.md:57-61") == ("docs/A B.md", 57, 61)
    assert lines_of("A.md:7") == ("A.md", 7, 7)
    assert lines_of("A.md:9-7") == ("A.md", 9, 9)
    assert [lines_of(text) for text in ("", "A.md", "A.md:", ":5", "A.md:x", "A.md:5-")] == [None] * 6
