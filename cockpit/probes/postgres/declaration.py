"""`postgres`: one read-only query."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from cockpit.profile.kinds import Fact, ProbeKind, Settings


class PostgresSettings(Settings, frozen=True, kw_only=True):
    """One query in a read-only, autocommitting session named `cockpit`."""

    dsn: str
    """A connection URI or string; typically `${database_url}`, a secret."""
    query: str = "select 1"
    params: tuple[str | int | float | bool, ...] = ()
    """Values for `%s` in the query, sent apart from it."""


_HOST = re.compile(r"(?:^|\s)host=('[^']*'|\S+)")
_PORT = re.compile(r"(?:^|\s)port=('[^']*'|\S+)")
_NAME = re.compile(r"(?:^|\s)dbname=('[^']*'|\S+)")


def postgres_target(dsn: str) -> str:
    """`postgresql://host:port/database` without user, password or options; empty if it cannot be read yet."""
    if dsn.startswith(("postgresql://", "postgres://")):
        try:
            parts = urlsplit(dsn)
            where = parts.netloc.rpartition("@")[2] or "local"
        except ValueError:
            return ""
        return f"postgresql://{where}{parts.path}"
    host, port, name = (match[1].strip("'") if (match := rule.search(dsn)) else "" for rule in (_HOST, _PORT, _NAME))
    if not (host or name):
        return ""
    return f"postgresql://{host or 'local'}{':' + port if port else ''}/{name}"


def _target(settings: Settings) -> str:
    assert isinstance(settings, PostgresSettings)
    return postgres_target(settings.dsn)


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, PostgresSettings)
    return () if settings.query.strip() else ("`query` is empty",)


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
