"""A run that people of an SSH host walk together, and the keys with which they do so."""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from seated import Night, until
from ssh_host import OPS, SshHost
from systems.dialog import refusal_on
from terminal import Terminal

from cockpit.audit.line import Head
from cockpit.audit.tail import Tail
from cockpit.run.events import Body, Event

HEAD = 'id = "shop"\nenvironment = "staging"\n'
PRODUCTION = 'id = "shop"\nenvironment = "production"\nproduction = true\n'
CREATE = """
import sys
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.session.creating import create_run
print(create_run(load(sys.argv[1], installed()), {}))
"""
READ_S = 0.3
"""More than the time for which a question takes no keys (`dialogs.SETTLE_S`), from when it is painted."""
PATIENCE_S = 2.0
"""After which a key that did nothing is pressed again."""
SEEN_S = 15.0
"""How long a key is given to do something that can be seen."""
_numbers = itertools.count(1)


def past_return() -> str:
    """The lines of a profile's window that is open, and past its point of no return."""
    start, end = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 3))
    return (
        f'[window]\nstart = {start:%Y-%m-%dT%H:%M:%SZ}\nend = {end:%Y-%m-%dT%H:%M:%SZ}\nrollback_estimate = "3h30m"\n'
    )


class Shared(Night):
    """A run in a folder that the group `ops` shares; `reader` says as whom it is read: root, by default."""

    def __init__(
        self, host: SshHost, phases: str, head: str = HEAD, starter: str = "ana", *, is_open: bool = False
    ) -> None:
        """Begun by `starter`, whose screen is not open yet; `phases`: the profile's TOML after `head`.

        Without a starter somebody begins it with `cockpit run`: see `begun`. `is_open`: also who is not of the group
        may read it.
        """
        self.host = host
        number = next(_numbers)
        self.profile = host.file(f"profiles/shop-{number}.toml", head + phases)
        self.runs = host.runs / f"night-{number}"
        self.runs.mkdir()
        os.chown(self.runs, 0, OPS)
        self.runs.chmod(0o2775 if is_open else 0o2770)
        self.run_dir = Path("/nonexistent")
        if not starter:
            return
        made = host.run(starter, str(host.python), "-P", "-c", CREATE, str(self.profile), COCKPIT_RUNS=str(self.runs))
        assert made.returncode == 0, made.stderr
        self.run_dir = Path(made.stdout.strip())

    def begun(self) -> None:
        """Find the run that somebody has begun; waits for it."""
        until(lambda: any(self.runs.glob("*/audit.jsonl")), "a run")
        (log,) = self.runs.glob("*/audit.jsonl")
        self.run_dir = log.parent

    def sits(self, who: str, command: str, *arguments: str, **options: Any) -> Terminal:
        """A terminal in which somebody gives a command that opens this run's screen."""
        return self.host.ssh(
            who, "cockpit", command, self.run_dir.name, *arguments, COCKPIT_RUNS=str(self.runs), **options
        )

    def of(self, *kinds: type[Body]) -> list[Event]:
        """The events of these types, as they came."""
        return [event for event in self.events() if isinstance(event.body, kinds)]

    def head(self) -> Head:
        """Of the log, as it is now."""
        tail = Tail(self.run_dir)
        try:
            while tail.read():
                pass
            assert tail.head is not None
            return tail.head
        finally:
            tail.close()

    def last(self, kind: type[Body]) -> Body:
        """The newest event of a type; waits for one."""
        until(lambda: self.bodies(kind), f"a {kind.type}")
        return self.bodies(kind)[-1]

    def end(self, *elsewhere: Path) -> None:
        """End what still serves the run."""

        def is_over() -> bool:
            keepers = self.host.keepers(self.run_dir)
            for each in keepers:  # one that came late to a race has yet to leave
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            return not keepers

        until(is_over, "the keeper's end")


@contextmanager
def shared(
    host: SshHost, phases: str, head: str = HEAD, starter: str = "ana", *, is_open: bool = False
) -> Iterator[Shared]:
    """A run that is ended afterwards."""
    it = Shared(host, phases, head, starter, is_open=is_open)
    try:
        yield it
    finally:
        it.end()


def press(terminal: Terminal, key: str, pattern: str) -> None:
    """Press a key and wait for what it does; again if the screen says that it did nothing: it may have come too soon.

    Never merely because nothing is to be seen: what is pressed while a screen is slow is a key to what comes next.
    """

    def is_there(screen: str) -> bool:
        return re.search(pattern, screen) is not None

    for _ in range(4):
        terminal.send(key)
        terminal.wait_until(lambda screen: is_there(screen) or not refusal_on(screen), PATIENCE_S)  # the last key
        terminal.wait_until(lambda screen: is_there(screen) or bool(refusal_on(screen)), SEEN_S)
        if terminal.wait_until(is_there, PATIENCE_S):
            return
    raise AssertionError(f"{key} does nothing like {pattern!r}; the screen:\n{terminal.text}")


def answers(terminal: Terminal, question: str, text: str, *, opened_by: str = "") -> None:
    """Type an answer into the question that is open, or that a key opens, and send it."""
    _read(terminal, question, opened_by)
    terminal.fill(text)
    terminal.press_away("enter", question)


def agrees(terminal: Terminal, question: str, key: str, *, opened_by: str = "") -> None:
    """Answer the question that is open, or that a key opens, with a key."""
    _read(terminal, question, opened_by)
    terminal.press_away(key, question)


def _read(terminal: Terminal, question: str, key: str) -> None:
    """Wait for a question, as long as a person needs to see it; what is pressed sooner is dropped, as it should be."""
    if key:
        press(terminal, key, question)
    else:
        terminal.wait_for(question)
    time.sleep(READ_S)


def leave(terminal: Terminal) -> None:
    """Close the screen; the run goes on."""
    terminal.send("q")
    assert terminal.wait_for_exit() == 0


def together(*terminals: Terminal, key: str) -> None:
    """Press a key in all of them at once, each by a hand of its own."""
    hands = [threading.Thread(target=terminal.send, args=(key,)) for terminal in terminals]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
