"""Laws of the fold and of deciding, over whatever people and keepers may do."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from run_story import ALIVE, ANA, BO, GONE, PROFILE, Story, in_production

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.commands import Refusal
from cockpit.run.decide import decide
from cockpit.run.events import Event
from cockpit.run.evolve import evolve, fold
from cockpit.run.forecast import forecast
from cockpit.run.readings import Reading
from cockpit.run.state import EMPTY
from cockpit.run.wording import sentence

STEPS = ["maintenance", "migrate", "validate", "rollout", "smoke", "nope"]
steps = st.sampled_from(STEPS)
texts = st.sampled_from(["r", "", " ", "\x1b[2J", "long " * 9])
phases = st.sampled_from(["database", "application", "nope"])
gates = st.sampled_from([f"step:{step}" for step in STEPS] + ["phase:application", "phase:database", "odd"])
probes = st.sampled_from(["api", "missing", "manual", "nope"])
shown = st.sampled_from(["pass", "warn", "fail", "error", "stale", "unread"])
verdicts = st.sampled_from(["pending", "pass", "blocked", "unknown"])
values = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.just("text")
readings = st.builds(Reading, probe=probes, status=st.sampled_from(["pass", "warn", "fail", "error"]), value=values)
small = st.integers(0, 40)
bodies: st.SearchStrategy[e.Body] = st.one_of(
    st.just(e.RunStarted(profile=PROFILE, profile_digest="0", sources=(), cockpit_version="0")),
    st.just(e.RunFinished()),
    st.builds(e.RunAborted, reason=texts),
    st.builds(e.PhaseEntered, phase=phases),
    st.builds(e.StepConfirmed, step=steps, attempt=small),
    st.builds(e.StepDoneOutside, step=steps, attempt=small, reason=texts),
    st.builds(e.StepSkipped, step=steps, attempt=small, reason=texts),
    st.builds(e.StepReopened, step=steps, attempt=small, reason=texts),
    st.builds(e.CursorJumped, step=steps, left=steps, reason=texts),
    st.builds(e.GateOverridden, gate=gates, reason=texts, verdict=verdicts),
    st.builds(e.GateChanged, gate=gates, opened_seq=small, verdict=verdicts),
    st.builds(e.NoteAdded, text=texts),
    st.builds(e.HoldPlaced, reason=texts),
    st.builds(e.HoldReleased, reason=texts),
    st.builds(e.PenTaken, epoch=small, reason=texts),
    st.builds(e.KeeperStarted, epoch=small, pid=small, version=texts),
    st.builds(e.KeeperStopped, epoch=small, reason=texts),
    st.builds(e.ProbeChanged, probe=probes, previous=shown, status=shown, value=values),
    st.builds(e.ProbesSampled, readings=st.lists(readings, max_size=4).map(tuple),
              ages=st.lists(st.none() | small, max_size=5).map(tuple)),
    st.builds(e.OperatorAttached, seat=texts, role=st.sampled_from(["acting", "watching"])),
    st.builds(e.OperatorDetached, seat=texts),
    st.builds(e.LogRecovered, offset=small, length=small, sha256=texts),
    st.just(e.UnknownBody(data={"x": 1})),
)  # fmt: skip


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """Any events in any order, mostly after a start, over reboots and clocks that were set back."""
    story = Story(start=draw(st.booleans()))
    for body in draw(st.lists(bodies, max_size=25)):
        story.passes(draw(st.floats(-50, 500)))
        story.boot = draw(st.sampled_from(["boot-a", "boot-a", "boot-b"]))
        event = story.event(body, draw(st.sampled_from([ANA, BO])))
        if isinstance(body, e.UnknownBody):
            event = Event(event.seq, event.id, "x.y", draw(st.booleans()), event.instant, event.actor, body, event.run)
        story.events.append(event)
    return story.events


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs(), st.integers(0, 30))
def test_folding_a_split_log_is_folding_it_whole(events: list[Event], cut: int) -> None:
    whole = fold(events)
    assert whole == fold(events[cut:], fold(events[:cut]))
    assert whole.last_seq == len(events)
    assert whole.last_fact_seq == max((event.seq for event in events if event.is_fact), default=0)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_whatever_happened_the_cursor_stands_on_an_open_step_and_everything_can_be_told(events: list[Event]) -> None:
    state = EMPTY
    for event in events:
        before, shown_before = state, repr(state)
        state = evolve(state, event)
        assert repr(before) == shown_before
        assert len(sentence(event, state)) <= 240
        assert sentence(event)
        if state.cursor is not None and state.cursor.step is not None:
            assert state.steps[state.cursor.step].status == "open"
        if state.status == "live":
            assert (state.cursor is None) == all(step.status != "open" for step in state.steps.values())
        else:
            assert state.cursor is None
        told = forecast(state, event.instant)
        assert min(told.used_s, told.left_s, told.remaining_s, told.elapsed_s) >= 0


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_telemetry_changes_probes_and_seats_only(events: list[Event]) -> None:
    state = EMPTY
    for event in events:
        after = evolve(state, event)
        if not event.is_fact and not isinstance(event.body, e.UnknownBody):
            fields = set(state.__struct_fields__) - {"probes", "seats", "last_seq", "last"}
            assert all(getattr(state, name) == getattr(after, name) for name in fields)
        state = after


class Walking(RuleBasedStateMachine):
    """People ask for things at random, a keeper judges at random; what is decided is folded."""

    @initialize(production=st.booleans())
    def start(self, production: bool) -> None:
        self.story = Story(in_production() if production else PROFILE)
        self.confirmed_by_events: set[str] = set()

    def ask(self, kind: type[c.Command], **fields: Any) -> tuple[e.Body, ...] | Refusal:
        story = self.story
        command = story.command(kind, **fields)
        decided = decide(story.state, command)
        if isinstance(decided, Refusal):
            assert decided.code
            assert decided.why
            assert decided.instead
            return decided
        held, before = story.state.hold, story.state
        assert len(decided) == 1
        for body in decided:
            if isinstance(body, e.StepConfirmed):
                assert held is None
                assert before.cursor is not None
                assert before.cursor.step == body.step
                self.confirmed_by_events.add(body.step)
            if isinstance(body, e.StepReopened):
                self.confirmed_by_events.discard(body.step)
            story.happens(body, command.actor)
        again = decide(story.state, command)
        if isinstance(command, c.PlanCommand) and not isinstance(command, c.OverrideGate):
            assert isinstance(again, Refusal)
            assert again.code in {"not_current", "phase_not_entered", "over"}
        return decided

    @rule(step=steps, who=st.sampled_from([ANA, ANA, BO]), keeper=st.sampled_from([ALIVE, ALIVE, GONE]), typed=steps)
    def confirm(self, step: str, who: e.Actor, keeper: c.KeeperSight, typed: str) -> None:
        self.ask(c.ConfirmStep, step=step, actor=who, keeper=keeper, typed=typed)

    @rule(typed=st.booleans())
    def confirm_current(self, typed: bool) -> None:
        cursor = self.story.state.cursor
        if cursor is not None and cursor.step is not None:
            self.ask(c.ConfirmStep, step=cursor.step, typed=cursor.step if typed else "")

    @rule(step=steps, reason=texts, kind=st.sampled_from([c.SkipStep, c.RecordDoneOutside, c.JumpTo, c.ReopenStep]))
    def deviate(self, step: str, reason: str, kind: type[c.Command]) -> None:
        self.ask(kind, step=step, reason=reason)

    @rule(phase=phases)
    def enter(self, phase: str) -> None:
        self.ask(c.EnterPhase, phase=phase)

    @rule(reason=texts, typed=st.sampled_from(["production", ""]))
    def override_current(self, reason: str, typed: str) -> None:
        cursor = self.story.state.cursor
        if cursor is not None:
            self.ask(c.OverrideGate, gate=cursor.gate, reason=reason, typed=typed)

    @rule(reason=texts, who=st.sampled_from([ANA, BO]), kind=st.sampled_from([c.PlaceHold, c.ReleaseHold, c.TakePen]))
    def hold_release_pen(self, reason: str, who: e.Actor, kind: type[c.Command]) -> None:
        self.ask(kind, reason=reason, actor=who)

    @rule(verdict=verdicts)
    def judge(self, verdict: str) -> None:
        if self.story.state.cursor is not None:
            self.story.judges(verdict)

    @rule(body=bodies.filter(lambda body: not isinstance(body, e.RunStarted | e.StepConfirmed | e.StepReopened)
                             and not isinstance(body, e.UnknownBody | e.RunFinished | e.RunAborted)))  # fmt: skip
    def anything_else(self, body: e.Body) -> None:
        self.story.happens(body)

    @rule()
    def finish(self) -> None:
        open_steps = [step for step in self.story.state.steps.values() if step.status == "open"]
        decided = self.ask(c.FinishRun)
        assert isinstance(decided, Refusal) or not open_steps

    @invariant()
    def the_cursor_stands_on_an_open_step(self) -> None:
        if not hasattr(self, "story"):
            return
        state = self.story.state
        if state.cursor is not None and state.cursor.step is not None:
            assert state.steps[state.cursor.step].status == "open"

    @invariant()
    def steps_are_confirmed_by_events_only(self) -> None:
        if not hasattr(self, "story"):
            return
        confirmed = {name for name, step in self.story.state.steps.items() if step.status == "confirmed"}
        assert confirmed == self.confirmed_by_events

    @invariant()
    def the_log_alone_gives_the_state(self) -> None:
        if hasattr(self, "story"):
            assert fold(self.story.events) == self.story.state


Walking.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestWalking = Walking.TestCase
