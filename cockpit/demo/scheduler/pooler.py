"""What stands before the database: it speaks TLS and passwords with clients, and neither with the server behind it.

A pooler in the way of PgBouncer with `client_tls_sslmode`: the PostgreSQL at hand is built without TLS (`SSL is not
supported by this build`), so encryption ends here, on a certificate of our own making. It passes bytes; it pools
nothing.
Protocol: PostgreSQL documentation, 54.2.10 (SSL session encryption) and 54.7 (message formats).
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from pathlib import Path

from cockpit.demo.web import LOOPBACK

_SSL_REQUEST, _GSS_REQUEST, _CANCEL = 80877103, 80877104, 80877102
_CLEARTEXT = b"R" + struct.pack("!ii", 8, 3)
_BLOCK = 65536


class Pooler:
    """Accepts clients on a loopback port until it is closed."""

    def __init__(self, server: Path, certificate: Path, passwords: dict[str, str]) -> None:
        """`server` is the Unix socket behind it; `certificate` a PEM file with key and chain."""
        self._server, self.passwords = server, passwords
        self.tls_only = True
        """Whether a client that does not ask for TLS is refused."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Let nobody in any more, and end every connection."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()
        with self._lock:
            left = list(self._open)
        for each in left:
            _cut(each)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        held = [raw]
        try:
            with contextlib.suppress(OSError, EOFError, struct.error, ValueError):
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client, startup = self._greeted(raw, held)
                behind = socket.socket(socket.AF_UNIX)
                held.append(behind)
                with self._lock:
                    self._open.update((client, behind))
                behind.connect(str(self._server))
                behind.sendall(startup)
                _pass_both_ways(client, behind)
        finally:
            with self._lock:
                self._open.difference_update(held)
            for each in reversed(held):
                with contextlib.suppress(OSError, ValueError):
                    if isinstance(each, ssl.SSLSocket):  # say that it is over: libpq takes a mere end for a fault
                        each.settimeout(0.2)
                        each.unwrap()
                each.close()

    def _greeted(self, raw: socket.socket, held: list[socket.socket]) -> tuple[socket.socket, bytes]:
        """The client, encrypted if it asked for that, and its first message for the server. `held` is to be closed."""
        client: socket.socket = raw
        while True:
            size = _exactly(client, 4)
            message = size + _exactly(client, struct.unpack("!i", size)[0] - 4)
            code = struct.unpack("!i", message[4:8])[0]
            if code == _SSL_REQUEST:
                client.sendall(b"S")
                client = self._tls.wrap_socket(raw, server_side=True)
                held.append(client)
            elif code == _GSS_REQUEST:
                client.sendall(b"N")
            elif code == _CANCEL:
                return client, message
            else:
                self._admit(client, message)
                return client, message

    def _admit(self, client: socket.socket, startup: bytes) -> None:
        """Raise `EOFError` after telling a client why it is refused."""
        words = startup[8:].split(b"\0")
        told = dict(zip(words[::2], words[1::2], strict=False))
        user, database = (told.get(key, b"").decode() for key in (b"user", b"database"))
        if self.tls_only and not isinstance(client, ssl.SSLSocket):
            where = f'host "127.0.0.1", user "{user}", database "{database}"'
            raise _refused(client, "28000", f"no pg_hba.conf entry for {where}, no encryption")
        client.sendall(_CLEARTEXT)
        _exactly(client, 1)
        given = _exactly(client, struct.unpack("!i", _exactly(client, 4))[0] - 4).rstrip(b"\0").decode()
        if self.passwords.get(user) != given:
            raise _refused(client, "28P01", f'password authentication failed for user "{user}"')


def _refused(client: socket.socket, state: str, why: str) -> EOFError:
    fields = b"".join(key + text.encode() + b"\0" for key, text in ((b"S", "FATAL"), (b"C", state), (b"M", why)))
    client.sendall(b"E" + struct.pack("!i", len(fields) + 5) + fields + b"\0")
    return EOFError(why)


def _exactly(source: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        if not (block := source.recv(size - len(found))):
            raise EOFError("the client has gone")
        found += block
    return found


def _pass_both_ways(client: socket.socket, behind: socket.socket) -> None:
    """Bytes in both directions until either side ends. In one thread: OpenSSL's connections bear only one at a time."""
    other = {client: behind, behind: client}
    while True:
        ready = (
            [client] if isinstance(client, ssl.SSLSocket) and client.pending() else select.select([*other], [], [])[0]
        )
        for source in ready:
            if not (block := source.recv(_BLOCK)):
                return
            other[source].sendall(block)


def _cut(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
