"""The database that keeps runs: what `cockpit store check` finds, and how safe the way to it is.

Invariant: the rules of a store are judged in one place (`cockpit.audit.postgres.judging`); here is only added what
concerns this account and its connection.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.audit.postgres import judging
from cockpit.audit.postgres.connecting import UNVERIFIED, holds_password, where
from cockpit.audit.postgres.securing import Secured, secured
from cockpit.doctor.findings import Finding, advice, error, ok, unknown, warning
from cockpit.errors import CockpitError
from cockpit.profile.database_trust import VERIFIED

_OLDEST = 140000
_WIDE_S, _TELLING_S = 1.0, 30.0
_SLOW_S = 0.1
_TO_PGPASS = "# into ~/.pgpass (chmod 600), a line: host:port:database:user:password"


def look_at(dsn: str, *, is_typed: bool) -> Iterator[Finding]:
    """`is_typed`: the connection string stood on the command line. Connects, reads, and changes nothing."""
    yield from of_string(dsn, is_typed=is_typed)
    try:
        seen = secured(dsn)
    except CockpitError as failed:
        why = "no run can be kept there"
        yield error("store.away", where(dsn), failed.message, why, failed.hint or "cockpit store check")
        return
    yield from judge(seen)
    try:
        found = judging.judge(dsn)
    except CockpitError as failed:
        yield unknown("store.rules", where(dsn), failed.message, "", "cockpit store check")
        return
    yield from of_rules(found)


def of_string(dsn: str, *, is_typed: bool) -> Iterator[Finding]:
    """The connection string itself."""
    try:
        if not holds_password(dsn):
            return
    except CockpitError:
        return  # to connect says so
    what, why = "connection string", "`cockpit run` refuses it, since it would be kept with the run"
    if is_typed:
        why = "every user of this host can read it (ps), and it stays in the shell's history"
    cure = "export COCKPIT_STORE=…    # the same without the password"
    yield error("store.password", what, "it holds a password", why, _TO_PGPASS, cure)


def of_rules(found: list[judging.Finding]) -> Iterator[Finding]:
    """What `cockpit store check` says."""
    for each in found:
        if each.is_well:
            yield ok("store.rules", each.what, "as it should be")
        else:
            yield error("store.rules", "store", each.what, "", f"# {each.hint}")


def judge(seen: Secured) -> Iterator[Finding]:
    """The connection, and what else this user could do."""
    yield _of_encryption(seen)
    yield from _of_proof(seen)
    yield from _of_rights(seen)
    yield _of_server(seen)
    yield _of_clock(seen)


def _of_encryption(seen: Secured) -> Finding:
    what = f"way to {seen.where}"
    if seen.is_local:
        return ok("store.tls", what, "it does not leave this host")
    if not seen.tls:
        why = "everything on the way, also the password's proof, can be read and changed"
        return error("store.tls", what, "it is not encrypted", why, f"unset {UNVERIFIED}")
    if seen.sslmode != VERIFIED:
        told = f"{seen.tls}, and nobody checks whose certificate it is: {seen.waived or 'sslmode=' + seen.sslmode}"
        return warning("store.tls", what, told, "somebody between can be the server", f"unset {UNVERIFIED}")
    return ok("store.tls", what, f"{seen.tls}, its certificate checked")


def _of_proof(seen: Secured) -> Iterator[Finding]:
    what = f"how {seen.user} logs in"
    scram = "# in pg_hba.conf: scram-sha-256 in the place of trust; then: SELECT pg_reload_conf()"
    if seen.method == "trust" and seen.is_local:
        why = "every user of this host can be this one"
        yield warning("store.login", what, "the server asks for no proof (trust)", why, scram)
    elif seen.method == "trust":
        why = "everybody who reaches the server can be this one"
        yield error("store.login", what, "the server asks for no proof (trust)", why, scram)
    elif seen.method is None:
        yield unknown("store.login", what, "the server does not tell (PostgreSQL 16 does)")
    elif seen.method == "md5":
        why = "what is kept on the server is enough to log in"
        yield advice("store.login", what, "by md5", why, "# as that user, in psql: \\password")
    else:
        yield ok("store.login", what, f"by {seen.method}")
    if seen.trusting is None:
        yield unknown("store.hba", "pg_hba.conf", "this user may not see its rules", "", "# ask its administrator")
    elif seen.trusting:
        why = "whoever reaches the server comes in, or sends a password in the clear"
        yield warning("store.hba", "pg_hba.conf", f"line {seen.trusting[0]}", why, scram)
    else:
        yield ok("store.hba", "pg_hba.conf", "nobody comes in over a network without proof")


def _of_rights(seen: Secured) -> Iterator[Finding]:
    if seen.may_also:
        why = "that is a way around the store's rules, and the log's lines are only as safe as they"
        cure = f"# as its administrator: REVOKE {seen.may_also[0]} FROM {seen.user};"
        if seen.may_also[0] == "CREATEROLE":
            cure = f"# as its administrator: ALTER ROLE {seen.user} NOCREATEROLE;"
        yield warning("store.rights", seen.user, f"it has {', '.join(seen.may_also)}", why, cure)
    else:
        yield ok("store.rights", f"{seen.user}'s other rights", "none by which the store's rules could be got around")


def _of_server(seen: Secured) -> Finding:
    major = seen.server_version // 10000
    if seen.server_version < _OLDEST:
        return error("store.version", "server", f"PostgreSQL {major}", "a store takes 14 or newer", "# upgrade it")
    if seen.round_trip_s > _SLOW_S:
        told = f"PostgreSQL {major}, {seen.round_trip_s * 1000:.0f} ms away"
        return advice("store.version", "server", told, "each decision waits that long", "# use one that is nearer")
    return ok("store.version", "server", f"PostgreSQL {major}, {seen.round_trip_s * 1000:.1f} ms away")


def _of_clock(seen: Secured) -> Finding:
    what, off = "clocks", abs(seen.offset_s)
    told = f"the server's is {off:.1f} s {'ahead of' if seen.offset_s > 0 else 'behind'} this host's"
    if off > _TELLING_S:
        why = "screens say CLOCKS DIFFER all night, and times in the log mislead"
        return error("store.clock", what, told, why, "chronyc tracking    # on both")
    if off > _WIDE_S + seen.round_trip_s:
        return warning("store.clock", what, told, "times of several hosts mislead", "chronyc tracking    # on both")
    return ok("store.clock", what, "the server's and this host's agree")
