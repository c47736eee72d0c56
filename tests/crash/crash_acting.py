"""A walk through steps that act, whose keeper and shims are killed on the way."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.actions.shim.record import read_status
from cockpit.audit.ids import new_id
from cockpit.audit.layout import action_exit, keeper_beat, keeper_lock, outputs_dir
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun, ConfirmStep, RunAction, SettleAction
from cockpit.run.events import ActionEnded, ActionOutput, ActionRequested, ActionStarted, Event
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat
from cockpit.session.spawn import start_keeper, wait_for_keeper

PATIENCE_S = 60.0
LONGEST_S = 0.25
"""Between an order and the kill: in it fall the checks, the intent, the shim's start, the effect, the end."""


def until(true: Callable[[], object], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up, f"never came: {what}"
        time.sleep(0.002)


class Night:
    """A seat, the keeper of the moment, and what was asked of it."""

    def __init__(self, run_dir: Path, dice: random.Random) -> None:
        self.run_dir, self.dice = run_dir, dice
        self.asked: list[str] = []
        self.killed: list[str] = []
        self.seat = Seat.open(run_dir, actor())
        self.seat.follow(lambda view: None)

    @property
    def state(self) -> RunState:
        return self.seat.view.state

    @property
    def action(self) -> ActionState | None:
        """The latest try of the step at the cursor."""
        cursor = self.state.cursor
        return None if cursor is None or cursor.step is None else self.state.steps[cursor.step].action

    # ---- the keeper --------------------------------------------------------------------------------------------

    def attend(self) -> None:
        """See to it that a keeper keeps."""
        start_keeper(self.run_dir)
        assert wait_for_keeper(self.run_dir, PATIENCE_S).alive
        until(self._is_attended, "the keeper's word")

    def _is_attended(self) -> bool:
        known = self.state.keeper
        return known is not None and keeper_beat(self.run_dir).read_text().startswith(f"{known.epoch} ")

    def keeper_pid(self) -> int:
        if not holder_alive(keeper_lock(self.run_dir)):
            return 0
        try:
            pid = int(keeper_beat(self.run_dir).read_text().split()[1])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, IndexError, ValueError):
            return 0
        return pid if os.fsencode(self.run_dir) in command else 0

    # ---- one try -----------------------------------------------------------------------------------------------

    def order(self) -> bool:
        """Ask for the step at the cursor; whether it was taken."""
        cursor = self.state.cursor
        assert cursor is not None
        assert cursor.step is not None
        action, known = new_id(), self.action
        reason = "once more" if known is not None and known.status == "unknown" else ""
        outcome = self.seat.submit(
            self.seat.command(RunAction, step=cursor.step, action=action, painted_seq=cursor.opened_seq, reason=reason)
        )
        if isinstance(outcome, Done):
            self.asked.append(action)
        return isinstance(outcome, Done)

    def strike(self) -> None:
        """Some time after an order, kill the keeper."""
        self._come_to(self.dice.choice(("asked", "begun", "over")))
        time.sleep(self.dice.uniform(0, LONGEST_S) * self.dice.random())
        if keeper := self.keeper_pid():
            os.kill(keeper, signal.SIGKILL)
            # Not only its first thread: the others still hold its lock for a moment.
            until(lambda: not holder_alive(keeper_lock(self.run_dir)), "the keeper's death")
        self.killed.append("keeper" if keeper else "nobody")

    def _come_to(self, moment: str) -> None:
        action = self.asked[-1]
        seen: dict[str, Callable[[], object]] = {
            "asked": lambda: True,
            "begun": lambda: self.action is not None and self.action.started,
            "over": action_exit(self.run_dir, action).exists,
        }
        until(lambda: seen[moment]() or not self.is_under_way(), moment)

    def is_under_way(self) -> bool:
        """Whether the last order has no end yet, as far as the seat has read."""
        return self.action is None or self.action.action != self.asked[-1] or self.action.is_under_way

    def ending(self) -> str:
        """How the last order ended, once a keeper has said so."""
        until(lambda: not self.is_under_way(), "an end of what was asked for")
        assert self.action is not None
        return self.action.status

    def go_on(self) -> None:
        """Confirm what succeeded, settle or try again what did not."""
        cursor, action = self.state.cursor, self.action
        assert cursor is not None
        assert cursor.step is not None
        if action is None:
            return
        if action.status == "unknown" and self.dice.random() < 0.5:
            settle = self.seat.command(SettleAction, action=action.action, outcome="failed", reason="looked")
            assert isinstance(self.seat.submit(settle), Done)
        elif action.status == "succeeded":
            confirm = self.seat.command(ConfirmStep, step=cursor.step, painted_seq=cursor.opened_seq)
            assert isinstance(self.seat.submit(confirm), Done)

    # ---- the end -----------------------------------------------------------------------------------------------

    def end(self) -> None:
        """End the run and whoever is still there."""
        if self.state.status == "live":
            self.seat.submit(self.seat.command(AbortRun, reason="the test is over"))
        self.seat.close()
        until(lambda: not holder_alive(keeper_lock(self.run_dir)), "the keeper's end with its run")

    def events(self) -> list[Event]:
        return events_of(self.run_dir)


def events_of(run_dir: Path) -> list[Event]:
    """All that the log holds."""
    tail, events = Tail(run_dir), list[Event]()
    try:
        while entries := tail.read():
            events += [entry.event for entry in entries]
    finally:
        tail.close()
    return events


def started_as(run_dir: Path) -> dict[tuple[int, int], str]:
    """The actions of a run that came to a shim, by its process number and when that was started."""
    found = {path.stem: read_status(str(path)) for path in outputs_dir(run_dir).glob("*.status")}
    return {(status.pid, status.start_ticks): action for action, status in found.items() if status is not None}


@contextmanager
def night(folder: Path, steps: str, count: int, seed: int, more: str = "") -> Iterator[Night]:
    """A run of `count` steps like `steps`."""
    plan = "".join(steps.format(n=n, folder=folder) for n in range(count))
    text = f'id = "acting"\nenvironment = "staging"\n{more}[[phases]]\nid = "all"\ntitle = "All"\n{plan}'
    (folder / "acting.toml").write_text(text)
    run_dir = create_run(load(folder / "acting.toml", installed()), {}, folder=folder / "runs")
    night = Night(run_dir, random.Random(seed))
    try:
        yield night
    finally:
        night.end()


class Account:
    """What the log says of each try."""

    def __init__(self, events: list[Event]) -> None:
        self.requested = [body.action for body in _bodies(events, ActionRequested)]
        self.intended = {body.action for body in _bodies(events, ActionStarted)}
        self.endings = [(body.action, body.outcome) for body in _bodies(events, ActionEnded)]
        self.outcomes = dict(self.endings)
        self.said: dict[str, str] = {}
        for body in _bodies(events, ActionOutput):
            self.said[body.action] = self.said.get(body.action, "") + body.text

    def check(self, done: Counter[str], said: str) -> None:
        """Hold it against what was done, by try."""
        assert sorted(self.outcomes) == sorted(self.requested), f"every try has an end; {said}"
        assert len(self.endings) == len(self.outcomes), f"and one only; {said}"
        assert set(done) <= self.intended <= set(self.requested), f"the intent comes first; {said}"
        for action, outcome in self.outcomes.items():
            times = done[action]
            assert times <= 1, f"{action} was done {times} times; {said}"
            if outcome == "succeeded":
                assert times == 1, f"{action} was not done; {said}"
            elif outcome in ("refused", "lapsed"):
                assert times == 0, f"{action} was done though it was {outcome}; {said}"


def left_running(folder: Path) -> list[str]:
    """Processes whose command line names the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue  # it has just ended
        if os.fsencode(folder) in line and int(path.parent.name) != os.getpid():
            found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found


def _bodies(events: list[Event], kind: type) -> list:  # type: ignore[type-arg] # of whatever kind was asked for
    return [event.body for event in events if isinstance(event.body, kind)]
