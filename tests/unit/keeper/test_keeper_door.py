"""Which readings count for the gate at the cursor."""

from __future__ import annotations

from cockpit.audit.clock import now
from cockpit.keeper.door import GATHER_S, Door
from cockpit.probes.reading import Judgement
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Phase, Probe, Profile, Step
from cockpit.run.readings import Reading, Verdict
from cockpit.run.state_walk import Cursor

PROFILE = Profile(
    id="shop",
    environment="staging",
    probes=(Probe(id="a", kind="gone"), Probe(id="b", kind="gone")),
    phases=(
        Phase(
            id="one",
            title="One",
            gate=("a.passing",),
            steps=(Step(id="first", title="First", gate=("a == 0", "b == 0")), Step(id="second", title="Second")),
        ),
    ),
)


def at(step: str | None, seq: int) -> Cursor:
    gate = f"step:{step}" if step else "phase:one"
    return Cursor(phase="one", step=step, opened_seq=seq, opened=now(), gate=gate)


def said(probe: str, value: int, began: float) -> Judgement:
    return Judgement(Reading(probe=probe, status="pass", value=value, began_mono=began, ended_mono=began), (), value)


def verdicts(door: Door, now_mono: float, stale: bool = False) -> list[Verdict]:
    return [event.verdict for event in door.judge(lambda probe: stale, now_mono)]


def door_at(step: str | None, seq: int = 5, now_mono: float = 100.0) -> Door:
    door = Door(PROFILE, Kinds(probes={}, steps={}))
    assert door.stand(at(step, seq), now_mono)
    return door


def test_it_knows_which_probes_its_gate_reads() -> None:
    assert door_at("first").probes == ("a", "b")
    assert door_at(None).probes == ("a",)


def test_a_step_without_a_gate_has_nothing_to_tell() -> None:
    door = Door(PROFILE, Kinds(probes={}, steps={}))
    assert not door.stand(at("second", 5), 100.0)
    assert door.probes == ()
    assert verdicts(door, 200.0) == []


def test_a_reading_begun_before_the_opening_does_not_count() -> None:
    door = door_at("first")
    assert not door.take(said("a", 0, 99.9))
    assert door.take(said("a", 0, 100.0))
    assert door.take(said("b", 0, 100.1))
    assert verdicts(door, 100.2) == ["pass"]


def test_another_opening_of_the_same_gate_forgets_what_counted_before() -> None:
    door = door_at("first")
    door.take(said("a", 0, 101.0))
    door.take(said("b", 0, 101.0))
    assert verdicts(door, 101.0) == ["pass"]
    assert not door.stand(at("first", 5), 102.0), "the same opening"
    assert door.stand(at("first", 9), 103.0)
    assert verdicts(door, 103.0 + GATHER_S) == []
    door.take(said("a", 1, 104.0))
    (event,) = door.judge(lambda probe: False, 104.0)
    assert (event.gate, event.opened_seq, event.verdict) == ("step:first", 9, "blocked")


def test_it_says_nothing_until_all_were_read_or_a_moment_has_passed() -> None:
    door = door_at("first")
    door.take(said("a", 1, 100.1))
    assert verdicts(door, 100.1) == []
    assert verdicts(door, 100.0 + GATHER_S) == ["blocked"]


def test_a_probe_that_went_stale_takes_the_verdict_back() -> None:
    door = door_at("first")
    door.take(said("a", 0, 100.1))
    door.take(said("b", 0, 100.1))
    assert verdicts(door, 100.2) == ["pass"]
    assert verdicts(door, 130.0, stale=True) == ["unknown"]


def test_nothing_is_told_once_no_step_is_current() -> None:
    door = door_at("first")
    door.take(said("a", 0, 100.1))
    assert not door.stand(None, 101.0)
    assert verdicts(door, 200.0) == []
