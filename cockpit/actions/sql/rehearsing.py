"""What a rehearsal of SQL cannot take back, told beforehand from the text alone.

Invariant: it errs on the side of naming too much. It reads what is written, and the bodies of `DO` blocks; what a
function, a trigger or a default does inside the server, no text tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from cockpit.actions.sql.declaration import SqlSettings
from cockpit.actions.sql.lexing import tokens
from cockpit.actions.sql.script import STANDS_ALONE, Statement, read_script, statements
from cockpit.patterns import late

LOCK_TIMEOUT_S = 2.0
"""At most, in a rehearsal."""

_SHOWN_ONLY = (
    (re.compile(r"ALTER TYPE\b.* ADD VALUE\b"), "a new enum value cannot be used in the transaction that adds it"),
    (re.compile(r"(CREATE|DROP|ALTER) SUBSCRIPTION\b"), "a subscription reaches another server"),
    (re.compile(r"COPY\b.* (TO|FROM) PROGRAM\b"), "COPY … PROGRAM runs a program on the server"),
    (re.compile(r"COPY\b.* TO '"), "COPY … TO writes a file on the server"),
    (re.compile(r"(CALL)\b"), "a procedure may commit by itself"),
)
_REACHES_OUT = late(
    r"\b(dblink\w*|lo_export|pg_(?:create|drop)_\w*replication_slot|pg_reload_conf|pg_terminate_backend|"
    r"pg_cancel_backend|pg_switch_wal|pg_file_\w+|pg_stat_(?:\w+_)?reset\w*|pg_create_restore_point|pg_promote|"
    r"pg_rotate_logfile\w*|pg_wal_replay_(?:pause|resume)|pg_(?:backup_)?(?:start|stop)(?:_backup)?|"
    r"pg_logical_emit_message|pg_replication_\w+|pg_log_\w+|http_(?:get|post|put|patch|delete|head)) \(",
    re.IGNORECASE,
)
_USES_NUMBERS = late(r"\b(nextval|setval) \(", re.IGNORECASE)
_INSERTS = late(r"\b(?:INSERT|MERGE) INTO (?:ONLY )?((?:[\w$]+|\"[^\"]*\")(?: \. (?:[\w$]+|\"[^\"]*\"))*)")
_FILLS = late(r"^COPY ((?:[\w$]+|\"[^\"]*\")(?: \. (?:[\w$]+|\"[^\"]*\"))*)(?: \(.*?\))? FROM\b")


class Obstacle(Struct, frozen=True):
    """One thing that a rehearsal cannot take back."""

    sentence: str
    is_run: bool
    """The step is run all the same, and this stays; false: the step is only shown."""


def unrehearsable(sql: str) -> tuple[str, ...]:
    """What of `sql` cannot be rolled back, or cannot be run to be rolled back; each a sentence, in order."""
    return tuple(obstacle.sentence for obstacle in obstacles(statements(sql)))


def foretold(settings: SqlSettings, base_dir: Path) -> tuple[str, ...]:
    """What a rehearsal of this step cannot do or take back, each a sentence. Raises ActionError for SQL refused."""
    script = read_script(settings, base_dir)
    only_shown = why_only_shown(settings, script)
    if not only_shown:
        return tuple(found.sentence for found in obstacles(script))
    others = (found.sentence for found in obstacles(script) if not found.is_run and found.sentence != only_shown)
    return (f"only shown: {only_shown}", *others)


def why_only_shown(settings: SqlSettings, script: tuple[Statement, ...]) -> str:
    """Why a rehearsal does not run a step, a sentence; empty: it runs it and rolls it back."""
    if not settings.rehearse:
        return "the profile says `rehearse = false`"
    if not settings.transaction:
        return "each statement would commit by itself (`transaction = false`)"
    return next((obstacle.sentence for obstacle in obstacles(script) if not obstacle.is_run), "")


def obstacles(script: Iterator[Statement] | tuple[Statement, ...]) -> tuple[Obstacle, ...]:
    """What cannot be taken back, in order, each once."""
    return tuple(dict.fromkeys(found for statement in script for found in _of(statement)))


def _of(statement: Statement) -> Iterator[Obstacle]:
    gist = statement.gist
    for pattern, name in STANDS_ALONE:
        if pattern.match(gist):
            yield Obstacle(f"{name} cannot run inside a transaction, so it cannot be rolled back", False)
    for pattern, sentence in _SHOWN_ONLY:
        if pattern.match(gist):
            yield Obstacle(f"`{statement.first_words}`: {sentence}", False)
    for body in (gist, *_bodies(statement)):
        for match in _REACHES_OUT.finditer(body):
            yield Obstacle(f"{match[1].lower()}() acts outside of the transaction", False)
    yield from _numbers(statement)


def _numbers(statement: Statement) -> Iterator[Obstacle]:
    """Sequences never go back (9.17): not a number that was taken is given again."""
    for body in (_spaced(statement.text), *_bodies(statement)):
        for match in _USES_NUMBERS.finditer(body):
            yield Obstacle(f"{match[1].lower()}() moves a sequence, which is not moved back", True)
        for pattern in (_INSERTS, _FILLS):
            for match in pattern.finditer(body):
                table = match[1].replace(" ", "")
                yield Obstacle(f"rows for {table}: numbers that its sequences give out are not given again", True)


def _bodies(statement: Statement) -> Iterator[str]:
    """The code of a `DO` block, as `_spaced`."""
    if statement.gist.startswith("DO "):
        for token in statement.tokens:
            text = statement.text[token.start : token.end]
            if token.kind == "string":
                yield _spaced(text.strip("eE").strip("'"))
            elif token.kind == "dollar":
                edge = text.index("$", 1) + 1
                yield _spaced(text[edge:-edge])


_KEYWORDS = frozenset({"INSERT", "MERGE", "INTO", "ONLY", "COPY", "FROM"})


def _spaced(text: str) -> str:
    """As `Statement.gist`, but only the keywords that matter here in capitals, and names as written."""
    words = []
    for token in tokens(text):
        said = text[token.start : token.end]
        if token.kind in ("space", "comment", "semicolon"):
            continue
        if token.kind in ("string", "dollar"):
            said = "'"
        elif said.upper() in _KEYWORDS:
            said = said.upper()
        words.append(said)
    return " ".join(words)
