"""Connections that take in no more at a time than they may: libpq holds a row whole, and a row may have a gigabyte.

Invariant: between two answers that psycopg takes out of libpq no more than `CHUNK_BYTES` is received, over a network as
over a Unix socket; what would be more ends the connection.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

from cockpit.probes.postgres.counting import Counter, counter

CHUNK_BYTES = 64 << 20
"""Of the rows that libpq holds at a time."""
_V = TypeVar("_V")


class _TooMuch(psycopg.OperationalError):
    """The connection stands in the midst of what it does not take."""


class Bounded(psycopg.Connection[tuple[object, ...]]):
    """Closed, with a psycopg.OperationalError, where the server sends too much at a time."""

    _counter: Counter | None = None

    def wait(self, gen: Generator[Any, Any, _V], *args: Any, **settings: Any) -> _V:
        """As psycopg's, within `CHUNK_BYTES`."""
        self._counter = self._counter or counter(self.pgconn.socket)
        try:
            return super().wait(_within(gen, self._counter), *args, **settings)
        except _TooMuch:
            self.pgconn.finish()
            raise


class BoundedAsync(psycopg.AsyncConnection[tuple[object, ...]]):
    """The same for a loop."""

    _counter: Counter | None = None

    async def wait(self, gen: Generator[Any, Any, _V], *args: Any, **settings: Any) -> _V:
        """As psycopg's, within `CHUNK_BYTES`."""
        self._counter = self._counter or counter(self.pgconn.socket)
        try:
            return await super().wait(_within(gen, self._counter), *args, **settings)
        except _TooMuch:
            self.pgconn.finish()
            raise


def _within(gen: Generator[Any, Any, _V], counted: Counter) -> Generator[Any, Any, _V]:
    before = counted.received_bytes()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if counted.received_bytes() - before > CHUNK_BYTES:
                gen.close()
                raise _TooMuch(f"a row of its answer is larger than {CHUNK_BYTES >> 20} MiB")
            wanted = gen.send(ready)
    except StopIteration as ended:
        answer: _V = ended.value
        return answer
