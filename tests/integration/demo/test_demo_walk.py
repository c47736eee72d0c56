"""The demo walked without a screen: a seat confirms what the keeper's gates allow, and faults block."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_place import demo_place, left_behind, until

from cockpit.audit.verify import verify
from cockpit.demo import launch
from cockpit.demo.faults import FAULTS, FaultName
from cockpit.run.commands import ChooseRollback, ConfirmStep, EnterPhase, FinishRun, OverrideGate, Refusal
from cockpit.run.events import RollbackChosen, StepConfirmed
from cockpit.run.evidence import evidence
from cockpit.run.friction import required_word
from cockpit.run.state_walk import GateState
from cockpit.session.identity import actor
from cockpit.session.nudge import probe_now
from cockpit.session.outcomes import Done, Outcome
from cockpit.session.seat import Seat
from cockpit.session.spawn import start_keeper

SPEED = 4.0
NUDGE_S = 0.4
"""Between two presses of the key that probes; by themselves the demo's probes are read once a second or two."""
BLOCKED_BY = {
    "empty-backup": {"backup.passing", "backup > 0"},
    "migration-fails": {"schema == 7", "currency_column == 1", "crew_errors == 0"},
    "version-mismatch": {"version == '1.5.0'", "release_on_disk == version"},
    "slow-api": {"latency < 250.0"},
    "errors-after-rollout": {"errors < 1.0"},
}


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with demo_place(monkeypatch) as folder:
        yield folder


class Walker:
    """An operator without a screen: presses what a screen would offer."""

    def __init__(self, demo: launch.Demo) -> None:
        start_keeper(demo.run_dir)
        self.seat = Seat.open(demo.run_dir, actor())
        self.seat.follow(lambda view: None)
        self._nudged = 0.0

    @property
    def gate(self) -> GateState:
        """The gate at the cursor."""
        state = self.seat.view.state
        return state.gates.get(state.cursor.gate, GateState()) if state.cursor else GateState()

    def is_blocked_by(self, fault: FaultName) -> bool:
        """Whether the gate is shut by what the fault makes fail, and by nothing else."""
        failing = {verdict.condition for verdict in self.gate.conditions if verdict.holds is False}
        return self.gate.verdict == "blocked" and failing != set() and failing <= BLOCKED_BY[fault]

    def confirmed(self, step: str) -> StepConfirmed:
        """What the log says of a confirmation."""
        bodies = (recent.event.body for recent in self.seat.view.recent)
        return next(body for body in bodies if isinstance(body, StepConfirmed) and body.step == step)

    def at(self, step: str) -> bool:
        cursor = self.seat.view.state.cursor
        return cursor is not None and cursor.step == step

    def press(self) -> Outcome:
        """Confirm the step, or enter the phase, at the cursor."""
        state = self.seat.view.state
        cursor = state.cursor
        assert cursor is not None
        assert state.last is not None
        common = {"painted_seq": cursor.opened_seq, "seen": evidence(state, state.last)}
        if cursor.step is None:
            return self.seat.submit(self.seat.command(EnterPhase, phase=cursor.phase, **common))
        word = required_word(state, "confirm", cursor.step)
        return self.seat.submit(self.seat.command(ConfirmStep, step=cursor.step, typed=word, **common))

    def walk(self, *, to: str | None = None, timeout_s: float = 100.0) -> None:
        """Press whenever the gate passes, until the cursor stands on a step or, without one, at the end."""
        give_up = time.monotonic() + timeout_s
        while (self.seat.view.state.cursor is not None) if to is None else not self.at(to):
            assert time.monotonic() < give_up, (self.seat.view.state.cursor, self.gate)
            if self.gate.verdict == "pass":
                self.press()  # a refusal (the verdict is of an older opening) is tried again
            else:
                self._probe_now()
            time.sleep(0.02)

    def _probe_now(self) -> None:
        if time.monotonic() - self._nudged > NUDGE_S:
            self._nudged = time.monotonic()
            words = set(re.findall(r"\w+", " ".join(each.condition for each in self.gate.conditions)))
            probe_now(self.seat.run_dir, words & set(self.seat.view.state.probes))


def test_the_walk_goes_through_and_leaves_a_log_that_verifies(place: Path):
    demo = launch.start(speed=SPEED)
    walker = Walker(demo)
    walker.walk(to="rollout")
    seen = {entry.probe: entry.value for entry in walker.confirmed("migrate").current}
    assert (seen["schema"], seen["connections"]) == (7, 0), "the evidence of the migration names the schema it saw"
    walker.walk()
    seat = walker.seat
    assert isinstance(seat.submit(seat.command(FinishRun)), Done)
    state = seat.view.state
    seat.close()
    assert state.status == "finished"
    assert {state.steps[step.id].status for _, step in state.profile.steps()} == {"confirmed"}
    assert state.deviations == ()
    assert until(lambda: left_behind(place) == [])
    assert not demo.folder.exists()
    verification = verify(demo.run_dir)
    assert verification.ok, verification.problem


def many(fault: str) -> Any:
    """That the fault blocks is shown by one of the walks below, too, where it goes on from there."""
    return pytest.param(fault, marks=pytest.mark.many)


@pytest.mark.parametrize(
    "fault", [many(each) if each in ("migration-fails", "errors-after-rollout") else each for each in FAULTS]
)
def test_a_fault_blocks_the_gate_at_its_step_and_says_which_condition(place: Path, fault: FaultName):
    walker = Walker(launch.start(fault=fault, speed=SPEED))
    walker.walk(to=FAULTS[fault].step)
    assert until(lambda: walker.is_blocked_by(fault))
    time.sleep(3.0)  # that it stays blocked takes time to see: several readings later nothing has changed
    assert walker.is_blocked_by(fault)
    assert not isinstance(walker.press(), Done)
    walker.seat.close()


def test_a_blocked_gate_can_be_overridden_with_a_reason_and_has_consequences(place: Path):
    walker = Walker(launch.start(fault="migration-fails", speed=SPEED))
    walker.walk(to="migrate")
    assert until(lambda: walker.is_blocked_by("migration-fails"))
    assert not isinstance(walker.press(), Done)
    assert until(lambda: walker.seat.view.state.probes["crew_errors"].status == "fail")
    seat, cursor = walker.seat, walker.seat.view.state.cursor
    assert cursor is not None
    override = seat.command(
        OverrideGate, gate=cursor.gate, reason="we go on", typed="demo", painted_seq=cursor.opened_seq
    )
    assert isinstance(seat.submit(override), Done)
    assert isinstance(walker.press(), Done)
    walker.walk(to="watch")
    # the new version meets the old table: every order is lost
    assert until(lambda: seat.view.state.probes["errors"].status == "fail")
    assert [deviation.kind for deviation in seat.view.state.deviations] == ["override"]
    seat.close()


def test_failing_orders_fire_a_trigger_and_the_way_back_leads_to_the_old_version(place: Path):
    walker = Walker(launch.start(fault="errors-after-rollout", speed=SPEED))
    walker.walk(to="watch")
    seat = walker.seat
    assert until(lambda: walker.is_blocked_by("errors-after-rollout"))
    assert until(lambda: [fired.trigger for fired in seat.view.state.fired] == ["orders_fail"])
    refused = walker.press()
    assert isinstance(refused, Refusal)
    assert refused.code == "trigger_unanswered"
    choice = seat.command(ChooseRollback, plan="back", reason="orders get lost", typed="back")
    assert isinstance(seat.submit(choice), Done)
    walker.walk()
    state = seat.view.state
    assert state.rollback is not None
    assert state.rollback.steps == ("close_again", "old_version", "old_table", "open_again")
    assert state.fired == ()
    assert (state.probes["version"].reading.value, state.probes["schema"].reading.value) == ("1.4.2", 6)
    assert isinstance(seat.submit(seat.command(FinishRun)), Done)
    chosen = next(r.event.body for r in seat.view.recent if isinstance(r.event.body, RollbackChosen))
    assert (chosen.proposed, chosen.not_taken) == ("back", ())
    seat.close()
