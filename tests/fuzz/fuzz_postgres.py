"""A PostgreSQL server that answers whatever it is told to, in bytes of the protocol (its documentation, chapter 55).

A real socket, so that libpq and psycopg read them as they read a real server's. Each query of a connection gets the
next scripted answer, and after the last one the connection ends.
"""

from __future__ import annotations

import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_TYPES = (
    (16, 1), (17, -1), (20, 8), (21, 2), (23, 4), (25, -1), (114, -1), (3802, -1), (700, 4), (701, 8), (1700, -1),
    (1043, -1), (1082, 4), (1083, 8), (1114, 8), (1184, 8), (1186, 16), (1266, 12), (2950, 16), (869, -1), (650, -1),
    (829, 6), (600, 16), (1007, -1), (1009, -1), (1231, -1), (3807, -1), (1000, -1), (3904, -1), (3908, -1), (4451, -1),
    (2249, -1), (705, -2), (2278, 4), (0, -1), (999999, -1),
)  # fmt: skip
"""Object ids of types, with their sizes: from pg_type.dat."""
OIDS = tuple(oid for oid, _ in _TYPES)
_CANCEL = (80877102).to_bytes(4, "big")
_SIZES = dict(_TYPES)


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One message: its letter, its length, its content."""
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def field(text: str) -> bytes:
    """A text as the protocol has it, ended by a zero byte."""
    return text.encode("utf-8", "replace").replace(b"\0", b"") + b"\0"


def ready(status: bytes = b"I") -> bytes:
    """ReadyForQuery."""
    return message(b"Z", status)


def described(columns: list[tuple[str, int]]) -> bytes:
    """RowDescription: names and types, values as text."""
    body = len(columns).to_bytes(2, "big")
    for name, oid in columns:
        size = _SIZES.get(oid, -1) & 0xFFFF
        body += field(name) + bytes(6) + oid.to_bytes(4, "big") + size.to_bytes(2, "big") + b"\xff" * 4 + b"\0\0"
    return message(b"T", body)


def row(values: list[bytes | None]) -> bytes:
    """DataRow."""
    body = len(values).to_bytes(2, "big")
    for value in values:
        body += b"\xff" * 4 if value is None else len(value).to_bytes(4, "big") + value
    return message(b"D", body)


def told(kind: bytes, fields: dict[str, str]) -> bytes:
    """ErrorResponse (`E`) or NoticeResponse (`N`)."""
    return message(kind, b"".join(name.encode() + field(text) for name, text in fields.items()) + b"\0")


def answered(columns: list[tuple[str, int]], rows: list[list[bytes | None]], tag: str) -> bytes:
    """All of an answer to the extended protocol's Parse, Bind, Describe, Execute, Sync, but for the last ready."""
    body = message(b"1") + message(b"2")
    body += described(columns) + b"".join(map(row, rows)) if columns else message(b"n")
    return body + message(b"C", field(tag))


class Answer(NamedTuple):
    """What one query is answered with."""

    content: bytes
    is_last: bool = False
    """The server is gone after it: whoever waits for more hears so."""


class Server:
    """It listens for as long as the process lives."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-pg-")
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(Path(self._folder.name) / ".s.PGSQL.5432"))
        self._listening.listen(8)
        self.dsn = f"host={self._folder.name} user=fuzz dbname=fuzz password=pa55word"
        self.script: list[Answer] = []
        """One for each query, of every connection."""
        self.scripts: list[list[Answer]] = []
        """The same for the next connections, each its own, before those that have `script`."""
        threading.Thread(target=self._serve, daemon=True, name="fuzz-postgres").start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            script = self.scripts.pop(0) if self.scripts else list(self.script)
            threading.Thread(target=self._answer, args=(connection, script), daemon=True).start()

    def _answer(self, connection: socket.socket, script: list[Answer]) -> None:
        with connection, suppress(OSError):  # whoever asked has gone
            self._talk(connection, script)

    def _talk(self, connection: socket.socket, script: list[Answer]) -> None:
        reading = connection.makefile("rb")
        length = int.from_bytes(reading.read(4), "big")
        if reading.read(length - 4)[:4] == _CANCEL:
            return
        greeting = message(b"R", bytes(4))
        for name, value in (("server_version", "17.2"), ("client_encoding", "UTF8"), ("DateStyle", "ISO, MDY"),
                            ("TimeZone", "UTC"), ("standard_conforming_strings", "on"), ("integer_datetimes", "on"),
                            ("IntervalStyle", "postgres")):  # fmt: skip
            greeting += message(b"S", field(name) + field(value))
        connection.sendall(greeting + message(b"K", bytes(8)) + ready())
        while kind := reading.read(1):
            length = int.from_bytes(reading.read(4), "big")
            reading.read(length - 4)
            if kind == b"X":
                return
            if kind in (b"S", b"Q"):
                if not script:
                    return
                answer = script.pop(0)
                connection.sendall(answer.content)
                if answer.is_last:
                    return
