"""Events as people read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from run_story import BO, Story

from cockpit.run import events as e
from cockpit.run.phrases import quantity
from cockpit.run.readings import ConditionVerdict, Reading
from cockpit.run.wording import SAYINGS, sentence

SENTENCES = [
    (e.StepConfirmed(step="migrate", attempt=1, counts={"pass": 4}), "bo  confirmed 1.2 Migrate (4 probes passing)"),
    (
        e.StepConfirmed(step="migrate", attempt=2, counts={"fail": 1, "pass": 1, "unread": 3}),
        "bo  confirmed 1.2 Migrate, attempt 2 (1 probe passing, 1 failing, 3 unread)",
    ),
    (e.StepConfirmed(step="migrate", attempt=1), "bo  confirmed 1.2 Migrate"),
    (e.StepSkipped(step="smoke", attempt=1, reason="no time"), "bo  skipped 2.2 Smoke test: no time"),
    (e.StepDoneOutside(step="migrate", attempt=1, reason="by hand"), "bo  did 1.2 Migrate outside: by hand"),
    (e.StepReopened(step="migrate", attempt=2, reason="again"), "bo  reopened 1.2 Migrate, attempt 2: again"),
    (
        e.CursorJumped(step="smoke", left="migrate", reason="now"),
        "bo  jumped from 1.2 Migrate to 2.2 Smoke test: now",
    ),
    (e.PhaseEntered(phase="application"), "bo  entered phase 2 Application"),
    (
        e.GateOverridden(gate="phase:application", reason="known", verdict="blocked"),
        "bo  overrode the gate of phase 2 Application (blocked): known",
    ),
    (e.NoteAdded(text="replica lag settled"), "bo  note: replica lag settled"),
    (e.NoteAdded(text="two\nlines", step="migrate"), "bo  note on 1.2 Migrate: two␊lines"),
    (e.HoldPlaced(reason="wait"), "bo  holds the run: wait"),
    (e.HoldReleased(reason="go"), "bo  released the hold: go"),
    (e.PenTaken(epoch=2, reason="sleep", previous="ana@b1"), "bo  took the pen from ana@b1: sleep"),
    (
        e.ProbeChanged(
            probe="error_rate", previous="pass", status="fail", value=1.4, unit="%", detail="rate > 1.0 is 1.4"
        ),
        "keeper  error_rate pass → fail: rate > 1.0 is 1.4",
    ),
    (
        e.ProbeChanged(probe="api", previous="fail", status="pass", value=142, unit="ms"),
        "keeper  api fail → pass: 142 ms",
    ),
    (
        e.GateChanged(
            gate="step:validate",
            opened_seq=1,
            verdict="blocked",
            conditions=(
                ConditionVerdict("api.passing", True),
                ConditionVerdict("missing == 0", False, "missing is 12"),
            ),
        ),
        "keeper  gate of 1.3 Validate is blocked: missing is 12",
    ),
    (e.GateChanged(gate="step:validate", opened_seq=1, verdict="pass"), "keeper  gate of 1.3 Validate passes"),
    (e.KeeperStarted(epoch=2, pid=1, version="0"), "keeper  watching (epoch 2, as bo@bastion-1)"),
    (
        e.KeeperMoved(epoch=1, previous="ash", host="birch", reason="ash burned", unfinished=("run",)),
        "bo  takes over from keeper 1 on ash, to birch; 1 unfinished: run: ash burned",
    ),
    (
        e.KeeperAccepted(epoch=2, previous=1, shown=("user: bo for ana", "changed: PATH")),
        "bo  lets keeper 2 act, other than keeper 1 was: user: bo for ana; changed: PATH",
    ),
    (
        e.GateChanged(
            gate="if:smoke",
            opened_seq=1,
            verdict="blocked",
            conditions=(ConditionVerdict("recorded.go == 'all'", False, "recorded.go is part"),),
        ),
        "keeper  2.2 Smoke test does not apply: recorded.go is part",
    ),
    (e.GateChanged(gate="if:smoke", opened_seq=1, verdict="pass"), "keeper  2.2 Smoke test applies"),
    (e.RunAborted(reason="no"), "bo  aborted the run: no"),
    (e.OperatorDetached(seat="x", reason="closed"), "bo  detached: closed"),
]


@pytest.mark.parametrize(("body", "expected"), SENTENCES)
def test_each_event_has_its_sentence(body: e.Body, expected: str) -> None:
    story = Story()
    assert sentence(story.event(body, BO), story.state) == expected


DIGEST = "0" * 64
READING = Reading(probe="api", status="pass")


@pytest.mark.parametrize(
    ("body", "one", "more"),
    [
        (lambda n: e.ProbesSampled(readings=(READING,) * n), "sampled 1 probe", "sampled 3 probes"),
        (lambda n: e.ProbesAsked(probes=("api",) * n), "has 1 probe read at once", "has 3 probes read at once"),
        (
            lambda n: e.BranchMerged(
                ancestor=7, ancestor_digest=DIGEST, tip=9, tip_digest=DIGEST, count=n, facts=n, parts=1
            ),
            "from seq 7: 1 fact written elsewhere", "from seq 7: 3 facts written elsewhere",
        ),
        (lambda n: e.StoreReturned(seq=9, count=n, digest=DIGEST), "brought 1 line back", "brought 3 lines back"),
        (lambda n: e.LogRecovered(offset=1, length=n, sha256=DIGEST), "over 1 damaged byte in", "over 3 damaged bytes"),
        (
            lambda n: e.StepConfirmed(step="migrate", attempt=1, unmet=("a == 1",) * n),
            "with 1 condition unmet", "with 3 conditions unmet",
        ),
    ],
)  # fmt: skip
def test_one_thing_is_told_as_one(body: Callable[[int], e.Body], one: str, more: str) -> None:
    story = Story()
    for count, said in ((1, one), (3, more)):
        assert said in sentence(story.event(body(count), BO), story.state)


def test_a_part_of_a_branch_says_what_of_it_there_is_to_read() -> None:
    story = Story()
    none = e.BranchTold(branch=DIGEST, part=2, text="")
    assert sentence(story.event(none, BO)) == "bo  adds part 2 of the branch: readings and output, no decisions"
    torn = e.BranchTold(branch=DIGEST, part=3, text='{"v":1,"run":')
    assert sentence(story.event(torn, BO)) == "bo  adds part 3 of the branch"


def test_every_type_has_a_sentence_of_its_own() -> None:
    assert set(SAYINGS) == set(e.BODIES.values())


def test_an_unknown_event_is_told_as_such() -> None:
    story = Story()
    event = e.Event(2, "x", "roll\x1b[31m", True, story.now(), BO, e.UnknownBody(), "RUN1")
    assert sentence(event) == "bo  roll␛[31m (not known to this version)"


def test_nothing_from_outside_can_act_on_a_terminal() -> None:
    story = Story()
    evil = "\x1b]0;x\x07\r\n\u202e[@click=app.quit]"
    told = sentence(story.event(e.NoteAdded(text=evil), e.Actor(evil, evil)), story.state)
    assert told.isprintable()
    assert "[@click=app.quit]" in told


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(None, "ms", ""), (True, "", "yes"), (0, "ms", "0 ms"), (1.4000001, "%", "1.4 %"), (2.5e9, "", "2.500e+09"),
     ("\x1b", "", "␛"), (float("nan"), "", "nan")],
)  # fmt: skip
def test_a_value_is_shown_as_people_read_it(value: object, unit: str, text: str) -> None:
    assert quantity(value, unit) == text  # type: ignore[arg-type]


def test_a_name_that_nothing_in_the_log_proves_is_not_said() -> None:
    story = Story()
    ana = e.Actor("deploy", "bastion-1", person="ana", signer="SHA256:a", proven=("person", "signer"))
    assert sentence(story.happens(e.NoteAdded(text="hi"), ana), story.state) == "deploy  note: hi"
    story.happens(e.OperatorIdentified(seat="S", person="ana", key="SHA256:a", text="t", signature="s"), ana)
    assert sentence(story.happens(e.NoteAdded(text="hi"), ana), story.state) == "ana  note: hi"
