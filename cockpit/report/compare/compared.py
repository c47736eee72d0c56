"""A log as a comparison needs it: its chronicle, its fold, and what is wrong with it.

Invariant: as far as the log counts; what is wrong with it further on is told and costs what follows. Output of commands
is passed over: nothing of it is compared.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from cockpit.audit.line import decode
from cockpit.audit.walking import Walk
from cockpit.errors import LogError, LogUnreadable
from cockpit.report.chronicle.chronicle import Chronicle, Chronicler
from cockpit.run.events import ActionOutput
from cockpit.run.state import RunState
from cockpit.text import shortened


class Compared(Struct, frozen=True):
    """One of the runs that are compared."""

    told: Chronicle
    state: RunState
    troubles: tuple[str, ...] = ()
    name: str = ""
    """Of the file, where the log was given as one."""


def read_compared(path: Path) -> Compared:
    """Read a run's folder, or a log file of any name. Raises LogUnreadable if it cannot be opened, or no run began."""
    walk, chronicler, troubles = Walk(path), Chronicler(), list[str]()
    try:
        for batch in walk.batches():
            for line, raw in batch:
                if line.type != ActionOutput.type:
                    chronicler.take(decode(raw, line=line.seq))
    except LogError as error:
        troubles.append(str(error))
    except Exception as error:  # noqa: BLE001 - facts in an order, or with settings, that no cockpit writes
        what = shortened(f"{type(error).__name__}: {error}", 200)
        troubles.append(f"an event cannot be told, and nothing after it is: {what}")
    finally:
        walk.close()
    if chronicler.state.started is None:
        why = str(walk.trouble) if walk.trouble is not None else next(iter(troubles), "")
        raise LogUnreadable(
            why if why.startswith("no run began") else f"no run began in {walk.path}: {why}".rstrip(": ")
        )
    if walk.trouble is not None:
        troubles.append(f"{walk.trouble}; compared as far as it goes")
    return Compared(chronicler.told(), chronicler.state, tuple(troubles))
