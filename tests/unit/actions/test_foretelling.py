"""What a rehearsal cannot do or take back is named before it begins."""

from __future__ import annotations

from pathlib import Path

from cockpit.actions.foretelling import ONLY_SHOWN, foretell
from cockpit.profile.model import Phase, Profile, RollbackPlan, Step


def profile(*steps: Step, back: tuple[Step, ...] = ()) -> Profile:
    plans = (RollbackPlan(id="back", title="Back", phases=(Phase(id="way", title="Way", steps=back),)),) if back else ()
    return Profile(
        id="shop", environment="staging", phases=(Phase(id="one", title="One", steps=steps),), rollbacks=plans
    )


def sql(id_: str, text: str, **settings: object) -> Step:
    return Step(
        id=id_, title=id_, kind="sql", behaviour="action", settings={"target": "db", "statements": text, **settings}
    )


def command(id_: str, **settings: object) -> Step:
    return Step(id=id_, title=id_, kind="command", behaviour="action", settings={"argv": ["true"], **settings})


def told(tmp_path: Path, *steps: Step, back: tuple[Step, ...] = ()) -> list[tuple[str, str]]:
    return [(each.step, each.sentence) for each in foretell(profile(*steps, back=back), tmp_path)]


def test_what_people_do_and_what_has_a_dry_run_needs_no_word(tmp_path: Path) -> None:
    assert told(tmp_path, Step(id="a", title="A"), command("b", dry_run=["true"])) == []


def test_commands_without_a_dry_run_and_messages_are_only_shown(tmp_path: Path) -> None:
    tell = Step(id="tell", title="Tell", kind="message", behaviour="message", settings={"template": "t"})
    assert told(tmp_path, command("a"), tell) == [("a", ONLY_SHOWN), ("tell", "only shown: nothing is sent")]


def test_sql_that_cannot_be_rolled_back_is_only_shown(tmp_path: Path) -> None:
    ((step, sentence),) = told(tmp_path, sql("index", "CREATE INDEX CONCURRENTLY i ON t (a);", transaction=False))
    assert step == "index"
    assert sentence.startswith("only shown: ")


def test_sequences_that_stay_where_they_went_are_named(tmp_path: Path) -> None:
    assert any("nextval" in sentence for _, sentence in told(tmp_path, sql("take", "SELECT nextval('s');")))


def test_a_step_that_needs_what_an_earlier_one_makes_is_named_also_on_the_way_back(tmp_path: Path) -> None:
    found = told(tmp_path, sql("make", "CREATE TABLE t (a int);"), back=(sql("drop", "DROP TABLE t;"),))
    assert [step for step, sentence in found if "rolled back" in sentence and "`make`" in sentence] == ["drop"]


def test_steps_of_different_targets_do_not_depend_on_each_other(tmp_path: Path) -> None:
    found = told(tmp_path, sql("make", "CREATE TABLE t (a int);"), sql("use", "SELECT a FROM t;", target="other"))
    assert [step for step, _ in found if step == "use"] == []


def test_a_file_that_cannot_be_read_is_said_of_its_step(tmp_path: Path) -> None:
    step = Step(id="a", title="A", kind="sql", behaviour="action", settings={"target": "db", "file": "none.sql"})
    ((named, sentence),) = told(tmp_path, step)
    assert named == "a"
    assert "none.sql" in sentence


def test_what_another_plug_in_does_is_not_promised(tmp_path: Path) -> None:
    step = Step(id="a", title="A", kind="teleport", behaviour="action")
    assert told(tmp_path, step) == [("a", "what kind `teleport` does in a rehearsal is up to its plug-in")]
