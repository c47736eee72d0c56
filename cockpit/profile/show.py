"""`cockpit show`: a resolved profile as TOML.

Invariant: loading what it prints gives an equal `Profile`. Variables stay references, so no secret can be in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec
import tomli_w
from msgspec import Struct

from cockpit.profile import durations
from cockpit.profile.model import Phase, Probe, Profile, Step, Value
from cockpit.text import toml_escaped

_TOML_KEYS = {
    "pass_when": "pass",
    "warn_when": "warn",
    "fail_when": "fail",
    "interval_s": "interval",
    "timeout_s": "timeout",
    "estimate_s": "estimate",
    "reserve_s": "reserve",
    "rollback_estimate_s": "rollback_estimate",
    "for_s": "for",
    "clear_for_s": "clear_for",
    "due_s": "due",
}


_LASTING = {
    "wait": ("duration",),
    "checkpoint": ("delay", "interval"),
    "command": ("timeout",),
    "sql": ("timeout", "lock_timeout", "statement_timeout"),
}
"""Settings of the kinds of steps that come with cockpit which are seconds, and easier to read as `5m`."""


def toml_key(field: str) -> str:
    """Return the key in TOML for a field of the model."""
    return _TOML_KEYS.get(field, field)


_LISTS = ("roles", "targets", "channels", "templates", "probes", "phases", "rollbacks", "triggers", "contacts", "tasks")


class Part(Struct, frozen=True):
    """One table of the printed profile."""

    path: str
    """`phases.steps`; empty: the top with its variables and window."""
    id: str
    text: str
    """TOML, ended by a newline."""


def show(profile: Profile, *, partial: bool = False) -> str:
    """Return the profile as TOML that stands alone: nothing inherited, nothing left at its default.

    A `partial` one says so again, and leaves out what only its heirs have.
    """
    return "\n".join(part.text for part in parts(profile, partial=partial))


def parts(profile: Profile, *, partial: bool = False) -> list[Part]:
    """Return the tables that `show` prints, in its order."""
    top = _table(profile, without=("variables", "window", *_LISTS))
    if partial:
        top = {"partial": True, **{key: value for key, value in top.items() if value != ""}}
    if profile.window is not None:
        top["window"] = _table(profile.window)
    if profile.variables:
        top["variables"] = {variable.name: _table(variable, without=("name",)) for variable in profile.variables}
    found = [Part("", "", _dumps(top))]
    for key, items in (("roles", profile.roles), ("targets", profile.targets), ("channels", profile.channels)):
        found += [_part((key,), item.id, _table(item)) for item in items]
    found += [_part(("templates",), template.id, _table(template)) for template in profile.templates]
    found += [_part(("probes",), probe.id, _flat(probe)) for probe in profile.probes]
    found += _phases(("phases",), profile.phases)
    for plan in profile.rollbacks:
        found.append(_part(("rollbacks",), plan.id, _table(plan, without=("phases",))))
        found += _phases(("rollbacks", "phases"), plan.phases)
    for key, last in (("triggers", profile.triggers), ("contacts", profile.contacts), ("tasks", profile.tasks)):
        found += [_part((key,), item.id, _table(item)) for item in last]
    return found


def _phases(path: tuple[str, ...], phases: tuple[Phase, ...]) -> list[Part]:
    found = []
    for phase in phases:
        found.append(_part(path, phase.id, _table(phase, without=("steps",))))
        found += [_part((*path, "steps"), step.id, _flat(step)) for step in phase.steps]
    return found


def _part(path: tuple[str, ...], part_id: str, table: Mapping[str, object]) -> Part:
    return Part(".".join(path), part_id, _section(path, table))


def _section(path: tuple[str, ...], table: Mapping[str, object]) -> str:
    """One `[[item]]`, which tomli-w would write as an inline table where it is short."""
    text = f"[[{'.'.join(path)}]]\n"
    below: dict[str, object] = {}
    for key, value in table.items():
        written = _dumps({key: value})
        if written.startswith("["):  # a table of its own
            below[key] = value
        else:
            text += written
    if not below:
        return text
    for name in reversed(path):
        below = {name: below}
    return f"{text}\n{_dumps(below)}"


def _dumps(table: Mapping[str, object]) -> str:
    # Inside a string of several lines TOML's reader would turn CR LF into LF.
    return toml_escaped(tomli_w.dumps(table, multiline_strings="\\r" not in repr(table)))


def _flat(item: Probe | Step) -> dict[str, object]:
    """The item's own keys, then its kind's settings beside them."""
    lasting = _LASTING.get(item.kind, ()) if isinstance(item, Step) else ()
    settings = {
        key: durations.written(value) if key in lasting and isinstance(value, int | float) else value
        for key, value in item.settings.items()
    }
    return {**_table(item, without=("settings", "behaviour")), **settings}


@cache
def _fields(kind: type[Value]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)  # looked up once: it reads every annotation anew


def _table(value: Value, *, without: tuple[str, ...] = ()) -> dict[str, object]:
    table: dict[str, object] = {}
    for field in _fields(type(value)):
        if field.name in without:
            continue
        written = getattr(value, field.name)
        if written is None or (not field.required and written == field.default):
            continue
        if field.name.endswith("_s") and field.name in _TOML_KEYS:
            written = durations.written(written)
        elif isinstance(written, tuple):
            written = list(written)
        elif isinstance(written, Mapping):
            written = dict(written)
        table[toml_key(field.name)] = written
    return table
