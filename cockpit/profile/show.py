"""`cockpit show`: a resolved profile as TOML.

Invariant: loading what it prints gives an equal `Profile`. Variables stay references, so no secret can be in it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import tomli_w

from cockpit.profile import durations
from cockpit.profile.model import Phase, Probe, Profile, Step, Value

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


def toml_key(field: str) -> str:
    """Return the key in TOML for a field of the model."""
    return _TOML_KEYS.get(field, field)


_LISTS = ("roles", "targets", "channels", "templates", "probes", "phases", "rollbacks", "triggers", "contacts", "tasks")


def show(profile: Profile, *, partial: bool = False) -> str:
    """Return the profile as TOML that stands alone: nothing inherited, nothing left at its default.

    A `partial` one says so again, and leaves out what only its heirs have.
    """
    top = _table(profile, without=("variables", "window", *_LISTS))
    if partial:
        top = {"partial": True, **{key: value for key, value in top.items() if value != ""}}
    if profile.window is not None:
        top["window"] = _table(profile.window)
    if profile.variables:
        top["variables"] = {variable.name: _table(variable, without=("name",)) for variable in profile.variables}
    sections = [_dumps(top)]
    for key, items in (("roles", profile.roles), ("targets", profile.targets), ("channels", profile.channels)):
        sections += [_section((key,), _table(item)) for item in items]
    sections += [_section(("templates",), _table(template)) for template in profile.templates]
    sections += [_section(("probes",), _flat(probe)) for probe in profile.probes]
    sections += _phases(("phases",), profile.phases)
    for plan in profile.rollbacks:
        sections.append(_section(("rollbacks",), _table(plan, without=("phases",))))
        sections += _phases(("rollbacks", "phases"), plan.phases)
    for key, last in (("triggers", profile.triggers), ("contacts", profile.contacts), ("tasks", profile.tasks)):
        sections += [_section((key,), _table(item)) for item in last]
    return "\n".join(sections)


def _phases(path: tuple[str, ...], phases: tuple[Phase, ...]) -> list[str]:
    sections = []
    for phase in phases:
        sections.append(_section(path, _table(phase, without=("steps",))))
        sections += [_section((*path, "steps"), _flat(step)) for step in phase.steps]
    return sections


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
    return tomli_w.dumps(table, multiline_strings="\\r" not in repr(table))


def _flat(item: Probe | Step) -> dict[str, object]:
    """The item's own keys, then its kind's settings beside them."""
    return {**_table(item, without=("settings", "behaviour")), **item.settings}


def _table(value: Value, *, without: tuple[str, ...] = ()) -> dict[str, object]:
    table: dict[str, object] = {}
    for field in msgspec.structs.fields(value):
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
