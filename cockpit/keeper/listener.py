"""The keeper's ear: the socket by which typed secrets come in (`cockpit.session.secrets`), and nothing else.

Invariant: only processes of this user are heard (SO_PEERCRED), so many at a time, one line each, with a time limit; no
value is ever written, logged, or part of an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from cockpit.errors import KeeperError
from cockpit.session.secrets import LIMIT_BYTES, TIMEOUT_S, Given, Taken, peer_uid, socket_path

MOST_AT_ONCE = 64
"""Connections that are heard at the same time."""
Take = Callable[[str, str], str]
"""Takes a name and a value; answers why not, or an empty text."""


class Listener:
    """A listening socket, by the run's id."""

    def __init__(self, path: Path, server: asyncio.Server) -> None:
        """Use `open`."""
        self._path = path
        self._server = server

    @classmethod
    async def open(cls, run_dir: Path, take: Take) -> Listener:
        """Listen. Only for the holder of the keeper's lock: what a dead one left at the address is removed.

        Raises KeeperError.
        """
        path = socket_path(run_dir)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            path.unlink(missing_ok=True)
            listening.bind(str(path))  # 0600 by the keeper's umask, in a folder of this user alone
            path.chmod(0o600)
            server = await asyncio.start_unix_server(_Answering(take), sock=listening, limit=LIMIT_BYTES)
        except OSError as error:
            listening.close()
            raise KeeperError(f"typed secrets cannot be taken at {path}: {error.strerror or error}") from error
        return cls(path, server)

    async def close(self) -> None:
        """Stop listening and take the address away."""
        self._server.close()
        with contextlib.suppress(OSError):  # the folder may be gone with the user's last session
            self._path.unlink(missing_ok=True)


class _Answering:
    def __init__(self, take: Take) -> None:
        self._take = take
        self._open = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MOST_AT_ONCE:
            writer.transport.abort()  # they will ask again; those who are heard are gone within `TIMEOUT_S`
            return
        self._open += 1
        try:
            await self._heard(reader, writer)
        finally:
            self._open -= 1

    async def _heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            taken = await self._taken(reader, writer)
            writer.write(msgspec.json.encode(taken) + b"\n")
            async with asyncio.timeout(TIMEOUT_S):
                await writer.drain()
        except (OSError, TimeoutError):
            return  # whoever asked has gone; they will ask again
        finally:
            writer.close()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Taken:
        if peer_uid(writer.get_extra_info("socket")) != os.getuid():
            return Taken(ok=False, why="another user's process")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                given = msgspec.json.decode(await reader.readline(), type=Given)
        except (TimeoutError, ValueError, RecursionError):  # msgspec's errors and a line too long are both ValueError
            return Taken(ok=False, why="the request was not understood")
        why = self._take(given.name, given.value)
        return Taken(ok=not why, why=why)
