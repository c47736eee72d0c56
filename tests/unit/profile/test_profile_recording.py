"""What is recorded, and what can be known of it by the time that a step is reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_kinds import KINDS

from cockpit.profile.conditions import (
    ConditionError,
    compile_condition,
    gate_environment,
    plan_environment,
    probes_in,
    recorded_in,
    since_in,
)
from cockpit.profile.model import Phase, Probe, Profile, RollbackPlan, Step
from cockpit.profile.recording import recorded


def record(name: str, *, number: bool = False) -> Step:
    settings: dict[str, object] = {"name": name, **({"type": "number"} if number else {})}
    return Step(id=f"note_{name}", title=name, kind="record", behaviour="record", settings=settings)


PROFILE = Profile(
    id="p",
    environment="e",
    probes=(Probe(id="api", kind="web"),),
    phases=(
        Phase(
            id="one",
            title="One",
            steps=(
                record("count", number=True),
                record("backup"),
                Step(id="go", title="Go", kind="decision", behaviour="decision"),
            ),
        ),
    ),
    rollbacks=(
        RollbackPlan(id="back", title="Back", phases=(Phase(id="undo", title="Undo", steps=(record("reason"),)),)),
    ),
)
GATE, PLAN = gate_environment(PROFILE, KINDS), plan_environment(PROFILE, KINDS)


def test_a_condition_knows_recorded_values_by_their_types_and_says_what_it_reads() -> None:
    condition = compile_condition("recorded.count > 5.0 && recorded.go == 'go' && api.passing", GATE)
    assert (probes_in(condition), recorded_in(condition), since_in(condition)) == (("api",), ("count", "go"), ())
    facts = {"recorded.count": 6.0, "recorded.go": "go", "api.passing": True}
    assert condition.evaluate(facts) is True
    assert condition.evaluate({**facts, "recorded.go": "no_go"}) is False
    assert condition.evaluate({"recorded.count": 6.0, "api.passing": True}) == "`recorded.go` has no value"


def test_only_a_plan_knows_how_long_ago_a_step_was_settled() -> None:
    condition = compile_condition("since.go < 3600.0 || recorded.reason == 'x'", PLAN)
    assert (since_in(condition), recorded_in(condition)) == (("go",), ("reason",))
    assert condition.evaluate({"since.go": 60.0}) is True
    with pytest.raises(ConditionError, match=r"there is no `since.go`"):
        compile_condition("since.go < 3600.0", GATE)
    with pytest.raises(ConditionError, match=r"there is no `since.note_reason`"):
        compile_condition("since.note_reason < 3600.0", PLAN)  # a plan's own steps are not what it is judged by


def test_words_of_a_text_or_of_another_value_are_no_names() -> None:
    condition = compile_condition("recorded.backup != 'recorded.go' && recorded.backup.contains('x')", GATE)
    assert recorded_in(condition) == ("backup",)


def test_an_ordered_walk_knows_what_came_before_and_a_free_phase_what_the_others_record() -> None:
    free = Phase(id="two", title="Two", order="free", steps=(record("left"), record("right")))
    known = recorded(Profile(id="p", environment="e", phases=(*PROFILE.phases, free)))
    assert known.before["note_backup"] == {"count"}
    assert known.before["go"] == {"count", "backup"}
    assert known.entering["two"] == {"count", "backup", "go"}
    assert known.before["note_left"] == {"count", "backup", "go", "right"}
    assert known.leaving["two"] == known.everything


@given(st.lists(st.sampled_from("abcde"), max_size=8), st.booleans())
def test_nothing_is_known_before_it_could_have_been_recorded(names: list[str], is_free: bool) -> None:
    steps = tuple(
        Step(id=f"s{index}", title="S", behaviour="record", settings={"name": name}) for index, name in enumerate(names)
    )
    phase = Phase(id="p", title="P", steps=steps, order="free" if is_free else "ordered")
    known = recorded(Profile(id="p", environment="e", phases=(phase,)))
    for index in range(len(names)):
        others = names[:index] + names[index + 1 :] if is_free else names[:index]
        assert known.before[f"s{index}"] == set(others)
