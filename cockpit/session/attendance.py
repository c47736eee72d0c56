"""Who is at a run's screens, for somebody who is not: by the log, and by the locks that die with the screens, here and
on other hosts.

Invariant: only the lines that tell of seats are decoded, so that a long log costs little more than reading it. Nothing
is verified; what cannot be read counts for nobody.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from cockpit.audit.layout import log_path
from cockpit.audit.line import decode
from cockpit.errors import LogError
from cockpit.run.evolve import evolve
from cockpit.run.state import RunState
from cockpit.run.state_people import SeatState
from cockpit.session.elsewhere import NOWHERE, Elsewhere
from cockpit.session.lookout import Lookout

MOST_SEATS = 64
"""At one run, of one host. Each reads all that the others tell, and draws it: more would wear each other out."""
_TOLD = b'"type":"operator.'
_BEGINNING = 256
"""Within so many bytes of a line stands its type."""


class Attendance(Struct, frozen=True):
    """The seats at a run now."""

    here: tuple[SeatState, ...]
    is_hearsay: bool = False
    """Their locks cannot be looked at: the log alone has them here, and one that was killed may be among them."""


def attendance(run_dir: Path, state: RunState, elsewhere: Elsewhere = NOWHERE) -> Attendance:
    """Who is there. `state` is any fold of the same run that has begun. Never raises."""
    with suppress(OSError, ValueError):  # ValueError: the file is empty
        for line in lines_with(log_path(run_dir), _TOLD):
            with suppress(LogError):
                state = evolve(state, decode(line))
    lookout = Lookout(run_dir, elsewhere)
    lookout.look(state)
    here, _, unsure = lookout.present(state)
    return Attendance(here=here, is_hearsay=lookout.is_blind or bool(unsure))


def is_full(run_dir: Path, state: RunState) -> bool:
    """Whether as many seats are at a run as there may be. Reads its log once."""
    return len(attendance(run_dir, state).here) >= MOST_SEATS


def lines_with(log: Path, wanted: bytes) -> Iterator[bytes]:
    """The lines that have this in their beginning, in order, without their newlines. Raises OSError, ValueError."""
    fd = os.open(log, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    with open(fd, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as told:
        at = 0
        while (place := told.find(wanted, at)) >= 0:
            start = told.rfind(b"\n", 0, place) + 1
            end = told.find(b"\n", place)
            at = end + 1
            if end < 0:
                return
            if place - start < _BEGINNING:
                yield told[start:end]
