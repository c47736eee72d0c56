"""One run of a step's SQL on one connection, from connecting to a known end, or to a lost connection.

Invariant: COMMIT is sent only after the transaction's id is durable beside the output; a rehearsal never sends it.
What was asked for between two statements (`stop`) is heeded before the next one, and never between COMMIT and its
answer. Whoever drives it cancels no task of it: a server is asked to cancel (`cancel`), or the connection is cut.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal, Protocol

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from cockpit.actions.sql.binding import Bound
from cockpit.actions.sql.connecting import Connection, connect, cut
from cockpit.actions.sql.exchange import KEPT_ROWS, Answer, ask, is_lost
from cockpit.actions.sql.keeping import Kept
from cockpit.actions.sql.script import Statement
from cockpit.actions.sql.settling import backend_of, server_of, transaction_id
from cockpit.actions.sql.showing import seconds, table
from cockpit.actions.sql.transcript import Transcript
from cockpit.actions.sql.watching import Seen, Watch
from cockpit.errors import ActionError
from cockpit.probes.postgres.values import MAX_CHARACTERS

Stage = Literal["connecting", "running", "committing", "committed", "rolled_back"]
_CHECK = "set client_connection_check_interval = '2s'"
"""So that the server soon rolls back what a keeper left that died; PostgreSQL 14, where the system can tell."""
_ROLLBACK_S = 5.0
_WATCH_END_S = 0.5
_WAITED_FOR_STANDBY = "SyncRepWaitForLSN"
"""The server's function that says, as a mere notice, that a commit was not waited for; its words are translated."""


class Order(Struct, frozen=True, kw_only=True):
    """What is to be run, and how."""

    dsn: str
    unverified: str = ""
    """Why the server need not prove who it is; empty: it has to."""
    name: str
    """Of the application, as the server shows it."""
    script: tuple[tuple[Statement, Bound], ...]
    values: Mapping[str, str]
    transaction: bool
    rehearsal: bool
    lock_timeout_s: float
    statement_timeout_s: float


class Keep(Protocol):
    """Keeps how far it came. Raises OSError."""

    async def __call__(self, kept: Kept, *, durable: bool = True) -> None: ...


class Stopped(Exception):
    """It was asked to stop, between two statements."""


class Execution:
    """What happens, and how far it came; its fields are read while it runs."""

    def __init__(self, order: Order, transcript: Transcript, keep: Keep) -> None:
        self.order = order
        self.kept = Kept(stage="connecting", transaction=order.transaction, rehearsal=order.rehearsal)
        self.stage: Stage = "connecting"
        self.current: Statement | None = None
        self.current_began = 0.0
        self.began = time.monotonic()
        self.done = 0
        """Statements answered without error."""
        self.stayed = 0
        """Those of them after which no transaction was open; only without one of our own."""
        self.rows = 0
        self.result: tuple[dict[str, object], ...] = ()
        self.notices: list[str] = []
        """As the server says them; `facts` has them without secrets."""
        self.unreplicated = ""
        """The server's words for a commit that no standby confirmed."""
        self.blockers: tuple[str, ...] = ()
        """Who was last seen to block the current statement."""
        self.connection: Connection | None = None
        self.stop = False
        self._transcript = transcript
        self._keep = keep
        self._seen = Seen()

    @property
    def statement_duration_s(self) -> float:
        return time.monotonic() - self.current_began

    @property
    def in_transaction(self) -> bool:
        return self.order.transaction

    async def perform(self) -> None:
        """Run it all. Raises psycopg.Error, ActionError, OSError (nothing could be kept) and `Stopped`."""
        await self._keep(self.kept)
        self.connection = connection = await connect(self.order.dsn, self.order.name, unverified=self.order.unverified)
        connection.add_notice_handler(self._notice)
        watching: asyncio.Task[None] | None = None
        watch: Watch | None = None
        try:
            await self._prepare(connection)
            order = self.order
            watch = Watch(
                order.dsn, order.name, self.kept.pid, order.lock_timeout_s, self._on_seen, unverified=order.unverified
            )
            watching = asyncio.create_task(watch.look_on())
            await self._perform(connection)
        finally:
            if watch is not None and watching is not None:
                watch.end()
                if not (await asyncio.wait({watching}, timeout=_WATCH_END_S))[0]:
                    watching.cancel()  # it is still connecting
                    await asyncio.wait({watching}, timeout=_WATCH_END_S)

    async def leave(self) -> None:
        """Roll back what is open, and leave the server. Raises nothing for a server that does not answer."""
        connection = self.connection
        if connection is None:
            return
        if not is_lost(connection) and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            rolling_back = asyncio.create_task(ask(connection, "rollback"))
            if not (await asyncio.wait({rolling_back}, timeout=_ROLLBACK_S))[0]:
                self.cut()
                await asyncio.wait({rolling_back}, timeout=_ROLLBACK_S)
            if rolling_back.done():
                rolling_back.exception()  # heard: the connection's end rolls back as well
        await connection.close()

    def cut(self) -> None:
        """End the connection under the statement that waits on it."""
        if self.connection is not None:
            cut(self.connection)

    async def cancel(self) -> None:
        """Ask the server to cancel what it does now. That it was asked says nothing; its answer does."""
        if self.connection is not None and not self.connection.closed:
            with suppress(psycopg.Error):  # it may be gone, or done; whoever waits for the statement learns which
                await self.connection.cancel_safe(timeout=3.0)

    def facts(self) -> dict[str, object]:
        """For `expect`."""
        return {
            "rows": self.rows,
            "result": self._transcript.clean_value(list(self.result)),
            "notices": self._transcript.clean_lines(self.notices),
            "statements": self.done,
            "duration_s": time.monotonic() - self.began,
        }

    def progress(self) -> tuple[str, ...]:
        """What stands beside the step now."""
        if self.stage == "connecting":
            return ("connecting",)
        if self.current is None:
            return ("committing",) if self.stage == "committing" else ()
        place = f"statement {self.current.number} of {len(self.order.script)}: {self.current.first_words}"
        return (f"{place}, {self.statement_duration_s:.0f} s", *self._seen.lines)

    async def _prepare(self, connection: Connection) -> None:
        if connection.info.server_version >= 140000:
            with suppress(psycopg.errors.InvalidParameterValue):  # a system that cannot tell: then it goes without
                await ask(connection, _CHECK)
        server = await server_of(connection)
        pid, backend_start = await backend_of(connection)
        self.kept = replace(
            self.kept,
            stage="running",
            of=len(self.order.script),
            pid=pid,
            backend_start=backend_start,
            timeline=server.timeline,
            system_identifier=server.system_identifier,
        )
        await self._keep(self.kept)
        self.stage = "running"
        self.began = time.monotonic()

    async def _perform(self, connection: Connection) -> None:
        scope = "local " if self.in_transaction else ""
        if self.in_transaction:
            await ask(connection, "begin")
        await ask(connection, f"set {scope}lock_timeout = {_ms(self.order.lock_timeout_s)}")
        await ask(connection, f"set {scope}statement_timeout = {_ms(self.order.statement_timeout_s)}")
        await ask(connection, f"set {scope}standard_conforming_strings = on")
        for statement, bound in self.order.script:
            await self._step(connection, statement, bound)
        self.current = None
        if self.in_transaction:
            await self._end(connection)
        elif connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            raise ActionError("the script leaves a transaction open, which is rolled back", hint="end it with COMMIT")
        else:
            self.stage = "committed"

    async def _step(self, connection: Connection, statement: Statement, bound: Bound) -> None:
        if self.stop:
            raise Stopped
        self.current, self.current_began = statement, time.monotonic()
        self.blockers, self._seen = (), Seen()
        if not self.in_transaction:
            self.kept = replace(self.kept, statement=statement.number)
            await self._keep(self.kept, durable=False)
        answer = await ask(connection, bound.text, [self.order.values[name] for name in bound.names])
        self.done += 1
        if connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            self.stayed = self.done
        self.rows += answer.affected
        if answer.names is not None:
            self.result = answer.rows[:KEPT_ROWS]
        self._transcript.say(self._told(statement, answer))

    def _told(self, statement: Statement, answer: Answer) -> str:
        place = f"{statement.number}/{len(self.order.script)}"
        line = f"{place} {answer.tag}, {seconds(answer.duration_s)}: {self._transcript.clean(statement.first_words)}\n"
        if answer.names:
            line += table(answer.names, answer.texts, answer.count, self._transcript.clean_lines)
        return line

    async def _end(self, connection: Connection) -> None:
        if self.stop:
            raise Stopped
        if self.order.rehearsal:
            await ask(connection, "rollback")
            self.stage = "rolled_back"
            self._transcript.say("ROLLBACK (rehearsal)\n")
            return
        self.kept = replace(self.kept, stage="committing", xid=await transaction_id(connection))
        await self._keep(self.kept)
        if self.stop:  # the last moment at which it can be known to have been stopped
            raise Stopped
        self.stage, self.current_began = "committing", time.monotonic()
        answer = await ask(connection, "commit")
        if answer.tag != "COMMIT":
            self.stage = "rolled_back"
            raise ActionError(f"the server answered COMMIT with {answer.tag or 'nothing'}: nothing was committed")
        self.stage = "committed"
        self._transcript.say(f"COMMIT, {seconds(self.statement_duration_s)}\n")

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        said = f"{diagnostic.severity or 'NOTICE'}: {diagnostic.message_primary or ''}"
        if diagnostic.source_function == _WAITED_FOR_STANDBY:
            self.unreplicated = diagnostic.message_primary or "the commit was not waited for"
        if diagnostic.message_detail:
            said += f"\n  {diagnostic.message_detail}"
        said = said[:MAX_CHARACTERS]
        if len(self.notices) < KEPT_ROWS:
            self.notices.append(said)
        self._transcript.say(f"{said}\n")

    def _on_seen(self, seen: Seen) -> None:
        self._seen = seen
        if seen.blockers:
            self.blockers = seen.blockers


def _ms(duration_s: float) -> int:
    return max(1, round(duration_s * 1000))  # 0 would mean no limit
