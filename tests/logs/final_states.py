"""Write what each golden log is replayed to, for those that have none yet: `python tests/logs/final_states.py`.

A state that stands there is never written anew: a change that makes another one of the same log is wrong, or has to say
in the CHANGELOG why the old meaning was.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from cockpit.audit.tail import Tail
from cockpit.run.evolve import fold
from cockpit.run.state import RunState

LOGS = Path(__file__).parent


def path_of(log: Path) -> Path:
    """Where the state of a golden log is kept."""
    return log.with_suffix(".state.json")


def folded(log: Path) -> RunState:
    """The state after all that counts."""
    tail, events = Tail(log), []
    try:
        while entries := tail.read():
            events += [entry.event for entry in entries]
    finally:
        tail.close()
    return fold(events)


def plain(state: RunState) -> dict[str, Any]:
    """A state as JSON has it, without what `run.started` says: that stands in the log as it is."""
    told: dict[str, Any] = msgspec.to_builtins(state)
    del told["started"]
    told["firing"] = sorted(told["firing"])
    return told


def main() -> None:
    """Write those that are missing."""
    for log in sorted(LOGS.glob("v*/*.jsonl")):
        if not path_of(log).exists():
            text = msgspec.json.format(msgspec.json.encode(plain(folded(log))), indent=1)
            path_of(log).write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
