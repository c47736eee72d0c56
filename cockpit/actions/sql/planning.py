"""What a step of SQL would send, made of its settings, files and values; nothing is sent here.

Invariant: values reach SQL as parameters alone; what is shown names secrets and never holds them.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from cockpit.actions.runner import ActionContext, Mode, Planned
from cockpit.actions.sql.binding import bind
from cockpit.actions.sql.declaration import SqlSettings
from cockpit.actions.sql.executing import Order
from cockpit.actions.sql.rehearsing import LOCK_TIMEOUT_S, obstacles, why_only_shown
from cockpit.actions.sql.script import Statement, read_script
from cockpit.actions.sql.showing import seconds
from cockpit.errors import ActionError
from cockpit.probes.postgres.declaration import postgres_target
from cockpit.profile.references import fill, fill_secret
from cockpit.text import counted, shortened, visible

_SHOWN_BYTES = 4096


class Prepared(Struct, frozen=True):
    """A step made ready."""

    order: Order
    script: tuple[Statement, ...]
    only_shown: str
    """Why it is not run, in a rehearsal; empty: it is."""


def prepare(context: ActionContext) -> Prepared:
    """Read and check it all. Blocking. Raises ActionError for whatever keeps it from being sent."""
    settings = settings_in(context)
    if context.target is None or not context.target.dsn:
        raise ActionError(f"target `{shortened(settings.target, 60)}` has no `dsn`")
    script = read_script(settings, context.base_dir, context.fixed)
    lock_timeout_s = min(settings.lock_timeout_s, LOCK_TIMEOUT_S) if context.rehearsal else settings.lock_timeout_s
    order = Order(
        dsn=context.target.dsn,
        unverified=context.target.unverified,
        name=application_name(context.action),
        script=tuple((statement, bind(statement, settings.params)) for statement in script),
        values={name: _value(name, text, context) for name, text in settings.params.items()},
        transaction=settings.transaction,
        rehearsal=context.rehearsal,
        lock_timeout_s=lock_timeout_s,
        statement_timeout_s=settings.statement_timeout_s,
    )
    return Prepared(order, script, why_only_shown(settings, script) if context.rehearsal else "")


def plan(context: ActionContext) -> Planned:
    """What would be done, or why it cannot be."""
    settings = settings_in(context)
    try:
        prepared = prepare(context)
    except ActionError as error:
        shown = _cut(_safe(settings.statements or "\n".join(settings.sources), context))
        return Planned(shown=shown, refusal=shortened(context.mask.text(str(error)), 400))
    mode: Mode = "real" if not context.rehearsal else "shown" if prepared.only_shown else "rolled_back"
    return Planned(shown=_cut(_safe("".join(_lines(context, prepared)), context)), mode=mode)


def settings_in(context: ActionContext) -> SqlSettings:
    """The settings, as what they are."""
    assert isinstance(context.settings, SqlSettings)
    return context.settings


def application_name(action: str) -> str:
    """Under which the server shows it (at most 63 bytes there)."""
    return f"cockpit {action}"


def _lines(context: ActionContext, prepared: Prepared) -> Iterator[str]:
    """The SQL under a few comments that say how it is run."""
    order, settings = prepared.order, settings_in(context)
    where = postgres_target(order.dsn) or f"target {settings.target}"
    how = "one transaction" if order.transaction else "each statement commits by itself"
    limits = f"lock_timeout {seconds(order.lock_timeout_s)}, statement_timeout {seconds(order.statement_timeout_s)}"
    yield f"-- {where}: {counted(len(prepared.script), 'statement')}, {how}, {limits}\n"
    if prepared.only_shown:
        yield f"-- only shown: {prepared.only_shown}\n"
    elif context.rehearsal:
        yield "-- rolled back at the end\n"
        yield from (f"-- stays: {obstacle.sentence}\n" for obstacle in obstacles(prepared.script))
    for name, text in settings.params.items():
        yield f"-- {name} = {fill(text, context.values, secrets=tuple(context.secrets))}\n"
    source = ""
    for statement in prepared.script:
        if statement.source != source:
            source = statement.source
            yield f"-- {source}\n"
        yield f"{statement.text.rstrip()};\n"


def _value(name: str, text: str, context: ActionContext) -> str:
    try:
        value = fill_secret(text, {**context.values, **context.secrets})
    except KeyError as error:
        raise ActionError(f"parameter `{name}` needs `{error.args[0]}`, which has no value yet") from error
    if "\x00" in value:
        raise ActionError(f"parameter `{name}` holds a zero byte, which PostgreSQL's texts cannot")
    return value


def _safe(text: str, context: ActionContext) -> str:
    return visible(context.mask.text(text), multiline=True)


def _cut(text: str) -> str:
    content = text.encode()
    if len(content) <= _SHOWN_BYTES:
        return text
    kept = content[: _SHOWN_BYTES - 8].decode(errors="ignore")
    return f"{kept}\n…"
