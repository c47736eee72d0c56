"""Which server keeps a run: its cluster and timeline, and what this host remembers of them.

A promoted replica begins a new timeline (PostgreSQL 26.2, 25.3.6). So a higher one than before tells of a failover, and
a lower one of a server that was left behind by it: going on there would split the log in two.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import psycopg
from msgspec import Struct

from cockpit.audit.layout import store_server
from cockpit.audit.opening import content, opened
from cockpit.audit.postgres.answers import Misread
from cockpit.audit.postgres.connecting import Connection, look_elsewhere, where
from cockpit.errors import StoreAway
from cockpit.patterns import late

_ASK = """SELECT (SELECT system_identifier FROM pg_control_system())::text, CASE WHEN pg_is_in_recovery() THEN 0
          ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END"""
_SYSTEM = late("-?[0-9]{1,20}")
_TIMELINES = 2**31


class Server(Struct, frozen=True):
    """A cluster at one stage of its life."""

    system: str = ""
    """The cluster's identifier, the same for a primary and its replicas; empty: not known."""
    timeline: int = 0
    """Grows with each promotion; 0: not known, or a replica."""

    @property
    def is_known(self) -> bool:
        """Whether anything can be told from it."""
        return bool(self.system and self.timeline)

    def was_left_behind(self, seen: Server) -> bool:
        """Whether a failover away from this server was seen."""
        return self.is_known and self.system == seen.system and self.timeline < seen.timeline

    def took_over(self, seen: Server) -> bool | None:
        """Whether a failover lies between; None if that cannot be told."""
        if not self.is_known or not seen.is_known:
            return None
        return self.system != seen.system or self.timeline > seen.timeline


def server_of(connection: Connection) -> Server:
    """Who answers. Nothing is known where a service does not tell it. Raises psycopg.OperationalError."""
    try:
        row = connection.execute(_ASK).fetchone()
    except Misread:
        return Server()
    except psycopg.OperationalError:
        raise
    except psycopg.Error:
        return Server()
    match row:
        case (str(system), int(timeline)) if _SYSTEM.fullmatch(system) and 0 <= timeline < _TIMELINES:
            return Server(system, timeline)
    return Server()


class Seen(Struct, frozen=True):
    """What a host remembers of the servers that kept a run."""

    server: Server = Server()
    """The one that its copy last agreed with; not known if none is noted."""
    before: int = 0
    """The timeline before that one's; 0: it was the first."""
    age_s: float = 0.0
    """For how long it has been that server."""


def seen_server(run_dir: Path) -> Seen:
    """What is remembered here."""
    path = store_server(run_dir)
    try:
        system, timeline, before = content(path, 256).decode("ascii").split()
        return Seen(Server(system, int(timeline)), int(before), max(0.0, time.time() - path.stat().st_mtime))
    except (OSError, ValueError):
        return Seen()


def note_server(run_dir: Path, server: Server, seen: Seen) -> None:
    """From now on this is the server that the copy agrees with. Where that cannot be written it is not remembered."""
    path = store_server(run_dir)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    before = seen.server.timeline if seen.server.system == server.system else 0
    with suppress(OSError):
        try:
            with os.fdopen(opened(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w", encoding="ascii") as file:
                file.write(f"{server.system} {server.timeline} {before}\n")
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def left_behind(dsn: str, server: Server, seen: Server) -> StoreAway:
    """What to say of a primary from before a failover; of several hosts, the others are tried from now on."""
    look_elsewhere(dsn)
    return StoreAway(
        f"the store {where(dsn)} is a server that a failover left behind (timeline {server.timeline}; "
        f"the run went on in timeline {seen.timeline})",
        hint="take it out of service: whoever writes there splits the log",
    )
