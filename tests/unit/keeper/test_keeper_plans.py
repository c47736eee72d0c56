"""Which plans are said to fit, and what conditions know of what people entered."""

from __future__ import annotations

from typing import Any

from keeper_moments import ENVIRONMENT, UNREAD, at, rate

from cockpit.keeper.gates import Gate
from cockpit.keeper.plans import FIRST_S, Plans
from cockpit.keeper.recorded import Recorded, since
from cockpit.profile.model import Phase, Profile, RollbackPlan, Step
from cockpit.run.events import (
    ActionEnded,
    ActionRequested,
    ActionSettled,
    ActionStarted,
    Actor,
    Body,
    Event,
    PlansJudged,
    RunStarted,
    StepConfirmed,
    StepDoneOutside,
    StepSkipped,
)
from cockpit.run.evolve import fold
from cockpit.run.readings import Verdict
from cockpit.run.state import RunState


def plans(told: dict[str, Verdict] | None = None) -> Plans:
    made = (
        RollbackPlan(id="quick", title="Quick", phases=(), when=("since.deploy < 3600.0", "rate < 10.0")),
        RollbackPlan(id="always", title="Always", phases=()),
    )
    return Plans(made, ENVIRONMENT, told or {}, 0.0)


def test_what_fits_is_told_once_and_again_when_it_changes() -> None:
    judge = plans()
    said = judge.look(rate(1.0), {"since.deploy": 60.0}, 1.0)
    assert said == PlansJudged(verdicts={"quick": "pass", "always": "pass"})
    assert judge.look(rate(1.0), {"since.deploy": 3000.0}, 2.0) is None
    said = judge.look(rate(1.0), {"since.deploy": 3600.0}, 3.0)
    assert said is not None
    assert said.verdicts["quick"] == "blocked"
    assert said.details == {"quick": "since.deploy < 3600.0: since.deploy is 3600.0"}
    assert judge.look(rate(1.0), {"since.deploy": 3700.0}, 4.0) is None, "other numbers are no other verdict"


def test_what_cannot_be_said_is_no_fit() -> None:
    said = plans().look(rate(1.0), {}, 1.0)
    assert said is not None
    assert said.verdicts == {"quick": "unknown", "always": "pass"}
    assert "`since.deploy` has no value" in said.details["quick"]


def test_it_waits_a_moment_for_first_readings() -> None:
    judge = plans()
    assert judge.look(UNREAD, {"since.deploy": 1.0}, FIRST_S - 0.1) is None
    said = judge.look(UNREAD, {"since.deploy": 1.0}, FIRST_S)
    assert said is not None
    assert said.verdicts["quick"] == "pending"


def test_a_second_keeper_does_not_repeat_the_first() -> None:
    assert plans({"quick": "pass", "always": "pass"}).look(rate(1.0), {"since.deploy": 1.0}, 1.0) is None


def test_values_are_texts_or_numbers_as_their_record_says() -> None:
    steps = (
        Step(id="ticket", title="T", kind="record", behaviour="record", settings={"pattern": "[A-Z0-9]+"}),
        Step(id="count", title="C", kind="record", behaviour="record", settings={"type": "number", "name": "users"}),
        Step(id="go", title="G", kind="decision", behaviour="decision"),
    )
    profile = Profile(id="shop", environment="x", phases=(Phase(id="one", title="One", steps=steps),))
    recorded = Recorded(profile)
    assert recorded.facts({"ticket": "12", "users": "12", "go": "no_go"}) == {
        "recorded.ticket": "12", "recorded.users": 12.0, "recorded.go": "no_go",
    }  # fmt: skip
    assert recorded.facts({"users": "many"}) == {}
    assert recorded.facts({"users": "nan"}) == {}


DEPLOY = Profile(
    id="shop", environment="x", phases=(Phase(id="one", title="One", steps=(Step(id="deploy", title="D"),)),)
)


def told(*bodies: tuple[Body, float]) -> RunState:
    first = RunStarted(profile=DEPLOY, profile_digest="", sources=(), cockpit_version="1")
    return fold(
        Event(n, str(n), body.type, True, at(when_s), Actor("ana", "here"), body, "R")
        for n, (body, when_s) in enumerate(((first, 0), *bodies), 1)
    )


def since_deploy(now_s: float, *bodies: tuple[Body, float]) -> float | None:
    found = since(told(*bodies), at(now_s), ("deploy", "gone"))
    assert set(found) <= {"since.deploy"}
    return found.get("since.deploy")  # type: ignore[return-value] # seconds


ASKED = (ActionRequested(action="a", step="deploy", attempt=1, epoch=1), 90)
BEGUN = (ActionStarted(action="a", step="deploy", attempt=1, shown="x", runs_as="ana@here"), 100)


def ended(outcome: Any, *, nothing_done: bool = False) -> Body:
    return ActionEnded(action="a", step="deploy", outcome=outcome, nothing_done=nothing_done)


def test_since_counts_from_the_settling_of_a_step_that_a_person_does() -> None:
    assert since_deploy(50) is None
    assert since_deploy(160, (StepConfirmed(step="deploy", attempt=1), 100)) == 60.0
    assert since_deploy(160, (StepSkipped(step="deploy", attempt=1, reason="r"), 100)) == 60.0


def test_since_counts_from_the_end_of_an_action_confirmed_or_not() -> None:
    done = (ASKED, BEGUN, (ended("succeeded"), 130))
    assert since_deploy(120, ASKED) is None
    assert since_deploy(120, ASKED, BEGUN) == 20.0
    assert since_deploy(160, *done) == 30.0
    assert since_deploy(160, *done, (StepConfirmed(step="deploy", attempt=1), 150)) == 30.0
    assert since_deploy(160, ASKED, BEGUN, (ended("timed_out"), 130)) == 30.0, "it may have been done"


def test_since_counts_from_the_beginning_of_an_action_whose_end_is_not_known() -> None:
    unknown = (ASKED, BEGUN, (ended("unknown"), 130))
    assert since_deploy(160, *unknown) == 60.0
    assert since_deploy(160, *unknown, (ActionSettled(action="a", outcome="succeeded", reason="r"), 150)) == 60.0


def test_since_counts_nothing_that_was_not_done() -> None:
    assert since_deploy(160, ASKED, BEGUN, (ended("failed", nothing_done=True), 130)) is None
    assert since_deploy(160, ASKED, (ended("refused"), 130)) is None
    by_hand = (StepDoneOutside(step="deploy", attempt=1, reason="r"), 150)
    assert since_deploy(160, ASKED, BEGUN, (ended("failed", nothing_done=True), 130), by_hand) == 10.0


def test_a_condition_on_what_was_recorded_says_what_that_is() -> None:
    gate = Gate(("recorded.go == 'go'",), ENVIRONMENT)
    assert gate.probes == ()
    verdict, (condition,) = gate.judge({}, {"recorded.go": "no_go"})
    assert (verdict, condition.detail) == ("blocked", "recorded.go is no_go")
    assert gate.judge({}, {"recorded.go": "go"})[0] == "pass"
    verdict, (condition,) = gate.judge({}, {})
    assert (verdict, condition.detail) == ("unknown", "`recorded.go` has no value")
