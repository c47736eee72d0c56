"""An operator of the demo, who knows only what is on the screen and has only keys."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from systems.dialog import refusal_on
from terminal import DROPPED_S, Terminal

COCKPIT = [sys.executable, "-m", "cockpit.cli"]
SETTLED = re.compile(r"✔ (\d\.\d)")
SEEN_S = 10.0
"""How long a key is given to change something before it is pressed again: pressed while the screen is merely slow, it
would be a key to whatever is there by then."""
STANDS_S = 0.3
"""A dialog drops what is pressed as soon as this after it opened: it was meant for the screen below."""
PROBE_S = 0.5
"""Between two presses of the key that probes."""
_WORD = re.compile(r"type (\S+) to go on")


def cockpit(place: Path, arguments: Sequence[str], *, columns: int = 120, lines: int = 40) -> Terminal:
    """`cockpit ARGUMENTS` in a terminal, with its runs and temporary files in `place`."""
    env = {**os.environ, "COCKPIT_RUNS": str(place / "runs"), "TMPDIR": str(place)}
    return Terminal([*COCKPIT, *arguments], env=env, columns=columns, lines=lines)


class DemoOperator:
    """Looks, and presses the key that is due."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.confirmed: set[str] = set()
        """Labels of steps that were shown as confirmed at some time, for example `1.2`."""
        self._probed = 0.0

    def walk(self, until: Callable[[str], bool], timeout_s: float = 90.0) -> str:
        """Go on until the screen fulfils a condition, and return that screen; fails if it never does."""
        give_up = time.monotonic() + timeout_s
        while not until(screen := self.look()):
            assert time.monotonic() < give_up, f"stuck at:\n{screen}"
            assert self.terminal.process.poll() is None, f"the screen has ended:\n{screen}"
            if not self._press(screen):
                self._probe(screen)
                time.sleep(0.05)
        return screen

    def walk_to_the_end(self, timeout_s: float = 90.0) -> int:
        """Confirm everything and finish the run; returns the program's exit status."""
        self.walk(lambda screen: "F finishes" in screen or "was finished" in screen, timeout_s)
        while "was finished" not in self.look() and self.terminal.process.poll() is None:
            self._press_it("F")
        if self.terminal.process.poll() is None:
            self.terminal.send("q")
        return self.terminal.wait_for_exit()

    def walk_for(self, seconds: float) -> None:
        """Go on for some time, or to the point where the run could be finished."""
        give_up = time.monotonic() + seconds
        self.walk(lambda screen: time.monotonic() > give_up or "F finishes" in screen)

    def leave(self) -> int:
        """Close whatever dialog is open, then the screen; returns the program's exit status."""
        for _ in range(5):
            if self.terminal.process.poll() is None:
                self.terminal.send("escape", "q")
                with suppress(subprocess.TimeoutExpired):  # the key was dropped: press again
                    return self.terminal.wait_for_exit(timeout_s=6)
        return self.terminal.wait_for_exit(timeout_s=0.1)

    def look(self) -> str:
        """What the screen shows now."""
        screen = self.terminal.text
        self.confirmed.update(SETTLED.findall(screen))
        return screen

    def _press(self, screen: str) -> bool:
        """Press what is due, if anything is; whether something was."""
        if word := _WORD.search(screen):
            self._type(word[1])
        elif "c confirms" in screen or "✔ passes" in screen:
            self._press_it("c")
        else:
            return False
        return True

    def _probe(self, screen: str) -> None:
        """Have the probes read again, now and then, as one does who waits for a gate."""
        if "q detach" in screen and time.monotonic() - self._probed > PROBE_S:
            self._probed = time.monotonic()
            self.terminal.send(".")

    def _type(self, word: str) -> None:
        """Type a word into the dialog, send it once it stands there, and see the dialog go."""
        time.sleep(STANDS_S)
        self.terminal.fill(word)
        while _WORD.search(self.look()):
            self._press_and_see("enter")

    def _press_it(self, key: str) -> None:
        """Press a key, or in a dialog the same key once more."""
        in_dialog = "Esc leaves" in self.look()
        time.sleep(STANDS_S if in_dialog else 0.0)
        self._press_and_see(key, DROPPED_S if in_dialog else SEEN_S)

    def _press_and_see(self, key: str, timeout_s: float = SEEN_S) -> None:
        """Press a key and wait for the screen to answer."""
        before = _place(self.look())
        self.terminal.send(key)
        self.terminal.wait_until(lambda screen: _place(screen) != before, timeout_s)


def _place(screen: str) -> tuple[object, ...]:
    """What a key that acts changes on the screen: where the run stands, which dialog is open, that it came too soon."""
    is_refused = bool(refusal_on(screen))
    return (re.findall(r"▶ \d(?:\.\d)?", screen), "Esc leaves" in screen, "was finished" in screen, is_refused)


def moments(seed: int, count: int, longest_s: float) -> list[float]:
    """Random times to walk before something is killed, in seconds."""
    chance = random.Random(seed)
    return [chance.uniform(0.2, longest_s) for _ in range(count)]
