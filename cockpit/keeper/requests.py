"""Requests to read probes now (`cockpit.session.nudge`): seen by inotify, or at the next tick where there is none.

Invariant: a request is taken once; its content only ever selects among the profile's probes. What is no request, or
more of them than anybody sends, holds up no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from cockpit.audit.inotify import MOVED_IN, Watch
from cockpit.audit.layout import probe_requests
from cockpit.audit.opening import content, make_folder
from cockpit.session.nudge import PART

LIMIT_BYTES = 65536
"""Of one request."""
MOST_AT_ONCE = 1000
"""Taken at one look; the others at the next."""


class Requests:
    """The folder of requests, watched by the running loop."""

    def __init__(self, run_dir: Path, on_request: Callable[[tuple[str, ...]], None]) -> None:
        """`on_request` gets the ids asked for; an empty tuple asks for what matters now. Raises OSError."""
        self._folder = probe_requests(run_dir)
        make_folder(self._folder)
        self._on_request = on_request
        self._watch: Watch | None = None
        with contextlib.suppress(OSError):  # no inotify to be had: `look` at every tick finds them too, a little later
            self._watch = Watch(self._folder, MOVED_IN)
            asyncio.get_running_loop().add_reader(self._watch.fileno(), self._woken)

    def _woken(self) -> None:
        if self._watch is not None:
            self._watch.clear()
        self.look()

    def look(self) -> None:
        """Take every request that is there."""
        for asked in list(self._taken()):
            self._on_request(asked)

    def _taken(self) -> Iterator[tuple[str, ...]]:
        with contextlib.suppress(OSError):  # somebody took the folder away: then nobody asks any more
            with os.scandir(self._folder) as found:  # a folder cannot be taken away, and would be in the way for ever
                names = [each.name for each in found if not each.is_dir(follow_symlinks=False)]
            for name in heapq.nsmallest(MOST_AT_ONCE, (name for name in names if not name.endswith(PART))):
                asked = None
                with contextlib.suppress(OSError):  # another took it, or it is none
                    asked = content(self._folder / name, LIMIT_BYTES).decode("ascii", "replace").split()
                with contextlib.suppress(OSError):
                    (self._folder / name).unlink()
                if asked is not None:
                    yield tuple(asked)

    def close(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            asyncio.get_running_loop().remove_reader(self._watch.fileno())
            self._watch.close()
            self._watch = None
