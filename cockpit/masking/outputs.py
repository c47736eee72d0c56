"""What a process writes to its own outputs, whoever in it does: a plug-in's `print`, a traceback, a C library.

Invariant: none of it gets out but through the masks, while `confided` lasts; what was written until it ends is out
afterwards. What is on its way when the process is killed is lost.
"""

from __future__ import annotations

import os
import selectors
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cockpit.masking import told
from cockpit.masking.stream import Masker

_READ_BYTES = 65536
_END_S = 2.0
"""For what is still to be masked; a program that was left behind may hold the outputs open for ever."""
_beneath: list[int] = []
"""The outputs themselves, while something stands before them."""


def error_output() -> int | None:
    """Where a child says what goes wrong that masks by itself and outlives this process; None: as this process does."""
    return _beneath[-1] if _beneath else None


def drain() -> None:
    """Have everything that was written go out, masked, and let the outputs be as they were."""
    while _ways:
        _ways[-1].end()


@contextmanager
def confided() -> Iterator[None]:
    """Mask what is written to standard output and error."""
    way = _Way()
    try:
        yield
    finally:
        way.end()


class _Way:
    """From both outputs through a pipe each, and back to where they led."""

    def __init__(self) -> None:
        self._to = {fd: os.dup(fd) for fd in (1, 2)}
        self._from: dict[int, int] = {}
        for fd in self._to:
            reading, writing = os.pipe()
            os.dup2(writing, fd)
            os.close(writing)
            os.set_blocking(reading, False)
            self._from[fd] = reading
        _beneath.append(self._to[2])
        _ways.append(self)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._pass, name="cockpit-confiding", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Once."""
        if self not in _ways:
            return
        _ways.remove(self)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # there may be none
                stream.flush()
        for fd, to in self._to.items():
            os.dup2(to, fd)
        self._is_over.set()
        self._thread.join(_END_S)
        _beneath.remove(self._to[2])

    def _pass(self) -> None:
        waiting = selectors.DefaultSelector()
        streams = {fd: _Stream(self._to[fd]) for fd in self._from}
        for fd, reading in self._from.items():
            waiting.register(reading, selectors.EVENT_READ, streams[fd])
        while waiting.get_map():
            # Once it is over everything that was written lies in the pipes: what has nothing more has ended.
            ready = waiting.select(0 if self._is_over.is_set() else 0.2)
            for key, _ in ready:
                data = os.read(key.fd, _READ_BYTES)
                if data:
                    key.data.feed(data)
                if not data or key.data.is_unheard:
                    waiting.unregister(key.fd)
                    os.close(key.fd)  # whoever writes on is told that nobody reads
            if not ready and self._is_over.is_set():
                break
        for stream in streams.values():
            stream.rest()


class _Stream:
    """One output, with a mask that is made anew when another secret is told."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._count = -1
        self.is_unheard = False
        """Whoever read it has gone."""
        self._maskers: list[Masker] = []

    def feed(self, data: bytes) -> None:
        if self._count != told.count():
            self.rest()
            self._count = told.count()
            self._maskers = [Masker(each) for each in told.named()]
        for masker in self._maskers:
            data = masker.feed(data)
        self._write(data)

    def rest(self) -> None:
        """Let go of what was held back: nothing more of it comes."""
        rest = b""
        for masker in self._maskers:
            rest = (masker.feed(rest) if rest else b"") + masker.end()
        self._write(rest)

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except BrokenPipeError:
            self.is_unheard = True
        except OSError:
            pass  # a disk that is full, a terminal that is gone: nobody reads it, and nothing waits


_ways: list[_Way] = []
