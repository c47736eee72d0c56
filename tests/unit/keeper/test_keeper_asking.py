"""What people are called for as long as it lasts."""

from __future__ import annotations

from keeper_moments import at

from cockpit.keeper.asking import asks
from cockpit.profile.model import Phase, Profile, Step, Trigger
from cockpit.run.events import Actor, Event, Instant, RunFinished, RunStarted, StepConfirmed
from cockpit.run.evolve import fold
from cockpit.run.state import RunState

PROFILE = Profile(
    id="shop", environment="x", phases=(Phase(id="one", title="One", steps=(Step(id="look", title="Look"),)),),
    triggers=(Trigger(id="slow", title="Too slow", when=("rate > 10.0",), severity="immediate"),),
)  # fmt: skip
STARTED = RunStarted(profile=PROFILE, profile_digest="", sources=(), cockpit_version="1")


def told(*bodies: StepConfirmed | RunFinished) -> RunState:
    moments: list[Instant] = [at(number) for number in range(len(bodies) + 1)]
    return fold(
        Event(number, str(number), body.type, True, moments[number - 1], Actor("ana", "here"), body, "R")
        for number, body in enumerate((STARTED, *bodies), 1)
    )


def test_a_run_whose_steps_are_all_settled_asks_to_be_finished() -> None:
    confirmed = StepConfirmed(step="look", attempt=1)
    assert asks(told(), ()) == {}
    assert list(asks(told(confirmed), ())) == ["finish"]
    assert asks(told(confirmed), ())["finish"].startswith("every step is settled: finish the run (F)")
    assert asks(told(confirmed, RunFinished()), ()) == {}


def test_a_trigger_that_nobody_can_judge_asks_for_somebody() -> None:
    assert asks(told(), ("slow",)) == {
        "blind slow": "trigger (immediate) cannot be judged, its probes cannot be read: Too slow"
    }
