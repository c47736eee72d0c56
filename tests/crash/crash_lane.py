"""A run with an operator's process, its keeper and its shims, and the dice that say when one of them is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from crash_acting import PATIENCE_S, events_of, until

from cockpit.actions.shim.record import Status, is_alive, read_status
from cockpit.audit.layout import keeper_lock, outputs_dir
from cockpit.audit.locks import holder_alive
from cockpit.run.events import Event

_Found = TypeVar("_Found")
OPERATOR = Path(__file__).with_name("crash_operator.py")
VICTIMS = ("seat", "keeper", "shim", "all")
LONGEST_S = 0.8
"""Between two kills, once the operator is back: in it fall notes, orders, checks, intents, effects, ends, verdicts."""
DURING_START = 0.2
"""How often it is not waited until the operator is back."""
LEAVE_S = 120.0


class Lane:
    """One run, and what was told of it."""

    def __init__(self, run_dir: Path, dice: random.Random) -> None:
        self.run_dir, self.dice = run_dir, dice
        self.acknowledged: list[str] = []
        self.resumed_s: list[float] = []
        self.killed: list[str] = []
        self._operator: subprocess.Popen[str] | None = None
        self._reader = threading.Thread()
        self._is_here = threading.Event()

    def strike(self, victims: Sequence[str], during_start: float = DURING_START) -> None:
        """Kill these, one after another, at random moments; `during_start`: see there."""
        self.resume()
        for victim in victims:
            if victim in ("keeper", "shim") or self.dice.random() >= during_start:
                self._come_back()
            time.sleep(self.dice.uniform(0, LONGEST_S))
            self.killed.append(victim)
            self._kill(victim)
        self._come_back()
        self._end_operator()

    def _come_back(self) -> None:
        """Wait until the operator has a folded view and a keeper."""
        assert self._operator is not None
        until(lambda: self._is_here.is_set() or self._operator.poll() is not None, "the operator")  # type: ignore[union-attr] # there is one
        assert self._is_here.is_set(), f"the operator ended with status {self._operator.returncode}"

    # ---- the operator --------------------------------------------------------------------------------------------

    def resume(self, *more: str) -> None:
        self._is_here = threading.Event()
        seed = str(self.dice.randrange(2**32))
        arguments = [str(self.run_dir), seed, str(time.monotonic()), *more]
        self._operator = subprocess.Popen(
            [sys.executable, str(OPERATOR), *arguments], stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, args=(self._operator, self._is_here), daemon=True)
        self._reader.start()

    def _read(self, operator: subprocess.Popen[str], is_here: threading.Event) -> None:
        assert operator.stdout is not None
        with operator.stdout:
            for line in operator.stdout:
                word, *rest = line.split()
                if not line.endswith("\n"):
                    continue  # killed while it spoke
                if word == "told":
                    self.acknowledged += rest
                elif word == "here":
                    self.resumed_s.append(float(rest[0]))
                    is_here.set()

    def _end_operator(self) -> None:
        if self._operator is not None:
            self._operator.kill()
            self._operator.wait()
            self._reader.join()

    # ---- killing -------------------------------------------------------------------------------------------------

    def _kill(self, victim: str) -> None:
        assert self._operator is not None
        assert self._operator.poll() is None, "the operator's process ended by itself"
        if victim == "keeper":
            self._strike(_awaited(self._keepers, "a keeper to kill"))
        elif victim == "shim":
            self._strike([shim.pid for shim in _awaited(self._shims, "a shim to kill")])
        elif victim == "seat":
            self._end_operator()
            self.resume()
        else:
            found = [self._operator.pid, *self._keepers(), *(shim.pid for shim in self._shims())]
            self.dice.shuffle(found)
            self._strike(found)
            self._end_operator()
            self._strike(self._keepers())  # one that it was just about to start
            until(lambda: not holder_alive(keeper_lock(self.run_dir)), "the keeper's death")
            self.resume()

    def _strike(self, pids: list[int]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(pid, signal.SIGKILL)

    def _keepers(self) -> list[int]:
        """Of this run, also those that are only just starting."""
        own = os.fsencode(self.run_dir)
        return [pid for pid, line in processes() if own in line and b"cockpit.keeper" in line]

    def _shims(self) -> list[Status]:
        begun = outputs_dir(self.run_dir).glob("*.status")
        unended = [path for path in begun if not path.with_suffix(".exit").exists()]
        statuses = [read_status(str(path)) for path in unended]
        return [status for status in statuses if status is not None and is_alive(status)]

    # ---- the end -------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Let an operator wait for the last end, and end the run."""
        self.resume("end")
        assert self._operator is not None
        assert self._operator.wait(LEAVE_S) == 0
        self._reader.join()
        until(lambda: not holder_alive(keeper_lock(self.run_dir)), "the keeper's end with its run")

    def events(self) -> list[Event]:
        return events_of(self.run_dir)

    def clear(self) -> None:
        """End whatever is left, whether or not it went well."""
        self._end_operator()
        self._strike(self._keepers())


def _awaited(look: Callable[[], list[_Found]], what: str) -> list[_Found]:
    """What there is, once there is something."""
    give_up = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < give_up, f"never came: {what}"
        time.sleep(0.002)
    return found


def processes() -> list[tuple[int, bytes]]:
    """Every process with its command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has just ended
            found.append((int(path.parent.name), path.read_bytes()))
    return found
