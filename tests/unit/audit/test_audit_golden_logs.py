"""Logs of every version of the format are read as they were meant, for ever."""

from __future__ import annotations

import shutil
from pathlib import Path

import independent_verifier
import pytest

from cockpit.audit.checkpoints import read_checkpoint
from cockpit.audit.line import Head, decode
from cockpit.audit.signing import beside, check
from cockpit.audit.verify import verify
from cockpit.errors import LogError
from cockpit.run.events import BODIES, ConditionVerdict, Event, GateOverridden, RunStarted, UnknownBody
from cockpit.run.evolve import fold
from cockpit.run.hands import other_hands

LOGS = Path(__file__).parents[2] / "logs"
HEADS = {
    path.parent / name: Head(seq=int(seq), digest=digest)
    for path in LOGS.glob("v*/heads.txt")
    for name, seq, digest in (line.split() for line in path.read_text().splitlines())
}


def events(path: Path) -> list[Event]:
    told = []
    for raw in path.read_bytes().split(b"\n")[:-1]:
        try:
            told.append(decode(raw))
        except LogError:
            continue  # torn bytes, which verify accounts for
    return told


def test_every_golden_log_has_its_head_noted() -> None:
    assert set(HEADS) == set(LOGS.glob("v*/*.jsonl"))
    assert HEADS


@pytest.mark.parametrize("path", HEADS, ids=lambda path: path.name)
def test_a_golden_log_verifies_against_its_head(path: Path) -> None:
    found = verify(path, anchors=[HEADS[path]])
    assert found.ok, found.problem
    assert independent_verifier.first_bad_line(path.read_bytes()) == (0, HEADS[path].seq, HEADS[path].digest)


def test_a_golden_checkpoint_still_holds_and_pins_what_it_did() -> None:
    noted = read_checkpoint(LOGS / "v1" / "night.checkpoint")
    assert (noted.seq, noted.digest[:16]) == (37, "8a9fd59c0ae47b87")
    found = verify(LOGS / "v1" / "night.jsonl", checkpoints=[noted])
    assert found.ok, found.problem
    assert found.anchored == (noted.head,)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here")
def test_a_golden_signature_still_counts() -> None:
    checkpoint = LOGS / "v1" / "night.checkpoint"
    signature = beside(checkpoint)
    assert signature is not None
    found = check(read_checkpoint(checkpoint), signature, LOGS / "v1" / "allowed_signers")
    assert (found.by, found.why_not) == ("ana@example.org", "")


@pytest.mark.parametrize("path", HEADS, ids=lambda path: path.name)
def test_every_event_of_a_golden_log_is_known(path: Path) -> None:
    told = events(path)
    assert len(told) == HEADS[path].seq
    assert not [event.type for event in told if isinstance(event.body, UnknownBody)]


def test_the_golden_logs_hold_every_type_of_version_1() -> None:
    first_types = {
        "run.started", "run.finished", "run.aborted", "phase.entered", "step.confirmed", "step.done_outside",
        "step.skipped", "step.reopened", "cursor.jumped", "gate.overridden", "note.added", "hold.placed",
        "hold.released", "pen.taken", "keeper.started", "keeper.stopped", "probe.changed", "gate.changed",
        "log.recovered", "probes.sampled", "operator.attached", "operator.detached",
    }  # fmt: skip
    assert {event.type for path in HEADS for event in events(path)} >= first_types
    assert set(BODIES) >= first_types


def test_the_golden_logs_hold_every_type_that_acting_brought() -> None:
    later_types = {
        "phase.left", "step.countersigned", "second.waived", "wait.ended_early", "wait.restarted", "action.requested",
        "action.cancelled", "action.settled", "trigger.raised", "trigger.answered", "rollback.chosen", "rollback.left",
        "target.seen", "action.started", "action.output", "action.ended", "wait.began", "wait.stopped",
        "wait.completed", "step.due", "trigger.fired", "trigger.cleared", "plans.judged", "alert.sent", "clock.stepped",
    }  # fmt: skip
    assert {event.type for path in HEADS for event in events(path)} >= later_types
    assert {event.type for path in HEADS for event in events(path)} == set(BODIES)


def test_a_keeper_that_was_stopped_and_one_that_was_killed_fold_to_who_did_it() -> None:
    told = events(LOGS / "v1" / "stopped.jsonl")
    stopped, killed = fold(told[:4]).keeper, fold(told).keeper
    assert stopped is not None
    assert (stopped.stopped_by, stopped.stop_reason) == ("bo", "the host is patched")
    assert killed is not None
    assert (killed.epoch, killed.stopped_by, killed.stopped[:13]) == (2, "ana", "killed by ana")
    assert [(each.kind, each.by) for each in fold(told).deviations[1:]] == [("keeper", "bo"), ("keeper", "ana")]


def test_a_keeper_that_differed_and_was_confirmed_is_still_understood() -> None:
    told = events(LOGS / "v1" / "other_hands.jsonl")
    accepted = next(place for place, event in enumerate(told) if event.type == "keeper.accepted")
    found = other_hands(fold(told[:accepted]))
    assert (found.user, found.changed, found.new, found.gone) == (
        "bo for ana", ("HOME", "KUBECONFIG"), ("PGOPTIONS",), ("SHOP_TOKEN",),
    )  # fmt: skip
    assert found.targets == ("db: user admin for app",)
    assert told[accepted].body.shown == found.told()  # type: ignore[attr-defined] # a KeeperAccepted
    assert not other_hands(fold(told)).are_there


def test_a_place_that_was_accepted_is_still_a_deviation_with_its_reason() -> None:
    state = fold(events(LOGS / "v1" / "place.jsonl"))
    assert [(each.kind, each.where, each.reason, each.by) for each in state.deviations if each.kind == "place"] == [
        ("place", "nfs4 nas:/export/home", "the local disk is full until Monday", "ana")
    ]


def test_a_night_with_actions_folds_to_what_it_was() -> None:
    state = fold(events(LOGS / "v1" / "acting.jsonl"))
    assert {name: step.status for name, step in state.steps.items() if step.status != "confirmed"} == {
        "legacy": "not_applicable", "half_hour": "open", "unmigrate": "open", "unscale": "open", "look": "open",
    }  # fmt: skip
    assert [deviation.kind for deviation in state.deviations] == [
        "settled", "override", "no_second", "trigger", "wait_early", "rollback", "rollback_left",
    ]  # fmt: skip
    assert (state.values, state.steps["scale"].attempt) == ({"backup_id": "b-77", "go": "go"}, 2)
    assert state.steps["scale"].action is not None
    assert state.steps["scale"].action.settled_by == "ana"


def test_what_a_golden_log_says_is_still_understood() -> None:
    told = {event.type: event for event in events(LOGS / "v1" / "every_type.jsonl")}
    started = told["run.started"].body
    assert isinstance(started, RunStarted)
    assert started.profile.phases[0].steps[0].gate == ("api_health < 500.0",)
    assert started.profile.probes[0].pass_when == ("status == 200",)
    assert started.variables == {"base_url": "https://shop.example"}
    overridden = told["gate.overridden"].body
    assert isinstance(overridden, GateOverridden)
    (condition,) = overridden.conditions
    assert condition == ConditionVerdict("api_health < 500.0", holds=False, detail="api_health is 812.0")
    assert (told["note.added"].actor.user, told["note.added"].is_fact) == ("bo", True)
    assert not told["probes.sampled"].is_fact
