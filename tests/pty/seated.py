"""A run with a screen at it in a terminal, and what its log says: for tests in which one of them goes away."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from looks import PATIENCE_S, looks
from terminal import Terminal

from cockpit.audit.layout import keeper_beat, keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.audit.moved import place_now
from cockpit.audit.tail import Tail
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun
from cockpit.run.events import Body, Event
from cockpit.run.evolve import fold
from cockpit.run.state import RunState
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

HEAD = 'id = "shop"\nenvironment = "staging"\n'


def until(holds: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> float:
    """Wait for a condition; how long that took, seconds."""
    began = time.monotonic()
    for _ in looks(timeout_s):
        if holds():
            return time.monotonic() - began
    raise AssertionError(f"never came: {what}")


ORDERS = """
[[probes]]
id = "orders"
kind = "file"
path = "{folder}/orders"
interval = 0.2
"""
"""A probe that sees whether a file is there."""


def three_steps(second: str = "") -> str:
    """A phase of three steps that a person confirms; `second`: what else is said of the one in the middle."""
    return f"""
[[phases]]
id = "all"
title = "All"
[[phases.steps]]
id = "first"
title = "First"
[[phases.steps]]
id = "second"
title = "Second"
{second}
[[phases.steps]]
id = "third"
title = "Third"
"""


class Night:
    """One run in a folder of its own."""

    def __init__(self, folder: Path, phases: str, dsn: str = "") -> None:
        """`phases`: the profile's TOML after its first lines; `dsn`: of the database that keeps it."""
        folder.mkdir(exist_ok=True)
        (folder / "shop.toml").write_text(HEAD + phases)
        self.folder = folder
        self.run_dir = create_run(load(folder / "shop.toml", installed()), {}, folder=folder / "runs", dsn=dsn)

    def environ(self, **more: str) -> dict[str, str]:
        # COLUMNS and LINES would count for more than the terminal's own size
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        return {**kept, "COCKPIT_RUNS": str(self.folder / "runs"), "TERM": "xterm-256color", **more}

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "cockpit.cli", *(arguments or ("resume", str(self.run_dir)))]

    def screen(self, columns: int = 80, lines: int = 24, **environ: str) -> Terminal:
        """A terminal in which the run was resumed."""
        return Terminal(self.argv(), env=self.environ(**environ), columns=columns, lines=lines)

    # ---- what the log says -----------------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        tail, found = Tail(self.run_dir), list[Event]()
        try:
            while entries := tail.read():
                found += [entry.event for entry in entries]
        finally:
            tail.close()
        return found

    def bodies(self, kind: type[Body]) -> list[Body]:
        return [event.body for event in self.events() if isinstance(event.body, kind)]

    @property
    def state(self) -> RunState:
        return fold(self.events())

    # ---- processes -------------------------------------------------------------------------------------------------

    def keeper_pid(self) -> int:
        """Of the keeper that lives; waits for one."""
        return keeper_pid(self.run_dir)

    def end(self, *elsewhere: Path) -> None:
        """End the run, wherever it is by now (`elsewhere`: folders of runs), and wait for its keeper's end."""
        folders = [self.run_dir, *(folder / self.run_dir.name for folder in elsewhere)]
        for log in [folder / "audit.jsonl" for folder in folders]:
            if not log.is_file() or not os.access(log, os.R_OK):
                continue
            seat = Seat.open(place_now(log.parent), actor())
            if seat.view.state.status == "live":
                seat.submit(seat.command(AbortRun, reason="the test is over", typed="staging"))
            seat.close()
            until(lambda at=seat.run_dir: not holder_alive(keeper_lock(at)), "the keeper's end")


@contextmanager
def night(folder: Path, phases: str, dsn: str = "") -> Iterator[Night]:
    """A run that is ended afterwards."""
    it = Night(folder, phases, dsn)
    try:
        yield it
    finally:
        it.end()


def keeper_pid(run_dir: Path) -> int:
    """Of the keeper that lives; waits for one, and for its beat: the log tells of a keeper before it beats."""
    until(lambda: holder_alive(keeper_lock(run_dir)), "a keeper")
    until(lambda: len(_words(keeper_beat(run_dir))) > 1, "the keeper's beat")
    return int(_words(keeper_beat(run_dir))[1])


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
