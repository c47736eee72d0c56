"""How much a connection received, whichever way it goes: over a network the kernel counts, over a Unix socket we do.

Over TCP it is `tcpi_bytes_received` (tcp(7), TCP_INFO). Of a Unix socket the kernel tells nothing of the kind, and
libpq reads from it by itself: so its descriptor is made one end of a pair, and a thread passes on what goes either way.

Invariant: what is passed on is unchanged and in order, and no more than a piece of it is held. The thread ends when
either side does, and ends the other.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
import threading
from contextlib import suppress
from typing import Protocol

_PIECE_BYTES = 256 * 1024
_BYTES_RECEIVED = 128
"""Where `tcpi_bytes_received` stands in `struct tcp_info` (linux/tcp.h), from Linux 4.1 on."""


class Counter(Protocol):
    """Says how much a connection received."""

    def received_bytes(self) -> int:
        """Over its whole life, as far as it was counted."""
        ...


def counter(fd: int) -> Counter:
    """Of the socket with this descriptor, from now on; once for each connection, between two answers of its server."""
    with socket.socket(fileno=os.dup(fd)) as seen:
        return _Passing(fd) if seen.family == socket.AF_UNIX else _Network(fd)


class _Network:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def received_bytes(self) -> int:
        try:
            with socket.socket(fileno=os.dup(self._fd)) as seen:
                told = seen.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
            return int(struct.unpack_from("=Q", told, _BYTES_RECEIVED)[0])
        except (OSError, struct.error):
            return 0  # a kernel that does not count


class _Passing:
    def __init__(self, fd: int) -> None:
        self._received = 0
        server = socket.socket(fileno=os.dup(fd))
        ours, theirs = socket.socketpair()
        with theirs:
            os.dup2(theirs.fileno(), fd, inheritable=False)
        # libpq does not wait on its socket by itself, and what is dup'ed shares that with the other end.
        os.set_blocking(fd, False)
        os.set_blocking(server.fileno(), True)
        threading.Thread(target=self._pass_on, args=(server, ours), name="cockpit-counting", daemon=True).start()

    def received_bytes(self) -> int:
        return self._received

    def _pass_on(self, server: socket.socket, client: socket.socket) -> None:
        # Whichever side goes first, and however: the other is told by its end.
        with suppress(OSError), server, client, selectors.DefaultSelector() as selector:
            for each in (server, client):
                selector.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    is_answer = key.fileobj is server
                    source, target = (server, client) if is_answer else (client, server)
                    piece = source.recv(_PIECE_BYTES)
                    if not piece:
                        return
                    self._received += len(piece) * is_answer
                    target.sendall(piece)
