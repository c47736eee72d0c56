"""Outputs on their way to other hosts: what commands write goes into the run's database, in pieces, as it is written.

Invariant: a thread and a connection of its own, so that no fact ever waits for it; at most `ROUND_BYTES` of a file
every `ROUND_S`. Nothing is lost if it cannot be done: the file stays here, and the next keeper on this host goes on.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.audit.layout import outputs_dir
from cockpit.audit.opening import opened
from cockpit.errors import LogError
from cockpit.run.events import ActionEnded, ActionStarted, Body
from cockpit.run.state import RunState
from cockpit.session.outputs import is_output

if TYPE_CHECKING:  # a driver, which runs in files never need
    from cockpit.audit.postgres.incoming import Incoming

ROUND_S = 0.5
ROUND_BYTES = 1 << 20
_PAUSE_S = 5.0
"""After the database did not take a piece."""
_LAST_S = 5.0


class Sharing:
    """Of one keeper. Begun at once, closed once."""

    def __init__(self, run_dir: Path, state: RunState, incoming: Callable[[], Incoming]) -> None:
        """`incoming` is called once there is something to be put."""
        self._folder = outputs_dir(run_dir)
        self._opened = incoming
        self._incoming: Incoming | None = None
        self._changed = threading.Condition()
        self._ends: dict[str, int | None] = {}
        """By file: how long it is to become; None: it is still written."""
        self._at: dict[str, int] = {}
        self._is_closing = False
        for step in state.steps.values():
            action = step.action
            if action is not None and action.output and action.started is not None:
                self._ends[action.output] = None if action.is_under_way else action.output_bytes
        self._thread = threading.Thread(target=self._run, name="cockpit-outputs", daemon=True)
        self._thread.start()

    def take(self, body: Body) -> None:
        """This keeper told this."""
        if isinstance(body, ActionStarted | ActionEnded) and is_output(body.output):
            with self._changed:
                self._ends[body.output] = None if isinstance(body, ActionStarted) else body.output_bytes
                self._changed.notify()

    def close(self) -> None:
        """Put what is whole, for some seconds at most, and end."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(_LAST_S)

    # ---- in the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        has_failed = False
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing or bool(self._ends))
                names = [name for name, end in self._ends.items() if end is not None or not self._is_closing]
            if not names:
                return
            pause_s = ROUND_S
            try:
                for name in names:
                    self._put(name)
            except (LogError, OSError):
                pause_s = _PAUSE_S
                if self._is_closing:
                    # Once more: the connection may be one from before the database was away, and the next is a new one.
                    if has_failed:
                        return
                    has_failed = True
            with self._changed:
                if not self._ends and self._incoming is not None:
                    self._incoming.rest()
                if not self._is_closing:
                    self._changed.wait_for(lambda: self._is_closing, pause_s)

    def _put(self, name: str) -> None:
        """Some more of a file. Raises LogError, OSError."""
        path = self._folder / name
        if not is_output(name) or not path.exists():
            if self._ends.get(name) is not None or not is_output(name):
                self._done(name)  # it was written on another host, or never
            return
        incoming = self._incoming = self._incoming or self._opened()
        from cockpit.audit.postgres.incoming import CHUNK_BYTES

        at = self._at[name] if name in self._at else incoming.end_of(name)
        end = self._ends.get(name)
        with os.fdopen(opened(path, os.O_RDONLY), "rb") as file:
            file.seek(at)
            for _ in range(ROUND_BYTES // CHUNK_BYTES):
                chunk = file.read(CHUNK_BYTES)
                if not chunk:
                    break
                incoming.put(name, at, chunk)
                at += len(chunk)
        self._at[name] = at
        if end is not None and at >= end:
            self._done(name)

    def _done(self, name: str) -> None:
        with self._changed:
            self._ends.pop(name, None)
        self._at.pop(name, None)
