"""A way to a server that can go wrong: a TCP proxy before its Unix socket, whose connections are cut, held or deaf."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress


class Wire:
    """One connection through the proxy: what comes from one side goes to the other, until something is done to it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._client, self._server = client, server
        self._may_pass = threading.Event()
        self._may_pass.set()
        self._is_deaf = False
        for ends in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=ends, name="wire", daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(65536):
                self._may_pass.wait()
                if not (self._is_deaf and source is self._server):
                    target.sendall(block)
        if not self._is_deaf:
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Hang up on both."""
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Hang up on both, on the client by RST."""
        with suppress(OSError):
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._client.close()
        self.cut()

    def forget_client(self) -> None:
        """The client's side is gone, and the server is told nothing: half open."""
        self._is_deaf = True
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    def deafen(self) -> None:
        """What the client asks arrives, and no answer comes back."""
        self._is_deaf = True

    def hold(self) -> None:
        """Nothing passes; what was sent meanwhile is delivered by `release`, however late."""
        self._may_pass.clear()

    def release(self) -> None:
        """Deliver what was held."""
        self._may_pass.set()

    def close(self) -> None:
        """Let go of both."""
        self.release()
        self.cut()
        self._client.close()
        self._server.close()


class Proxy:
    """Listens on 127.0.0.1 at a port of its own."""

    def __init__(self, path: str) -> None:
        """`path`: the server's Unix socket."""
        self._path = path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.wires: list[Wire] = []
        """Oldest first."""
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                self.wires.append(Wire(client, server))

    def close(self) -> None:
        """End all of it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for wire in self.wires:
            wire.close()
