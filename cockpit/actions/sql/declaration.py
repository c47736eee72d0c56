"""`sql`: statements that the keeper sends to a PostgreSQL target when a person presses the key."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from cockpit.profile.kinds import Fact, Settings, StepKind
from cockpit.profile.references import references

TIMEOUT_S = 900.0
LOCK_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 600.0


class SqlSettings(Settings, frozen=True, kw_only=True):
    """SQL: `statements`, a `file` or several `files`. Exactly one of them."""

    AS_WRITTEN: ClassVar[bool] = True
    """Nothing is pasted into SQL, and `$${` may begin a dollar quote; the runner fills in `params` itself."""

    target: str
    """Id of the `postgres` target that it acts on: who that really is, is compared before it runs."""
    statements: str = ""
    """SQL as written, several statements with `;` between them. No `${name}`: values are `params`."""
    file: str = ""
    """A file with SQL, relative to the profile's folder; one that changed since the run began blocks the step."""
    files: tuple[str, ...] = ()
    """Several such files, run in this order, together in one transaction."""
    transaction: bool = True
    """All or nothing. False: each statement commits by itself, as `CREATE INDEX CONCURRENTLY` and `VACUUM` need."""
    lock_timeout_s: float = msgspec.field(name="lock_timeout", default=LOCK_TIMEOUT_S)
    """How long a statement waits for a lock before it fails; who held it is said."""
    statement_timeout_s: float = msgspec.field(name="statement_timeout", default=STATEMENT_TIMEOUT_S)
    """How long one statement may take."""
    timeout_s: float = msgspec.field(name="timeout", default=TIMEOUT_S)
    """How long all of it may take."""
    params: dict[str, str] = {}
    """Values for `%(name)s` in the SQL, sent apart from it; may hold `${name}`. Any other `%` stands as it is."""
    expect: tuple[str, ...] = ()
    """CEL over the facts; each must be true, or the step failed (what was committed stays)."""
    rehearse: bool = True
    """False: a rehearsal only shows it, and does not run it to roll it back."""
    undo: str = ""
    """SQL that takes it back. A rollback phase with `undo = true` makes a step of it."""
    undo_title: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """The files it is read from, in order; none if the SQL stands in the profile."""
        return (self.file,) if self.file else self.files


def _shown(settings: Settings) -> str:
    assert isinstance(settings, SqlSettings)
    return settings.statements.strip() or "\n".join(settings.sources)


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, SqlSettings)
    found = []
    if not settings.target:
        found.append("`target` is empty; it names the `postgres` target to act on")
    if sum((bool(settings.statements.strip()), bool(settings.file), bool(settings.files))) != 1:
        found.append("exactly one of `statements`, `file` and `files` must be given")
    if any(not name for name in settings.files):
        found.append("`files` holds an empty name")
    found.extend(
        f"`{key}` must be above 0"
        for key, limit_s in (
            ("lock_timeout", settings.lock_timeout_s),
            ("statement_timeout", settings.statement_timeout_s),
            ("timeout", settings.timeout_s),
        )
        if limit_s <= 0
    )
    for key, sql in (("statements", settings.statements), ("undo", settings.undo)):
        found.extend(
            f"`{key}` holds `${{{name}}}`, which is not filled in: write `%({name})s` and give it in `params`"
            for name, _ in references(sql)
            if name.replace("_", "").replace(".", "").isalnum()
        )
    return tuple(found)


SQL = StepKind(
    name="sql",
    doc="SQL sent to a PostgreSQL target by the keeper, at a key press.",
    settings=SqlSettings,
    behaviour="action",
    facts=(
        Fact("rows", "int", doc="rows that INSERT, UPDATE, DELETE and MERGE affected, all statements together"),
        Fact(
            "result",
            "list",
            doc="of the last statement of the kind that gives rows: the first 100, as maps from column to value",
        ),
        Fact("notices", "list", doc="what the server noticed, the first 100, each `NOTICE: text`"),
        Fact("statements", "int", doc="how many were run"),
        Fact("duration_s", "double", "s", "from the first statement sent to the end"),
    ),
    shown=_shown,
    problems=_problems,
)
