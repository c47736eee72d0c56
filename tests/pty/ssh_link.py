"""A connection between a person and the host whose speed can be set, as that of a train or a satellite."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

CHUNK_BYTES = 256
_BUFFER_BYTES = 4096
"""What the kernel keeps for us: little, so that a slow link is felt at its other end."""


class Link:
    """Takes connections at `port` and hands them on to the server's. At full speed until `rate` is set."""

    def __init__(self, to_port: int) -> None:
        self.rate: float | None = None
        """Bytes a second towards the person; None: as fast as it goes."""
        self._to_port = to_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = [self._listening]
        self.carried = 0
        """Bytes that came to the person."""
        self._is_whole = threading.Event()
        self._is_whole.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                person, _ = self._listening.accept()
                server = socket.socket()
                server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
                server.connect(("127.0.0.1", self._to_port))
                self._open += [person, server]
                threading.Thread(target=self._carry, args=(person, server, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, person, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_down: bool) -> None:
        with suppress(OSError):
            while block := source.recv(CHUNK_BYTES if self.rate is not None else 65536):
                if is_down:
                    self.carried += len(block)
                    if self.rate is not None:
                        time.sleep(len(block) / self.rate)  # this is the link
                self._is_whole.wait()
                target.sendall(block)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Carry nothing any more, and tell nobody: the cable is out."""
        self._is_whole.clear()

    def mend(self) -> None:
        """Carry on, with all that was sent meanwhile."""
        self._is_whole.set()

    def close(self) -> None:
        """Hang up on everybody."""
        self.mend()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
