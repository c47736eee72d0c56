"""One night with secrets everywhere, walked once: a run in a real terminal, with all that goes wrong in it.

Invariant: whatever is walked leaves its traces below the scene's folder, in the database, in what the terminals were
sent or in what commands printed; the hunts at the end need nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from canaries import ProcessWatch
from seated import keeper_pid, until
from secret_scene import Scene
from terminal import Terminal

from cockpit.audit.ids import new_id
from cockpit.audit.layout import action_status, keeper_lock, outputs_dir
from cockpit.audit.locks import holder_alive
from cockpit.audit.tail import Tail
from cockpit.profile.load import load
from cockpit.profile.variables import resolve
from cockpit.run.commands import AbortRun, AddNote, Command, JumpTo, PlaceHold, ReleaseHold, RunAction
from cockpit.run.events import Event
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.outcomes import Done
from cockpit.session.seat import Seat

UNHELPED = ("ssh-keygen", "ssh-add", "git", "systemctl", "loginctl", "tmux")
"""Programs that cockpit calls for itself: none of them needs a secret in its environment."""


class Story:
    """What was walked, and what is known of it afterwards."""

    def __init__(self, scene: Scene, dsn: str = "") -> None:
        """`dsn`: of the database that keeps the run, without a password; empty: its folder does."""
        self.scene, self.dsn = scene, dsn
        self.sent = b""
        """Every byte that terminals were sent."""
        self.printed = b""
        """All that commands printed."""
        self.watch = ProcessWatch(*UNHELPED)
        self.run_dir = Path()
        self._tail: Tail | None = None
        self._events: list[Event] = []
        self._state = EMPTY
        self._is_over = False

    # ---- commands --------------------------------------------------------------------------------------------------

    def commands(self, *each: list[str], typed: str = "", **environ: str) -> str:
        """Have these commands run, one after the other; `typed` answers what they ask for."""
        done = subprocess.run(
            [sys.executable, "-P", str(Path(__file__).with_name("many_commands.py"))],
            input=(json.dumps(each) + "\n" + typed).encode(),
            cwd=self.scene.folder / "work",
            env=self.scene.environ(**environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=100,
        )
        self.printed += done.stdout
        return done.stdout.decode(errors="replace")

    # ---- the run ---------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the run; nobody is at it yet."""
        loaded = load(self.scene.profile_path, self.scene.kinds)
        values = resolve(loaded.profile, self.scene.environ(), {})
        self.run_dir = create_run(
            loaded, values, folder=self.scene.folder / "runs", kinds=self.scene.kinds, dsn=self.dsn
        )

    @contextlib.contextmanager
    def terminal(self, *arguments: str, faulty: str = "", **environ: str) -> Iterator[Terminal]:
        """A command in a terminal of its own; whatever it is sent counts. `faulty`: where cockpit has a fault in it."""
        argv = self.scene.cockpit(*arguments)
        if faulty:
            argv = [sys.executable, "-P", str(Path(__file__).with_name("crashing_screen.py")), faulty, *arguments]
        with Terminal(argv, env=self.scene.environ(**environ), columns=120, lines=40) as terminal:
            try:
                yield terminal
            finally:
                self.sent += terminal.raw

    @contextlib.contextmanager
    def screen(self, faulty: str = "", **environ: str) -> Iterator[Terminal]:
        """The run's screen, at which the secret that is asked for was typed."""
        with self.terminal("resume", str(self.run_dir), faulty=faulty, **environ) as terminal:
            terminal.wait_for_hidden_input("The typed one")
            terminal.paste(self.scene.typed + "\r")
            terminal.wait_for("What is left")
            keeper_pid(self.run_dir)
            yield terminal

    @contextlib.contextmanager
    def seat(self) -> Iterator[Seat]:
        """The seat of whoever has the pen."""
        seat = Seat.open(self.run_dir, actor())
        try:
            seat.take_up()
            yield seat
        finally:
            seat.close()

    def do(self, seat: Seat, kind: type[Command], **fields: object) -> None:
        """Something that has to succeed."""
        outcome = seat.submit(seat.command(kind, **fields))
        assert isinstance(outcome, Done), outcome

    def act(self, seat: Seat, step: str, *, is_awaited: bool = True) -> str:
        """Have a step's action done; its id."""
        action = new_id()
        if (cursor := self.state.cursor) is None or cursor.step != step:
            self.do(seat, JumpTo, step=step, reason="it is the story's turn")
        painted = self.state.cursor
        assert painted is not None
        self.do(seat, RunAction, step=step, action=action, painted_seq=painted.opened_seq)
        if is_awaited:
            until(lambda: self.ended(action), f"the end of {step}", 60)
        return action

    def ended(self, action: str) -> Event | None:
        """How an action ended, once it has."""
        ends = (event for event in self.events if event.type == "action.ended")
        return next((event for event in ends if event.body.action == action), None)  # type: ignore[attr-defined]

    @property
    def events(self) -> list[Event]:
        """All that happened; what is new is read now."""
        if self._tail is None:
            self._tail = Tail(self.run_dir)
        while not self._is_over and (entries := self._tail.read()):
            self._events += [entry.event for entry in entries]
            for entry in entries:
                self._state = evolve(self._state, entry.event)
        return self._events

    @property
    def state(self) -> RunState:
        """The run as it stands."""
        assert self.events
        return self._state

    # ---- processes -------------------------------------------------------------------------------------------------

    def kill_keeper(self) -> None:
        """As the system does when memory is short."""
        os.kill(keeper_pid(self.run_dir), signal.SIGKILL)
        until(lambda: not holder_alive(keeper_lock(self.run_dir)), "the keeper's end")

    def kill_shim(self, action: str) -> None:
        """The process between the keeper and a command."""
        status = action_status(self.run_dir, action)
        until(lambda: json.loads(status.read_bytes())["child"] if status.exists() else 0, "a command")
        os.kill(json.loads(status.read_bytes())["pid"], signal.SIGKILL)

    def end(self) -> None:
        """End the run, and wait for its keeper's end."""
        if self.run_dir == Path() or self._is_over:
            return
        if self.state.status == "live":
            with self.seat() as seat:
                self.do(seat, AbortRun, reason="the story is over")
        until(lambda: not holder_alive(keeper_lock(self.run_dir)), "the keeper's end")
        assert self._tail is not None
        self._tail.close()
        self._is_over = True


def walk(story: Story, *, whole: bool = False) -> None:
    """The night. `whole`: with every format of every command, and all probes read by commands too."""
    path = str(story.scene.profile_path)
    story.commands(["check", path], ["show", path], *([["show", "--format", "md", path]] if whole else []))
    if whole:
        story.commands(["ready", path], ["trust", path], typed="\n")
        story.commands(["probe", path], ["probe", "--format", "json", path], typed=f"{story.scene.typed}\n" * 2)
    story.begin()
    with story.screen(faulty="key") as terminal:
        with story.seat() as seat:
            acts(story, seat, terminal)
            lasts = story.act(seat, "lasts", is_awaited=False)
            until((outputs_dir(story.run_dir) / f"{lasts}.log").exists, "its first words")
            story.kill_keeper()
        terminal.send("t")
        terminal.wait_for_exit()
        assert b"ValueError" in terminal.raw, "the screen was to crash"
    goes_on(story, lasts)
    story.end()
    after(story, whole=whole)


def acts(story: Story, seat: Seat, terminal: Terminal) -> None:
    """Every probe is read, every step does its worst, and all of it is looked at."""
    terminal.send("y")
    terminal.wait_for("y sends it")
    terminal.look()
    terminal.send("y")
    terminal.look()
    terminal.send("escape")
    terminal.wait_until_gone("y sends it")
    watched = [probe.id for probe in story.state.profile.probes]
    until(lambda: all(story.state.probes[name].status != "unread" for name in watched), "every reading", 60)
    for step in ("tells", "notices", "raises", "message", "faulty", *(["clusters"] if story.scene.cluster else [])):
        story.act(seat, step)
        reads(terminal, "v")
    reads(terminal, "p", "end")
    told = " ".join(canary.value for canary in story.scene.untold.values() if canary.name.endswith("token"))
    story.do(seat, AddNote, text=f"the new one is {told}")
    story.do(seat, PlaceHold, reason=f"{story.scene.untold['stripe_key'].value} leaked")
    story.do(seat, ReleaseHold, reason=f"revoked {story.scene.untold['stripe_key'].value}")


def reads(terminal: Terminal, *keys: str) -> None:
    """Open a list, look at it, and close it."""
    terminal.send(*keys)
    terminal.wait_for("↑ ↓ scroll|has nothing to read")
    terminal.look()
    terminal.send("escape")
    terminal.wait_until_gone("↑ ↓ scroll")


def goes_on(story: Story, lasts: str) -> None:
    """Another screen, another keeper, which asks for what was typed again; and a shim is lost."""
    with story.screen(COCKPIT_DEBUG="1") as terminal:
        story.scene.until.touch()
        until(lambda: story.ended(lasts), "the end of what went on without a keeper")
        story.scene.until.unlink()
        story.commands(["ready", "--run", str(story.run_dir), str(story.scene.profile_path)])
        with story.seat() as seat:
            lost = story.act(seat, "lasts_too", is_awaited=False)
            story.kill_shim(lost)
            until(lambda: story.ended(lost), "that nobody knows how it ended")
            story.scene.until.touch()
        reads(terminal, "l")
        terminal.send("q")
        terminal.wait_for_exit()


def after(story: Story, *, whole: bool) -> None:
    """What is made of the run the next day."""
    run, out = str(story.run_dir), str(story.scene.folder / "work" / "out")
    book = story.scene.runbook()
    reports = [["report", run, "--format", name, "-o", f"{out}.{name}"] for name in ("html", "md", "json", "csv")]
    told = [["log", run], ["export", run, "-o", f"{out}.jsonl"], ["print", run, "--done"], ["runs", "--format", "json"]]
    told += [["compare", run, run], ["import", book, "-o", f"{out}.toml"], ["check", f"{out}.toml"]]
    more = [
        ["log", "--format", "json", run],
        ["runs"],
        ["verify", run],
        ["checkpoint", run],
        ["import", book, "--report"],
    ]
    more += [["tasks", run], ["report", run, "-o", "-"], ["runs", "--format", "csv"], ["unit", run], ["doctor"]]
    if story.dsn:
        told += [["store", "import", f"{out}.jsonl", "--store", story.dsn]]
        more += [["store", "list", "--store", story.dsn], ["store", "compare", run, "--store", story.dsn]]
    story.commands(*reports, *told, *(more if whole else []))
    with story.terminal("replay", run) as terminal:
        terminal.wait_for("What is left")
        terminal.send("end")
        reads(terminal, "p")
        terminal.send("q")
        terminal.wait_for_exit()
