"""Laws of the fold and of deciding, over whatever people and keepers may do."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace
from run_story import ALIVE, ANA, BEGIN, BO, GONE, PROFILE, Story, in_production
from whole_profile import CY, WHOLE
from whole_story import WholeStory

from cockpit.profile.model import Phase, Profile, RollbackPlan
from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run.advisor import due_steps
from cockpit.run.commands import Refusal
from cockpit.run.decide import decide
from cockpit.run.events import Event
from cockpit.run.evolve import evolve, fold
from cockpit.run.forecast import forecast
from cockpit.run.friction import is_run
from cockpit.run.handover import COLUMNS, LINES, card, moved_on, standing
from cockpit.run.numbering import find_step
from cockpit.run.readings import Reading
from cockpit.run.state import EMPTY, RunState
from cockpit.run.walk import route
from cockpit.run.wording import sentence
from cockpit.text import visible

HOSTILE = "\x1b]0;x\x07[@click=quit]\u202e‮" + "long " * 900


def hostile() -> Profile:
    """The whole profile as somebody would write it who means harm to terminals."""

    def phase(each: Phase) -> Phase:
        return replace(
            each, title=HOSTILE, steps=tuple(replace(step, title=f"{HOSTILE}{step.id}") for step in each.steps)
        )

    return replace(
        WHOLE,
        title=HOSTILE,
        phases=tuple(phase(each) for each in WHOLE.phases),
        rollbacks=tuple(
            replace(plan, title=HOSTILE, phases=tuple(phase(each) for each in plan.phases)) for plan in WHOLE.rollbacks
        ),
        triggers=tuple(replace(trigger, title=HOSTILE) for trigger in WHOLE.triggers),
        roles=tuple(replace(role, title=HOSTILE) for role in WHOLE.roles),
        templates=tuple(replace(template, to=HOSTILE, title=HOSTILE) for template in WHOLE.templates),
    )


HOSTILE_PROFILE = hostile()
STEPS = [*{step.id for profile in (PROFILE, WHOLE) for _, step in profile.every_step()}, "nope"]
STEPS.sort()
steps = st.sampled_from(STEPS)
texts = st.sampled_from(["r", "", " ", "\x1b[2J", "long " * 9, HOSTILE])
phases = st.sampled_from(["database", "application", "prepare", "undo", "nope"])
gates = st.sampled_from(
    [f"{kind}:{step}" for step in STEPS for kind in ("step", "run", "if")]
    + ["phase:application", "phase:database", "exit:prepare", "odd"]
)
actions = st.sampled_from(["A1", "A2", "A3"])
plans = st.sampled_from(["back", "later", "nope"])
triggers = st.sampled_from(["errors", "slow", "complaints", "nope", ""])
outcomes = st.sampled_from(["succeeded", "failed", "timed_out", "cancelled", "refused", "lapsed", "unknown"])
moments = st.integers(0, 200_000).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
probes = st.sampled_from(["api", "missing", "manual", "nope"])
shown = st.sampled_from(["pass", "warn", "fail", "error", "stale", "unread"])
verdicts = st.sampled_from(["pending", "pass", "blocked", "unknown"])
values = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.just("text")
readings = st.builds(Reading, probe=probes, status=st.sampled_from(["pass", "warn", "fail", "error"]), value=values)
small = st.integers(0, 40)
doings: st.SearchStrategy[e.Body] = st.one_of(
    st.builds(e.ActionRequested, action=actions, step=steps, attempt=small, epoch=small),
    st.builds(e.ActionStarted, action=actions, step=steps, attempt=small, shown=texts, runs_as=texts,
              mode=st.sampled_from(["real", "dry_run", "shown", "rolled_back"])),
    st.builds(e.ActionOutput, action=actions, text=texts, skipped_bytes=small),
    st.builds(e.ActionCancelled, action=actions, reason=texts),
    st.builds(e.ActionEnded, action=actions, step=steps, outcome=outcomes, detail=texts),
    st.builds(e.ActionSettled, action=actions, outcome=st.sampled_from(["succeeded", "failed"]), reason=texts),
    st.builds(e.WaitBegan, step=steps, attempt=small, until=moments, detail=texts),
    st.builds(e.WaitStopped, step=steps, attempt=small, detail=texts),
    st.builds(e.WaitCompleted, step=steps, attempt=small),
    st.builds(e.WaitEndedEarly, step=steps, attempt=small, reason=texts),
    st.builds(e.WaitRestarted, step=steps, attempt=small),
    st.builds(e.StepDue, step=steps),
    st.builds(e.TriggerFired, trigger=triggers),
    st.builds(e.TriggerCleared, trigger=triggers),
    st.builds(e.TriggerRaised, trigger=triggers, reason=texts),
    st.builds(e.TriggerAnswered, seqs=st.lists(small, max_size=3).map(tuple), reason=texts),
    st.builds(e.PlansJudged, verdicts=st.dictionaries(plans, verdicts, max_size=3)),
    st.builds(e.TargetSeen, target=texts, verdict=st.sampled_from(["match", "mismatch", "unreachable"])),
    st.builds(e.AlertSent, about=texts, channel=texts, ok=st.booleans()),
    st.builds(e.ClockStepped, by_s=st.floats(-1e6, 1e6)),
)  # fmt: skip
decisions: st.SearchStrategy[e.Body] = st.one_of(
    st.builds(e.PhaseLeft, phase=phases),
    st.builds(e.StepCountersigned, step=steps, attempt=small),
    st.builds(e.SecondWaived, step=steps, attempt=small, reason=texts),
    st.builds(e.RollbackChosen, plan=plans, steps=st.lists(steps, max_size=6).map(tuple), reason=texts,
              answers=st.lists(small, max_size=3).map(tuple)),
    st.builds(e.RollbackLeft, reason=texts),
)  # fmt: skip
seats = st.sampled_from(["S1", "S2", "../../x", HOSTILE])
keys = st.sampled_from(["", "SHA256:a", "SHA256:b"])
names = st.sampled_from(["ana", "bo", "cy", "deploy", "", HOSTILE])
cards = st.lists(texts, max_size=3).map(tuple)
between_people: st.SearchStrategy[e.Body] = st.one_of(
    st.builds(e.OperatorAttached, seat=seats, role=st.sampled_from(["acting", "watching"]), version=texts, at=steps),
    st.builds(e.OperatorMoved, seat=seats, step=steps),
    st.builds(e.OperatorDetached, seat=seats, reason=texts, found=st.sampled_from(["", "gone"])),
    st.builds(e.OperatorIdentified, seat=seats, person=names, key=keys, text=texts, signature=texts),
    st.builds(e.PenAsked, epoch=small, seat=seats, reason=texts),
    st.builds(e.PenOffered, epoch=small, seat=seats, to=names),
    st.builds(e.PenWithdrawn, epoch=small, reason=texts, declined=st.sampled_from(["", "offer", "ask"])),
    st.builds(e.PenPassed, epoch=small, previous=texts, card=cards, seat=seats),
    st.builds(e.PenTaken, epoch=small, reason=texts, found=st.sampled_from(["", "gone", "silent"]), card=cards,
              seat=seats),
    st.builds(e.HeadSigned, seq=small, digest=texts, principal=names, key=keys, signature=texts),
    st.builds(e.SigningFailed, seq=small, reason=texts),
    st.builds(e.SignatureWaived, seq=small, reason=texts),
)  # fmt: skip
anybody = st.sampled_from([ANA, BO]) | st.builds(
    e.Actor, user=names, host=st.sampled_from(["bastion-1", HOSTILE]), login=names, sudo=names, person=names, key=keys,
    signer=keys, proven=st.lists(st.sampled_from(["person", "login", "sudo", "signer", "odd"]), max_size=3).map(tuple),
)  # fmt: skip
bodies: st.SearchStrategy[e.Body] = st.one_of(
    doings,
    decisions,
    between_people,
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
    st.builds(e.KeeperStarted, epoch=small, pid=small, version=texts, environment_key=st.sampled_from(["", "k", "l"]),
              environment=st.dictionaries(st.sampled_from(["PATH", "HOME", HOSTILE]), texts, max_size=3)),
    st.builds(e.KeeperMoved, epoch=small, previous=texts, host=texts, reason=texts, unfinished=st.tuples(texts)),
    st.builds(e.ProbesAsked, probes=st.tuples(texts)),
    st.builds(e.KeeperAccepted, epoch=small, previous=small, shown=st.tuples(texts), reason=texts),
    st.builds(e.KeeperStopped, epoch=small, reason=texts),
    st.builds(e.ProbeChanged, probe=probes, previous=shown, status=shown, value=values),
    st.builds(e.ProbesSampled, key=st.booleans(), readings=st.lists(readings, max_size=4).map(tuple),
              ages=st.lists(st.none() | small, max_size=5).map(tuple)),
    st.builds(e.OperatorAttached, seat=texts, role=st.sampled_from(["acting", "watching"])),
    st.builds(e.OperatorDetached, seat=texts),
    st.builds(e.LogRecovered, offset=small, length=small, sha256=texts),
    st.builds(e.StoreRestored, first=small, last=small, digest=texts, facts=small),
    st.builds(e.StoreWaitedFor, away_s=st.floats(0, 1e6), samples_dropped=small, detail=texts),
    st.builds(e.LogFilled, level=st.sampled_from(["near", "full"]), events=small, size_bytes=small),
    st.builds(e.StoreLeft, reason=texts, store=texts, seq=small, digest=texts, former=texts),
    st.builds(e.StoreReturned, seq=small, digest=texts, count=small),
    st.builds(e.BranchMerged, ancestor=small, ancestor_digest=texts, tip=small, tip_digest=st.sampled_from(["t", "u"]),
              count=small, facts=small, parts=st.integers(1, 3), cause=texts),
    st.builds(e.BranchTold, branch=st.sampled_from(["t", "u"]), part=st.integers(1, 3), text=texts),
    st.builds(e.ConflictSettled, subject=st.sampled_from([*(f"step:{step}" for step in STEPS), "way", "end", "odd"]),
              counts=st.sampled_from(["log", "branch"]), reason=texts),
    st.just(e.UnknownBody(data={"x": 1})),
)  # fmt: skip


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """Any events in any order, mostly after a start, over reboots and clocks that were set back."""
    profile = draw(st.sampled_from([PROFILE, WHOLE, HOSTILE_PROFILE]))
    signing = draw(st.sampled_from(["off", "signoffs", "facts"]))
    story = Story(replace(profile, signing=signing, shared_accounts=("deploy",)), start=draw(st.booleans()))
    for body in draw(st.lists(bodies, max_size=25)):
        story.passes(draw(st.floats(-50, 500)))
        story.boot = draw(st.sampled_from(["boot-a", "boot-a", "boot-b"]))
        event = story.event(body, draw(anybody))
        if isinstance(body, e.UnknownBody):
            event = Event(event.seq, event.id, "x.y", draw(st.booleans()), event.instant, event.actor, body, event.run)
        story.events.append(event)
    return story.events


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_folding_many_events_at_once_is_evolving_one_by_one(events: list[Event]) -> None:
    assert fold(events) == functools.reduce(evolve, events, EMPTY)


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
        for told in (sentence(event, state), sentence(event)):
            assert 0 < len(told) <= 240
            assert visible(told) == told
        for deviation in state.deviations[len(before.deviations) :]:
            assert visible(deviation.where) == deviation.where
            assert len(deviation.where) <= 400
        if state.cursor is not None and state.cursor.step is not None:
            assert state.steps[state.cursor.step].status == "open"
            assert state.cursor.step in route(state)
        if state.status == "live":
            is_open = any(state.steps[step].status == "open" for step in route(state))
            assert (state.cursor is not None) >= is_open
            assert state.cursor is None or is_open or state.cursor.is_leaving
            assert state.cursor is not None or exits_are_passed(state)
        else:
            assert state.cursor is None
        if before.pen is not None and state.pen is not None:
            is_moved = (before.pen.user, before.pen.host) != (state.pen.user, state.pen.host)
            assert state.pen.epoch >= before.pen.epoch + is_moved
        for line in card(state, event.instant, tuple(state.seats)) if state.started else ():
            assert visible(line) == line
            assert len(line) <= COLUMNS
        expected = forecast(state, event.instant)
        assert min(expected.used_s, expected.left_s, expected.remaining_s, expected.elapsed_s) >= 0
        for plan in state.profile.rollbacks if state.started else ():
            check_due(state, plan)


def exits_are_passed(state: RunState) -> bool:
    """Whether every phase of the route that has an exit gate was left through it."""
    places = [find_step(state.profile, step_id) for step_id in route(state)]
    return all(place is None or not place[0].exit or place[0].id in state.phases_left for place in places)


def check_due(state: RunState, plan: RollbackPlan) -> None:
    """What is due of a plan: each step once, in whole; of what undoes something, only what was touched."""
    due = due_steps(state, plan)
    known = [step for phase in plan.phases for step in phase.steps]
    assert len(set(due)) == len(due)
    assert [step.id for step in known if not step.undoes] == [
        s for s in due if not find_step(state.profile, s)[1].undoes
    ]  # type: ignore[index]
    for step in known:
        if step.undoes and step.id in due:
            assert any(state.steps[undone].touched_seq for undone in step.undoes)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_telemetry_changes_probes_seats_and_what_is_shown_of_actions_only(events: list[Event]) -> None:
    state = EMPTY
    for event in events:
        after = evolve(state, event)
        if not event.is_fact and not isinstance(event.body, e.UnknownBody):
            fields = set(state.__struct_fields__) - {"probes", "seats", "left", "last_seq", "last"}
            if isinstance(event.body, e.OperatorDetached):
                fields -= {"pen_asked", "pen_offer"}
            if isinstance(event.body, e.ActionOutput):
                fields.discard("steps")
                assert {name: step.status for name, step in state.steps.items()} == {
                    name: step.status for name, step in after.steps.items()
                }
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


people = st.sampled_from([ANA] * 8 + [BO, CY])
roles = st.sampled_from(["acting"] * 5 + ["watching"])
words = st.sampled_from(["", "production", "back", "migrate", "rollout", "migrate", "rollout"])
reasons = st.sampled_from(["because", "because", "because", "", " "])


class Acting(RuleBasedStateMachine):
    """People press every key at random on the whole profile; a keeper answers at random, as keepers do."""

    @initialize(
        production=st.booleans(),
        harmful=st.booleans(),
        rehearsal=st.booleans(),
        choice=st.sampled_from(["go", "later"]),
        begin=st.sampled_from(["go", "scale", "scale", "migrate", "migrate", "soak", "sign", "rollout", ""]),
    )
    def start(self, production: bool, harmful: bool, rehearsal: bool, choice: str, begin: str) -> None:
        profile = HOSTILE_PROFILE if harmful else WHOLE
        profile = in_production(profile) if production else profile
        self.story = WholeStory(profile, choice=choice, rehearsal=rehearsal)
        self.story.goes_to(begin)
        self.requested = {event.body.action for event in self.story.events if isinstance(event.body, e.ActionRequested)}
        self.ended = set(self.requested)

    def ask(self, kind: type[c.Command], **fields: Any) -> tuple[e.Body, ...] | Refusal:
        before = self.story.state
        command = self.story.command(kind, **fields)
        decided = decide(before, command)
        if isinstance(decided, Refusal):
            assert decided.code
            for told in (decided.why, decided.instead):
                assert told
                assert visible(told) == told
                assert len(told) <= 600
            return decided
        if before.hold is not None:
            assert kind in (
                c.AddNote, c.ReleaseHold, c.TakePen, c.RaiseTrigger, c.AnswerTriggers, c.ChooseRollback,
                c.AbortRun, c.CancelAction, c.Countersign,
            )  # fmt: skip
        for body in decided:
            self.check(before, command, body)
            self.story.happens(body, command.actor)
            if isinstance(body, e.RollbackLeft | e.RollbackChosen):
                self.check_undone(before)
        return decided

    def check_undone(self, before: RunState) -> None:
        """What the way back undid is open, and neither done nor begun nor to be undone."""
        for step_id in before.rollback.steps if before.rollback else ():
            if before.steps[step_id].status not in ("confirmed", "done_outside"):
                continue
            found = find_step(before.profile, step_id)
            assert found is not None
            for undone in found[1].undoes:
                after = self.story.state.steps[undone]
                assert after.touched_seq == 0
                assert after.status not in ("confirmed", "done_outside")
                assert after.action is None or not before.steps[undone].touched_seq

    def check(self, before: Any, command: Any, body: e.Body) -> None:
        """What must hold of a decision, whatever led to it."""
        if isinstance(body, e.ActionRequested):
            assert not self.requested - self.ended
            assert body.attempt > (before.steps[body.step].action.attempt if before.steps[body.step].action else 0)
            self.requested.add(body.action)
        if isinstance(body, e.ActionRequested | e.StepConfirmed):
            found = find_step(before.profile, body.step)
            assert found is not None
            is_dangerous = found[1].risk == "irreversible" and is_run(found[1]) == isinstance(body, e.ActionRequested)
            if is_dangerous and before.profile.production and not before.is_rehearsal:
                assert command.typed == body.step
        if isinstance(body, e.StepConfirmed) and find_step(before.profile, body.step)[1].behaviour == "action":  # type: ignore[index]
            assert before.steps[body.step].action is not None
            assert before.steps[body.step].action.status in ("succeeded", "unknown")
        if isinstance(body, e.RollbackChosen):
            assert command.reason.strip()

    @rule(who=people, role=roles, typed=words, value=st.sampled_from(["", "b-1", "7", "go", "later", "no_go"]))
    def confirm(self, who: e.Actor, role: str, typed: str, value: str) -> None:
        if (cursor := self.story.state.cursor) is not None and cursor.step is not None:
            self.ask(c.ConfirmStep, step=cursor.step, actor=who, role=role, typed=typed, value=value)

    @rule(runs=st.booleans(), outcome=outcomes)
    def go_on(self, runs: bool, outcome: str) -> None:
        """What somebody does who knows the keys: open the gate, run, confirm."""
        state = self.story.state
        if state.cursor is None or state.cursor.step is None or state.pen is None or state.pen.user != "ana":
            return
        self.judge("pass")
        step_id = state.cursor.step
        if runs:
            self.run(ANA, step_id, "because")
            self.end(outcome, True)
        self.judge("pass")
        value = {"backup_id": "b-1", "count": "7", "go": "go"}.get(step_id, "")
        self.confirm(ANA, "acting", step_id, value)

    @rule(who=people, typed=words, reason=reasons)
    def run(self, who: e.Actor, typed: str, reason: str) -> None:
        if (cursor := self.story.state.cursor) is not None and cursor.step is not None:
            action = f"A{len(self.requested) + 1}"
            self.ask(c.RunAction, step=cursor.step, action=action, actor=who, typed=typed, reason=reason)

    @rule(
        kind=st.sampled_from([c.SkipStep, c.RecordDoneOutside, c.EndWait, c.RestartWait, c.SignOff, c.Countersign,
                              c.WaiveSecond]),
        who=people, role=roles, typed=words, reason=reasons,
    )  # fmt: skip
    def at_the_cursor(self, kind: type[c.Command], who: e.Actor, role: str, typed: str, reason: str) -> None:
        if (cursor := self.story.state.cursor) is not None and cursor.step is not None:
            asked = {"typed": typed, "reason": reason}
            fields = {name: value for name, value in asked.items() if name in kind.__struct_fields__}
            self.ask(kind, step=cursor.step, actor=who, role=role, **fields)

    @rule(kind=st.sampled_from([c.EnterPhase, c.LeavePhase]))
    def through_a_door(self, kind: type[c.Command]) -> None:
        if (cursor := self.story.state.cursor) is not None:
            self.ask(kind, phase=cursor.phase)

    @rule(kind=st.sampled_from([c.JumpTo, c.ReopenStep]), step=steps, reason=reasons)
    def elsewhere(self, kind: type[c.Command], step: str, reason: str) -> None:
        self.ask(kind, step=step, reason=reason)

    @rule(
        kind=st.sampled_from([c.PlaceHold, c.ReleaseHold, c.ReleaseHold, c.TakePen, c.RaiseTrigger,
                              c.AnswerTriggers, c.AnswerTriggers, c.LeaveRollback]),
        who=people, role=roles, typed=words, reason=reasons,
    )  # fmt: skip
    def about_the_line(self, kind: type[c.Command], who: e.Actor, role: str, typed: str, reason: str) -> None:
        fields = {"typed": typed} if "typed" in kind.__struct_fields__ else {}
        self.ask(kind, actor=who, role=role, reason=reason, **fields)

    @rule(plan=plans, reason=reasons, typed=words)
    def roll_back(self, plan: str, reason: str, typed: str) -> None:
        before = self.story.state
        decided = self.ask(c.ChooseRollback, plan=plan, reason=reason, typed=typed)
        if isinstance(decided, Refusal):
            assert decided.code in {
                "no_reason", "typed_word", "unknown_plan", "under_way", "rolling_back_already", "not_pen", "over",
            }  # fmt: skip
            assert before.status != "live" or decided.code not in ("held", "gate_blocked")

    @rule(typed=words, reason=reasons)
    def override(self, typed: str, reason: str) -> None:
        if (cursor := self.story.state.cursor) is not None:
            self.ask(c.OverrideGate, gate=cursor.gate, typed=typed, reason=reason)

    # ---- the keeper --------------------------------------------------------------------------------------------

    @rule(verdict=st.sampled_from(["pass", "pass", "pass", "blocked", "unknown", "pending"]))
    def judge(self, verdict: str) -> None:
        cursor = self.story.state.cursor
        if cursor is not None and cursor.gate in self.story.state.gates:
            self.story.judges(verdict)

    @rule(outcome=outcomes, begins=st.booleans())
    def end(self, outcome: str, begins: bool) -> None:
        action = self.story.state.action
        if action is None or not action.is_under_way:
            return
        named = {"action": action.action, "step": action.step}
        if begins:
            self.story.happens(e.ActionStarted(attempt=action.attempt, shown="x", runs_as="ana@b", **named))
        self.story.happens(e.ActionEnded(outcome=outcome, **named))
        self.ended.add(action.action)

    @rule(body=doings.filter(lambda body: not isinstance(body, e.ActionRequested | e.ActionStarted | e.ActionEnded)),
          seconds=st.floats(0, 3000))  # fmt: skip
    def time_passes(self, body: e.Body, seconds: float) -> None:
        self.story.passes(seconds)
        before = self.story.state
        self.story.happens(body)
        after = self.story.state
        # What the keeper sees moves nobody and settles nothing.
        assert (before.cursor and before.cursor.step) == (after.cursor and after.cursor.step)
        assert [step.status for step in before.steps.values()] == [step.status for step in after.steps.values()]

    @rule(verdict=st.sampled_from(["pass", "blocked"]))
    def judge_under_a_hold(self, verdict: str) -> None:
        before = self.story.state
        if before.hold is not None and before.cursor is not None and before.cursor.gate in before.gates:
            self.story.judges(verdict)
            assert self.story.state.cursor == before.cursor
            assert self.story.state.steps == before.steps

    # ---- always ------------------------------------------------------------------------------------------------

    @invariant()
    def the_handover_card_can_be_read_wherever_the_run_is(self) -> None:
        if not hasattr(self, "story"):
            return
        state = self.story.state
        lines = card(state, self.story.now(), tuple(state.seats))
        assert 0 < len(lines) <= LINES
        for line in lines:
            assert visible(line) == line
            assert len(line) <= COLUMNS
        assert not moved_on(standing(state), standing(state))

    @invariant()
    def at_most_one_action_is_under_way_and_each_was_asked_for(self) -> None:
        if not hasattr(self, "story"):
            return
        found = [step.action for step in self.story.state.steps.values() if step.action is not None]
        assert sum(action.is_under_way for action in found) <= 1
        assert {action.action for action in found} <= self.requested

    @invariant()
    def the_log_alone_gives_the_state(self) -> None:
        if hasattr(self, "story"):
            assert fold(self.story.events) == self.story.state


Acting.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestActing = Acting.TestCase
