"""A night on a stand-in without a screen: a real run, a real keeper, and operators who press what is due.

    night = Night(system, tmp_path, profile="virtue", fast=FAST, values={"backup_id": "b-1", "go": "go"})
    night.walk("migrate_schema")            # presses what is due until that step is current
    night.walk(lambda state: state.fired)   # or until something holds; without an argument until the run is finished
    night.roll_back("emergency", "why")     # chooses a way back once it fits, then walk() walks it
    night.submit(c.SkipStep, step=…)        # any command of ana's seat; `ask` returns what became of it
    night.close()                           # whatever happened

`values` are what is entered, by step: a record's value, a decision's choice. `more` is TOML laid over the fast profile
(`production = true`, shorter timeouts …). The operators know what a seat knows and submit what its keys submit; bo is
the second person. They do nothing about failures, alarms or gates that stay shut unless a test says so. What the log
says is looked at with the methods of `Looking`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from systems.laying import laid_out
from systems.leaving import end_run
from systems.looking import Looking, until

from cockpit.audit import ids
from cockpit.demo.standing import StandIn
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Step
from cockpit.profile.steps import WaitSettings, settings_of
from cockpit.profile.variables import resolve
from cockpit.run import commands as c
from cockpit.run.advisor import Advice, advise
from cockpit.run.friction import required_word
from cockpit.run.messages import digest, filled, template_of, whole
from cockpit.run.numbering import find_step, gate_conditions
from cockpit.run.state import RunState
from cockpit.run.state_walk import Cursor
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.nudge import probe_now
from cockpit.session.outcomes import Done, Outcome
from cockpit.session.seat import Seat
from cockpit.session.spawn import start_keeper

NUDGE_S = 0.3
REHEARSED = "nothing changes in a rehearsal"


class Night(Looking):
    """One run. Close it, whatever happened."""

    def __init__(
        self,
        system: StandIn,
        folder: Path,
        *,
        profile: str,
        fast: Path,
        values: Mapping[str, str] | None = None,
        more: str = "",
        rehearsal: bool = False,
    ) -> None:
        """`profile` is the name of its folder under profiles/. In a rehearsal, gates bind nobody."""
        self.system = system
        self.values = dict(values or {})
        self._rehearsal = rehearsal
        self._nudged = 0.0
        loaded = load(laid_out(profile, folder, fast, more), installed(), environ=system.environ)
        variables = resolve(loaded.profile, system.environ, {})
        options: dict[str, Any] = {"rehearsal": True} if rehearsal else {}
        super().__init__(create_run(loaded, variables, folder=folder / "runs", **options))
        self.ana = Seat.open(self.run_dir, actor())
        self.bo = Seat.open(self.run_dir, replace(actor(), user="bo"))
        start_keeper(self.run_dir, env=system.environ)
        self.ana.follow(lambda view: None)
        self.bo.follow(lambda view: None)

    def close(self) -> None:
        """Give the run up if it lives; wait until its keeper is gone."""
        self.ana.close()
        self.bo.close()
        end_run(self.run_dir)

    # ---- looking -------------------------------------------------------------------------------------------------

    @property
    def state(self) -> RunState:
        """The run as the first seat sees it."""
        return self.ana.view.state

    def where(self) -> str:
        """Where the run stands, for a failing test."""
        state = self.state
        cursor = state.cursor
        gate = state.gates.get(cursor.gate) if cursor else None
        log = "\n".join(f"  {recent.sentence}" for recent in self.ana.view.recent[-12:])
        return f"{cursor}\n{gate}\n{state.action}\nfired {state.fired}\nhold {state.hold}\n{log}"

    def advice(self) -> Advice:
        """What the advisor says now."""
        return advise(self.state, self._now)

    # ---- pressing ------------------------------------------------------------------------------------------------

    def walk(self, to: str | Callable[[RunState], Any] = "", timeout_s: float = 150.0) -> RunState:
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

    def submit(self, kind: type[c.Command], **fields: Any) -> bool:
        """Ask for something; whether it was done."""
        return isinstance(self.ask(kind, **fields), Done)

    def ask(self, kind: type[c.Command], **fields: Any) -> Outcome:
        """Ask for something, and return what became of it."""
        return self.ana.submit(self.ana.command(kind, **fields))

    def roll_back(self, plan: str, reason: str) -> None:
        """Choose a way back, once the keeper has said that it fits."""
        until(lambda: self.state.plans.get(plan) == "pass", f"that {plan} fits")
        word = required_word(self.state, "rollback", plan, self._now)
        outcome = self.ask(c.ChooseRollback, plan=plan, reason=reason, typed=word)
        assert isinstance(outcome, Done), outcome

    @property
    def _now(self) -> Any:
        return self.ana.command(c.AddNote, text="").now

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
            if (action is None or action.status == "lapsed") and not self._by_hand(state, step):
                word = required_word(state, "run", step.id, self._now)
                return self.submit(c.RunAction, action=ids.new_id(), typed=word, **at)
            if action is not None:
                assert action.status == "succeeded", f"{step.id} {action.status}: {action.detail}\n{action.tail}"
        if step.behaviour == "wait" and (known.wait is None or known.wait.status == "running"):
            if self._rehearsal and known.wait is not None and known.wait.breaches:
                return self.submit(c.EndWait, reason=REHEARSED, **at)
            self._probe_now(state, settings_of(step, WaitSettings).healthy)
            return False
        if step.behaviour == "signoff":
            return self.submit(c.SignOff, **at) or isinstance(self.bo.submit(self.bo.command(c.SignOff, **at)), Done)
        word = required_word(state, "confirm", step.id, self._now)
        if self._by_hand(state, step):
            at["digest"] = digest(whole(*filled(state, template_of(state, step))))
        return self.submit(c.ConfirmStep, value=self.values.get(step.id, ""), typed=word, **at)

    def _by_hand(self, state: RunState, step: Step) -> bool:
        """Whether a step is a message without a channel: people send it, and say so."""
        template = template_of(state, step) if step.behaviour == "message" else None
        return template is not None and not template.channel


def _reaches(step: str) -> Callable[[RunState], bool]:
    if not step:
        return lambda state: state.status == "finished"
    return lambda state: state.cursor is not None and state.cursor.step == step
