"""What a run's log says, for tests: its events, what was settled, and whether it verifies.

log = Looking(run_dir)
log.events("trigger.fired") -> list[Event]      log.bodies("rollback.chosen") -> list of what they say
log.settled() -> ids of confirmed steps         log.state -> the run, folded      log.problem() -> "" if it verifies
log.holding("a secret") -> files of the run in which that stands
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from looks import PATIENCE_S, looks

from cockpit.audit.layout import log_path
from cockpit.audit.tail import Tail
from cockpit.audit.verify import verify
from cockpit.run.events import Event
from cockpit.run.evolve import fold
from cockpit.run.state import RunState


class Looking:
    """One run's folder, from outside."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir

    @property
    def state(self) -> RunState:
        """The run as its log tells it."""
        return fold(self.events())

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
        steps = fold(self.events()).steps  # of the log: what a seat sees follows a little later
        found = [(known.settled_seq, step) for step, known in steps.items() if known.status == status]
        return [step for _, step in sorted(found)]

    def problem(self) -> str:
        """What is wrong with the log; empty if it verifies."""
        return str(verify(log_path(self.run_dir)).problem or "")

    def holding(self, text: str) -> list[str]:
        """Names of the run's files in which a text stands."""
        files = [path for path in self.run_dir.rglob("*") if path.is_file()]
        return [str(path.relative_to(self.run_dir)) for path in files if text.encode() in path.read_bytes()]


def until(true: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> Any:
    """What `true` returns once it is true; fails, naming `what`, if that never comes."""
    for _ in looks(timeout_s):
        if found := true():
            return found
    raise AssertionError(f"never came: {what}")
