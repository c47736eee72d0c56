"""Following a run in a database: notified, and asked again all the same, so that this host's copy is up to date.

Invariant: a notification is a hint that carries run and sequence number; asking every `POLL_S` makes it certain. The
connection never sits idle in a transaction and holds no lock on a table. A database that does not answer is known not
to within `SILENCE_S`, and tried again for as long as this goes on. What is held (the keeper's place, a seat) is held by
this connection's session: it dies with the process, and with the way to the database.
"""

from __future__ import annotations

import hashlib
import select
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from msgspec import Struct

from cockpit.audit.postgres.connecting import Connection, connected, cut, said, where, within
from cockpit.audit.postgres.leases import Leases
from cockpit.audit.postgres.mirror import Kept, Source
from cockpit.audit.postgres.servers import Server, server_of
from cockpit.audit.postgres.store import kept_after
from cockpit.errors import LogError, StoreAway, StoreDiverged, StoreFailed

POLL_S = 1.0
SILENCE_S = 1.7
"""How long one question may take before the database counts as gone: with `POLL_S`, people know within 3 s."""
_PAUSE_S = 0.5
"""Between tries to reach it."""
_LEAVE_S = 0.2
_BATCH = 100
"""Lines at once: as many of 64 KiB as come within `SILENCE_S` also over a slow way."""


class Told(Struct, frozen=True):
    """What a notification says."""

    seq: int
    """Of the last line that was added."""
    pid: int
    """Of the server's process that added it."""


Pull = Callable[[Source, Told | None], object]
"""Brings the copy up to date by what it asks of the source; None: it is time to look, whatever was told."""


class Following:
    """One thread that listens for a run and calls `pull` whenever there may be more, and at least once a second.

    What it gives to `pull` is asked by the one connection that it has.
    """

    def __init__(
        self,
        dsn: str,
        run: str,
        pull: Pull,
        told: Callable[[str], None],
        *,
        holds: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`told` gets one sentence when the trouble begins or changes, and an empty one when it is over.

        `holds`: names that this process wants to hold in the run at the moment (`keeper`, `seat-…`), one holder each.
        """
        self._dsn = dsn
        self._run = run
        self._pull = pull
        self._told = told
        self._trouble = ""
        self.leases = Leases(run, holds)
        """Who holds what in the run, and what this process holds."""
        self._is_well = True
        """Whether no connection was lost since all was asked that there is to ask."""
        self._closing = threading.Event()
        self._connection: Connection | None = None
        self.server = Server()
        """Who answers, as of the last connection."""
        self._thread = threading.Thread(target=self._follow, name="cockpit-store-listen", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, and hold nothing any more. A second call does nothing."""
        self._closing.set()
        if (connection := self._connection) is not None:
            cut(connection)
        if self._thread.is_alive():
            self._thread.join(_LEAVE_S)  # else it is connecting: it ends by itself, and holds nothing

    def _follow(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except StoreFailed as error:
                self._say(str(error))
            except (psycopg.Error, OSError) as error:
                if self._is_well:
                    self._is_well = False
                    continue  # this connection is lost, which says nothing of the database: the next one does
                why = said(error) if isinstance(error, psycopg.Error) else error.strerror
                self._say(f"the store {where(self._dsn)} does not answer: {why}")
            except LogError as error:
                self._say(str(error))  # of the copy: asking the database again mends nothing
                return
            finally:
                self.leases.lose()
            self._closing.wait(_PAUSE_S)

    def _listen(self) -> None:
        connection = connected(self._dsn, connect_s=SILENCE_S)
        self._connection = connection
        try:
            with self._asking(connection):
                connection.execute(f"LISTEN {channel_of(self._run)}")
                self.leases.begin(connection)
                self.server = server_of(connection)
            while not self._closing.is_set():
                with self._asking(connection):  # the database has to answer for it
                    self.leases.look(connection)
                self._say(self._looked())
                self._is_well = True
                self._wait(connection)
        finally:
            self._connection = None
            connection.close()

    @contextmanager
    def _asking(self, connection: Connection) -> Iterator[Connection]:
        """Raises StoreAway if the answer does not come in time."""
        try:
            with within(connection, SILENCE_S) as was_cut:
                yield connection
        except psycopg.Error as error:
            if was_cut.is_set() and not self._closing.is_set():
                silence = f"the store {where(self._dsn)} does not answer: nothing came for {SILENCE_S:.0f} s"
                raise StoreAway(silence) from error
            raise

    def _wait(self, connection: Connection) -> None:
        """Until it is time to look around again; what this run is told of meanwhile is fetched at once."""
        give_up = time.monotonic() + POLL_S
        # Not `notifies(timeout=…)`, which wakes ten times a second to see whether somebody pressed Ctrl-C.
        ready = select.poll()
        ready.register(connection.fileno(), select.POLLIN)
        while (left_s := give_up - time.monotonic()) > 0 and not self._closing.is_set():
            for notice in list(connection.notifies(timeout=0)):
                run, _, seq = notice.payload.partition(" ")
                if run == self._run and seq.isascii() and seq.isdecimal():
                    self._pull(self, Told(int(seq[:18]), notice.pid))
            ready.poll(left_s * 1000)

    def _looked(self) -> str:
        """Look, whatever was told; why nothing can be written, although the database answers."""
        try:
            self._pull(self, None)
        except StoreDiverged as error:
            return str(error)
        return ""

    # ---- what is asked of it -------------------------------------------------------------------------------------

    def lines_after(self, seq: int) -> list[Kept]:
        """The next lines of the run. Raises StoreAway."""
        with self._asking(self._there()) as connection:
            return kept_after(connection, self._run, seq, _BATCH)

    def ask(self, query: str, *values: object) -> list[Any]:
        """Rows of a query that changes nothing. Raises StoreAway."""
        with self._asking(self._there()) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def _there(self) -> Connection:
        if (connection := self._connection) is None:
            raise StoreAway(f"the store {where(self._dsn)} is not followed any more")
        return connection

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble and not self._closing.is_set():
            self._trouble = trouble
            self._told(trouble)


def channel_of(run: str) -> str:
    """Where the database tells that a run grew: one channel a run, so that nobody is woken by the others."""
    return f"cockpit_{hashlib.sha256(run.encode()).hexdigest()[:32]}"
