"""A connection that takes in no more at a time than it may: libpq holds a row whole, and a row may have a gigabyte.

Invariant: what is counted is what the kernel received (tcp(7), TCP_INFO), so it counts over a network alone; whoever
serves a Unix socket could fill this host's memory without us.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

CHUNK_BYTES = 64 << 20
"""Of the rows that libpq holds at a time."""
_BYTES_RECEIVED = 128
"""Where `tcpi_bytes_received` stands in `struct tcp_info` (linux/tcp.h), from Linux 4.1 on."""
_V = TypeVar("_V")


class Bounded(psycopg.Connection[tuple[object, ...]]):
    """Raises psycopg.OperationalError where the server sends too much at a time; it is of no use then."""

    def wait(self, gen: Generator[Any, Any, _V], *args: Any, **settings: Any) -> _V:
        """As psycopg's, within `CHUNK_BYTES`."""
        return super().wait(_within(gen, self.pgconn.socket), *args, **settings)


def _within(gen: Generator[Any, Any, _V], fd: int) -> Generator[Any, Any, _V]:
    with socket.socket(fileno=os.dup(fd)) as seen:
        before = _received_bytes(seen)
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if _received_bytes(seen) - before > CHUNK_BYTES:
                    gen.close()
                    raise psycopg.OperationalError(f"a row of its answer is larger than {CHUNK_BYTES >> 20} MiB")
                wanted = gen.send(ready)
        except StopIteration as ended:
            answer: _V = ended.value
            return answer


def _received_bytes(seen: socket.socket) -> int:
    """Over the connection's whole life; 0 where nobody counts."""
    try:
        told = seen.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
        return int(struct.unpack_from("=Q", told, _BYTES_RECEIVED)[0])
    except (OSError, struct.error):
        return 0
