"""An operator of the virtue system, who knows only what is on the screen and has only keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from terminal import Terminal

WHY = "the validation failed"
_KEY = re.compile(r"[│┃] +(\S) [^│┃]*?Esc leaves")
"""The key that a question asks for, in its last line."""


class VirtueOperator:
    """Looks, and presses the key that is due; takes the way back that is proposed."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.questions: list[str] = []
        """The first line of every question that was answered."""

    def walk_to_the_end(self, timeout_s: float = 90.0) -> int:
        """Go on until the run is finished; returns the program's exit status."""
        give_up = time.monotonic() + timeout_s
        while "was finished" not in (screen := self.terminal.text) and self.terminal.process.poll() is None:
            assert time.monotonic() < give_up, f"stuck at:\n{screen}"
            if keys := self._due(screen):
                self.terminal.send(*keys)
                self._wait_for_change(_place, screen, 1.5)
            else:
                self._wait_for_change(str, screen, 1.0)
        if self.terminal.process.poll() is None:
            self.terminal.send("q")
        return self.terminal.wait_for_exit()

    def _wait_for_change(self, seen: Callable[[str], object], screen: str, timeout_s: float) -> None:
        self.terminal.wait_until(lambda now: seen(now) != seen(screen), timeout_s)

    def _due(self, screen: str) -> tuple[str, ...]:
        """The keys that are due, if any are."""
        if "Esc leaves" in screen:
            return self._answer(screen)
        hints = screen.splitlines()[-1].strip()
        key = hints[:1]
        return (key,) if re.match(r"(r (run|send)|c (confirm|enter)|F )", hints) else ()

    def _answer(self, screen: str) -> tuple[str, ...]:
        question = re.search(r"STAND_IN virtue [─━]+[╮┓].*\n.*?[│┃]  (\S.*?) *[│┃]", screen)
        if question is not None and question[1] not in self.questions:
            self.questions.append(question[1])
        if "why is it rolled back?" in screen:
            return ("ctrl+u", WHY, "enter")
        if "Which way back?" in screen:
            return ("enter",) if "▶ PROPOSED" in screen else ()
        if word := re.search(r"type (\S+) to go on", screen):
            return ("ctrl+u", word[1], "enter")
        if (key := _KEY.search(screen)) and key[1] not in "↑E":
            return (key[1],)
        return ("ctrl+u", WHY, "enter") if "Enter sends" in screen else ()


def _place(screen: str) -> tuple[object, ...]:
    """What a key that acts changes on the screen: which step and key are due, which question is open."""
    title = re.search(r"╮╭─ (.*?) ─", screen)
    return (title and title[1], screen.splitlines()[-1], "Esc leaves" in screen, "why is it" in screen)
