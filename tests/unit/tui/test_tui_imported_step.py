"""Steps that came from a runbook: where each says it comes from, and SQL that is shown as SQL."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from report_story import Told
from screen_story import ANA, PROFILE, Story

from cockpit.profile.model import Phase, Step
from cockpit.report.chronicle.chronicle import chronicle
from cockpit.report.paper.paper import paper
from cockpit.report.paper.sheet import Sheet
from cockpit.run.readiness import of_claims
from cockpit.tui.lines import Line, width_of
from cockpit.tui.panes import stepping

SQL = Step(
    id="count",
    title="Count them",
    command="SELECT count(*)\nFROM users",
    language="sql",
    source="docs/MOVE \x1b[2Jit.md:57-61",
    claimed="ticked in the runbook",
)
SHELL = Step(id="stop", title="Stop", command="systemctl stop shop", source="MOVE.md:64")


def story(step: Step) -> Story:
    return Story(replace(PROFILE, phases=(Phase(id="p", title="P", steps=(step,)),), rollbacks=(), triggers=()))


def lines(step: Step, width: int = 60) -> list[Line]:
    return stepping.lines(story(step).seen(), width, 20, is_formatted=True)


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


def test_the_step_s_pane_ends_with_the_lines_of_the_runbook_it_came_from():
    last = lines(SHELL)[-1]
    assert last == (("from MOVE.md:64", "dim"),)
    assert not any("from " in text(line) for line in lines(replace(SHELL, source="")))


def test_a_long_or_hostile_place_is_one_visible_line():
    last = lines(SQL)[-1]
    assert text(last) == "from docs/MOVE ␛[2Jit.md:57-61"
    assert width_of(lines(replace(SQL, source="x" * 500), width=30)[-1]) == 30


def test_sql_that_a_person_runs_elsewhere_is_shown_as_sql():
    shown = [line for line in lines(SQL) if text(line).startswith("=# ")]
    assert [text(line) for line in shown] == ["=# SELECT count(*)"]
    assert ("SELECT", "accent") in shown[0]
    assert any(text(line) == "$ systemctl stop shop" for line in lines(SHELL))


def test_paper_says_where_a_step_comes_from_and_that_it_is_sql():
    told = story(SQL)
    sheet = Sheet(state=told.state, head=None, source=Path("log"), now=told.seen().now, writer=ANA)
    printed = paper(sheet)
    assert "from docs/MOVE ␛[2Jit.md:57-61" in printed
    assert "SQL, run elsewhere by a person:" in printed


def test_a_claim_says_where_it_was_ticked():
    (finding,) = of_claims(story(replace(SQL, source="MOVE.md:57")).state.profile)
    assert "(ticked in the runbook, MOVE.md:57)" in finding.what


def test_the_report_s_data_say_where_a_step_comes_from():
    profile = replace(PROFILE, phases=(Phase(id="p", title="P", steps=(SHELL,)),), rollbacks=(), triggers=())
    (step,) = chronicle(Told(profile).events).steps
    assert step.source == "MOVE.md:64"
