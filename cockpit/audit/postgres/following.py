"""Following a run in a database: notified, and asked again all the same, so that this host's copy is up to date.

Invariant: a notification is a hint that carries run and sequence number; asking every `POLL_S` makes it certain. The
connection never sits idle in a transaction and holds no lock on a table. A database that does not answer is known not
to within `SILENCE_S`, and tried again for as long as this goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg

from cockpit.audit.postgres.connecting import Connection, connected, cut, within
from cockpit.errors import LogError, StoreFailed

CHANNEL = "cockpit_log"
POLL_S = 1.0
SILENCE_S = 2.0
"""How long one question may take before the database counts as gone: with `POLL_S`, people know within 3 s."""
_PAUSE_S = 0.5
"""Between tries to reach it."""


class Following:
    """One thread that listens for a run and calls `pull` whenever there may be more, and at least once a second."""

    def __init__(self, dsn: str, run: str, pull: Callable[[], object], told: Callable[[str], None]) -> None:
        """`told` gets one sentence when the trouble begins or changes, and an empty one when it is over."""
        self._dsn = dsn
        self._run = run
        self._pull = pull
        self._told = told
        self._trouble = ""
        self._closing = threading.Event()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._follow, name="cockpit-store-listen", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End; returns once the thread has. A second call does nothing."""
        self._closing.set()
        if (connection := self._connection) is not None:
            cut(connection)
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except (StoreFailed, psycopg.Error, OSError) as error:
                self._say(str(error) if isinstance(error, LogError) else "the database ended the connection")
            except LogError as error:
                self._say(str(error))  # of the copy: asking the database again mends nothing
                return
            self._closing.wait(_PAUSE_S)

    def _listen(self) -> None:
        connection = connected(self._dsn, connect_s=SILENCE_S)
        self._connection = connection
        try:
            with within(connection, SILENCE_S):
                connection.execute(f"LISTEN {CHANNEL}")
            while not self._closing.is_set():
                self._pull()
                self._say("")
                self._wait(connection)
        finally:
            self._connection = None
            connection.close()

    def _wait(self, connection: Connection) -> None:
        """Until this run is told of, or for `POLL_S`; then be sure that the database still answers."""
        give_up = time.monotonic() + POLL_S
        while (left_s := give_up - time.monotonic()) > 0 and not self._closing.is_set():
            for notice in connection.notifies(timeout=left_s, stop_after=1):
                if notice.payload.startswith(f"{self._run} "):
                    return
        with within(connection, SILENCE_S):
            connection.execute("SELECT 1")

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble and not self._closing.is_set():
            self._trouble = trouble
            self._told(trouble)
