"""A night on the virtue system without a screen: a real run, a real keeper, and operators who press what is due.

The operators know what a seat knows and submit what its keys submit. They do nothing about failures, alarms or gates
that stay shut unless a test says so.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from msgspec.structs import replace
from virtue.system import System, until

from cockpit.audit import ids
from cockpit.audit.layout import keeper_lock, log_path
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Step
from cockpit.profile.steps import WaitSettings, settings_of
from cockpit.profile.variables import resolve
from cockpit.run import commands as c
from cockpit.run.advisor import Advice, advise
from cockpit.run.events import Event
from cockpit.run.friction import required_word
from cockpit.run.numbering import find_step, gate_conditions
from cockpit.run.state import Cursor, RunState
from cockpit.session.identity import actor
from cockpit.session.nudge import probe_now
from cockpit.session.runs import create_run
from cockpit.session.seat import Done, Outcome, Seat
from cockpit.session.spawn import start_keeper

PROFILES = Path(__file__).parents[2] / "profiles" / "virtue"
FAST = Path(__file__).with_name("fast.toml")
VALUES = {
    "backup_id": "backup-2026-11-21",
    "rollback_backup_id": "backup-before-rollback",
    "former_limit": "-1",
    "baseline_response": "240",
    "baseline_users": "118",
    "baseline_tickets": "3",
    "baseline_progress": "480",
    "go": "go",
}
"""What is entered, by step."""
NUDGE_S = 0.3
REHEARSED = "nothing changes in a rehearsal"


class Night:
    """One run. Close it, whatever happened."""

    def __init__(
        self,
        system: System,
        folder: Path,
        *,
        more: str = "",
        values: Mapping[str, str] | None = None,
        rehearsal: bool = False,
    ) -> None:
        """`more` is TOML laid over the profile. In a rehearsal, gates bind nobody."""
        self.system = system
        self._rehearsal = rehearsal
        self._values = {**VALUES, **(values or {})}
        self._nudged = 0.0
        self._environ = system.environ()
        profile = _written(folder, more)
        loaded = load(profile, installed(), environ=self._environ)
        variables = resolve(loaded.profile, self._environ, {})
        self.run_dir = create_run(loaded, variables, folder=folder / "runs", **self._run_options())
        self.ana = Seat.open(self.run_dir, actor())
        self.bo = Seat.open(self.run_dir, replace(actor(), user="bo"))
        start_keeper(self.run_dir, env=self._environ)
        self.ana.follow(lambda view: None)
        self.bo.follow(lambda view: None)

    def _run_options(self) -> dict[str, Any]:
        return {"rehearsal": True} if self._rehearsal else {}

    def close(self) -> None:
        """Give the run up if it lives; wait until its keeper is gone."""
        try:
            if self.state.status == "live":
                word = required_word(self.state, "abort")
                self.ana.submit(self.ana.command(c.AbortRun, reason="the test is over", typed=word))
            until(lambda: not holder_alive(keeper_lock(self.run_dir)), "the keeper's end")
        finally:
            self.ana.close()
            self.bo.close()
            _kill_what_is_left(self.run_dir)

    # ---- looking -------------------------------------------------------------------------------------------------

    @property
    def state(self) -> RunState:
        """The run as the first seat sees it."""
        return self.ana.view.state

    def events(self, type_: str = "") -> list[Event]:
        """The log's events, from the beginning."""
        tail, events = Tail(self.run_dir), list[Event]()
        try:
            while entries := tail.read():
                events += [entry.event for entry in entries]
        finally:
            tail.close()
        return [event for event in events if type_ in ("", event.type)]

    def bodies(self, type_: str) -> list[Any]:
        """What the events of a type say."""
        return [event.body for event in self.events(type_)]

    def settled(self, status: str = "confirmed") -> list[str]:
        """Ids of the steps with a status, in the order in which they were settled."""
        found = [(known.settled_seq, step) for step, known in self.state.steps.items() if known.status == status]
        return [step for _, step in sorted(found)]

    def problem(self) -> str:
        """What is wrong with the log; empty if it verifies."""
        return str(verify(log_path(self.run_dir)).problem or "")

    def where(self) -> str:
        """Where the run stands, for a failing test."""
        state = self.state
        cursor = state.cursor
        gate = state.gates.get(cursor.gate) if cursor else None
        action = state.action
        log = "\n".join(f"  {recent.sentence}" for recent in self.ana.view.recent[-12:])
        return f"{cursor}\n{gate}\n{action}\nfired {state.fired}\nhold {state.hold}\n{log}"

    # ---- pressing ------------------------------------------------------------------------------------------------

    def walk(self, to: str | Callable[[RunState], bool] = "", timeout_s: float = 60.0) -> RunState:
        """Press what is due until a step is current, a condition holds or (by default) the run is finished."""
        is_there = to if callable(to) else _reaches(to)
        give_up = time.monotonic() + timeout_s
        while not is_there(state := self.state):
            assert time.monotonic() < give_up, f"stuck at:\n{self.where()}"
            assert state.status == "live", f"the run is over:\n{self.where()}"
            if not self.press(state):
                time.sleep(0.02)
        return state

    def press(self, state: RunState) -> bool:
        """Press the key that is due, if one is; whether it was taken."""
        cursor = state.cursor
        if cursor is None:
            return self.submit(c.FinishRun)
        if not self._may_pass(state, cursor):
            return False
        if cursor.step is None:
            kind = c.LeavePhase if cursor.is_leaving else c.EnterPhase
            return self.submit(kind, phase=cursor.phase, painted_seq=cursor.opened_seq)
        found = find_step(state.profile, cursor.step)
        assert found is not None
        return not cursor.is_considering and self._press_on(state, found[1], cursor)

    def _may_pass(self, state: RunState, cursor: Cursor) -> bool:
        if not gate_conditions(state.profile, cursor.gate):
            return True
        gate = state.gates.get(cursor.gate)
        if gate is not None and (gate.verdict == "pass" or gate.overridden_by):
            return True
        if self._rehearsal and gate is not None and gate.opened_seq == cursor.opened_seq:
            return gate.verdict in ("blocked", "unknown")  # it binds nobody
        self._probe_now(state, gate_conditions(state.profile, cursor.gate))
        return False

    def _probe_now(self, state: RunState, conditions: tuple[str, ...]) -> None:
        """Press the key that reads what conditions are about, now and then."""
        if time.monotonic() - self._nudged > NUDGE_S:
            self._nudged = time.monotonic()
            words = set(re.findall(r"\w+", " ".join(conditions)))
            probe_now(self.run_dir, [probe.id for probe in state.profile.probes if probe.id in words])

    def _press_on(self, state: RunState, step: Step, cursor: Cursor) -> bool:
        known, at = state.steps[step.id], {"step": step.id, "painted_seq": cursor.opened_seq}
        if step.behaviour in ("action", "message"):
            action = known.action
            if action is not None and action.is_under_way:
                return False
            if action is None or action.status == "lapsed":
                word = required_word(state, "run", step.id, self.ana.command(c.AddNote, text="").now)
                return self.submit(c.RunAction, action=ids.new_id(), typed=word, **at)
            assert action.status == "succeeded", f"{step.id} {action.status}: {action.detail}\n{action.tail}"
        if step.behaviour == "wait" and (known.wait is None or known.wait.status == "running"):
            if self._rehearsal and known.wait is not None and known.wait.breaches:
                return self.submit(c.EndWait, reason=REHEARSED, **at)
            self._probe_now(state, settings_of(step, WaitSettings).healthy)
            return False
        if step.behaviour == "signoff":
            seat = self.bo if self.submit(c.SignOff, **at) is False else None
            return seat is None or isinstance(seat.submit(seat.command(c.SignOff, **at)), Done)
        word = required_word(state, "confirm", step.id, self.ana.command(c.AddNote, text="").now)
        return self.submit(c.ConfirmStep, value=self._values.get(step.id, ""), typed=word, **at)

    def submit(self, kind: type[c.Command], **fields: Any) -> bool:
        """Ask for something; whether it was done."""
        return isinstance(self.ask(kind, **fields), Done)

    def ask(self, kind: type[c.Command], **fields: Any) -> Outcome:
        """Ask for something, and return what became of it."""
        return self.ana.submit(self.ana.command(kind, **fields))

    def advice(self) -> Advice:
        """What the advisor says now."""
        return advise(self.state, self.ana.command(c.AddNote, text="").now)

    def roll_back(self, plan: str, reason: str) -> None:
        """Choose a way back, once the keeper has said that it fits."""
        until(lambda: self.state.plans.get(plan) == "pass", f"that {plan} fits")
        word = required_word(self.state, "rollback", plan, self.ana.command(c.AddNote, text="").now)
        outcome = self.ask(c.ChooseRollback, plan=plan, reason=reason, typed=word)
        assert isinstance(outcome, Done), outcome


def _reaches(step: str) -> Callable[[RunState], bool]:
    if not step:
        return lambda state: state.status == "finished"
    return lambda state: state.cursor is not None and state.cursor.step == step


def _written(folder: Path, more: str) -> Path:
    """The profile, beside the files it names, in a window that has just begun."""
    copy = folder / "virtue"
    shutil.copytree(PROFILES, copy)
    start = datetime.now(UTC) - timedelta(minutes=1)
    window = (
        f'\n[window]\nstart = "{start:%Y-%m-%dT%H:%M:%S}"\nend = "{start + timedelta(hours=4):%Y-%m-%dT%H:%M:%S}"\n'
    )
    (copy / "fast.toml").write_text(FAST.read_text() + window)
    if not more:
        return copy / "fast.toml"
    (copy / "tonight.toml").write_text(f'extends = "fast.toml"\n{more}')
    return copy / "tonight.toml"


def _kill_what_is_left(run_dir: Path) -> None:
    for process in psutil.process_iter():
        try:
            if str(run_dir) in " ".join(process.cmdline()):
                process.kill()
        except psutil.Error:  # it ended while we looked
            continue
