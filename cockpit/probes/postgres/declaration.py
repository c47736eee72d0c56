"""`postgres`: one read-only query."""

from __future__ import annotations

from cockpit.patterns import late
from cockpit.profile.database_trust import CURE, proof, taken_apart
from cockpit.profile.kinds import Fact, ProbeKind, Settings
from cockpit.profile.unverified import reason_problems


class PostgresSettings(Settings, frozen=True, kw_only=True):
    """One query in a read-only, autocommitting session named `cockpit`."""

    dsn: str
    """A connection URI or string; typically `${database_url}`, a secret."""
    query: str = "select 1"
    """SQL as written. No `${name}`: values are `params`."""
    params: tuple[str | int | float | bool, ...] = ()
    """Values for `%s` in the query, sent apart from it."""
    unverified: str = ""
    """Why nobody checks that it is the right server, a deviation. Empty: on another host it has to prove it by TLS."""


# Stricter than libpq, which takes `?` and `#` inside a password, and cuts one with `/` or `@` into host and port: what
# does not match could show a part of the password wherever host and port are shown.
_URI = late(r"postgres(?:ql)?://(?:[^@/?#\s]*@)?(?P<where>[^@/?#\s]*)(?P<name>/[^@?#\s]*)?(?:\?[^@#\s]*)?")


def postgres_target(dsn: str) -> str:
    """`postgresql://host:port/database` without user, password or options; empty if it cannot be told safely."""
    if _is_uri(dsn):
        uri = _URI.fullmatch(dsn)
        return f"postgresql://{uri['where'] or 'local'}{uri['name'] or ''}" if uri else ""
    pairs = taken_apart(dsn)
    host, port, name = (pairs.get(key, "") for key in ("host", "port", "dbname"))
    if not (host or name):
        return ""
    return f"postgresql://{host or 'local'}{':' + port if port else ''}/{name}"


def _is_uri(dsn: str) -> bool:
    return dsn.startswith(("postgresql://", "postgres://"))


def _target(settings: Settings) -> str:
    assert isinstance(settings, PostgresSettings)
    return postgres_target(settings.dsn)


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, PostgresSettings)
    found = [] if settings.query.strip() else ["`query` is empty"]
    if _is_uri(settings.dsn) and not _URI.fullmatch(settings.dsn):
        found.append("`dsn` holds a character that has to be escaped, such as @ (%40), / (%2F), ? (%3F) or # (%23)")
    if objection := proof(taken_apart(settings.dsn), {}, reason=settings.unverified).objection:
        found.append(f"`dsn`: {objection}: {CURE}")
    return (*found, *reason_problems(settings.unverified))


POSTGRES = ProbeKind(
    name="postgres",
    doc="One read-only query against PostgreSQL.",
    settings=PostgresSettings,
    facts=(
        Fact("rows", "list", doc="the first 100 rows, each a map from column name to value"),
        Fact("row_count", "int", doc="rows the query gave, also those beyond the first 100"),
        Fact("value", "dyn", doc="the first column of the first row; null without rows"),
        Fact("latency_ms", "double", "ms", "of the query alone"),
        Fact("server_version", "int", doc="for example 160004"),
    ),
    default_pass=("row_count >= 0",),
    default_value="value",
    target=_target,
    problems=_problems,
)
