"""Which table of the TOML belongs to which lines of the source."""

from __future__ import annotations

import pytest
from test_importing_accounting import RUNBOOK, made

from cockpit.importing.ledger import Entry
from cockpit.importing.linking import TOP, keys_of, toml_lines

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
    imported = made(RUNBOOK)
    found = toml_lines(imported.toml)
    known = {table.key for table in found.tables}
    for entry in imported.accounts[0].entries:
        keys = keys_of(entry, found.tables)
        assert set(keys) <= known, entry
        assert bool(keys) == (entry.fate == "mapped"), entry
