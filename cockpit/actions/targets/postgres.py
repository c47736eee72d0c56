"""Who a PostgreSQL target really is.

Invariant: it only reads, within its time whatever the server does, and no sentence shows the DSN or its password. What
the profile declares is compared; what the server does not let this user ask is said, and never taken for a match.
"""

from __future__ import annotations

import asyncio

import psycopg

from cockpit.actions.sql.connecting import Connection, connect, cut, said
from cockpit.actions.sql.exchange import ask
from cockpit.actions.targets import Identity
from cockpit.errors import ActionError
from cockpit.probes.postgres.declaration import postgres_target
from cockpit.profile.model import Target
from cockpit.text import shortened

_NAME = "cockpit identity"
_WHO = """select current_database(), current_user::text, coalesce(host(inet_server_addr()), 'local socket'),
  coalesce(inet_server_port()::text, ''), pg_is_in_recovery()::text, current_setting('server_version')"""
_FIELDS = ("database", "user", "server_address", "server_port", "standby", "server_version")
_SYSTEM_IDENTIFIER = "select system_identifier::text from pg_control_system()"
_COMPARED = ("database", "system_identifier")
_CLOSING_S = 2.0


async def identify(target: Target, timeout_s: float) -> Identity:
    """Ask the server who it is and compare what is declared: `database` and `system_identifier`."""
    where = postgres_target(target.dsn) or f"target `{target.id}`"
    asked = _Asked()
    asking = asyncio.create_task(asked.ask(target, timeout_s))
    try:
        await asyncio.wait({asking}, timeout=timeout_s)
    finally:
        if not asking.done():
            asked.cut()  # psycopg's polite cancel would wait for a server that does not answer
            asking.cancel()
            await asyncio.wait({asking}, timeout=_CLOSING_S)
    if not asking.done() or asking.cancelled():
        return Identity(identity={}, verdict="unreachable", detail=f"{where} did not answer within {timeout_s:g} s")
    error = asking.exception()
    if isinstance(error, psycopg.Error):
        return Identity(identity={}, verdict="unreachable", detail=shortened(f"{where}: {said(error)}", 300))
    if isinstance(error, ActionError):
        return Identity(identity={}, verdict="unreachable", detail=shortened(str(error), 300))
    return _compared(target, asking.result(), where)


class _Asked:
    """One connection that asks, and may be cut."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    async def ask(self, target: Target, timeout_s: float) -> dict[str, str]:
        self._connection = connection = await connect(
            target.dsn, _NAME, unverified=target.unverified, timeout_s=timeout_s
        )
        try:
            row = (await ask(connection, _WHO)).texts[0]
            found = {field: shortened(text or "", 200) for field, text in zip(_FIELDS, row, strict=True)}
            try:
                identifier = (await ask(connection, _SYSTEM_IDENTIFIER)).texts[0][0]
            except psycopg.errors.InsufficientPrivilege:
                identifier = ""
            return {**found, "system_identifier": identifier} if identifier else found
        finally:
            await connection.close()

    def cut(self) -> None:
        if self._connection is not None:
            cut(self._connection)


def _compared(target: Target, found: dict[str, str], where: str) -> Identity:
    declared = {"database": target.database, "system_identifier": target.system_identifier}
    wrong = []
    for name in _COMPARED:
        expected, label = declared[name], name.replace("_", " ")
        if not expected or found.get(name) == expected:
            continue
        if name not in found:
            wrong.append(
                f"user `{found['user']}` may not ask for the {label}, which the profile declares: "
                "grant EXECUTE on pg_control_system(), or leave it out"
            )
        else:
            wrong.append(f"{label} is `{found[name]}`, the profile declares `{shortened(expected, 60)}`")
    if wrong:
        return Identity(identity=found, verdict="mismatch", detail=f"{where}: {'; '.join(wrong)}")
    standby = ", a standby" if found["standby"] == "true" else ""
    return Identity(identity=found, verdict="match", detail=f"{where}: database `{found['database']}`{standby}")
