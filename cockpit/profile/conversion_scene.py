"""From nodes to what a profile says before anything is walked: window, variables, roles, probes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypeVar

from cockpit.profile.cel_words import RESERVED
from cockpit.profile.fields import Fields
from cockpit.profile.kinds import Kinds, ProbeKind, StepKind
from cockpit.profile.model import Probe, Role, Variable, Window
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.problems import nearest, one_of
from cockpit.profile.settings import take_settings
from cockpit.profile.window import DAYS, window_problems

_Kind = TypeVar("_Kind", ProbeKind, StepKind)


def convert_window(node: Node | None, above: Fields, findings: Findings) -> Window | None:
    """The agreed times."""
    if node is None:
        return None
    if not isinstance(node.value, dict):
        above.wrong(node, "window", "a table: `[window]`")
        return None
    fields = Fields(node, findings, "the window")
    window = Window(
        start=_moment(fields, "start"),
        end=_moment(fields, "end"),
        timezone=fields.line("timezone") or "UTC",
        days=tuple(fields.texts("days", what="a day's name")),
        reserve_s=fields.duration("reserve", 0.0),
        rollback_estimate_s=fields.duration("rollback_estimate", 0.0),
    )
    fields.finish()
    for index, day in enumerate(window.days):
        if day and day not in DAYS:
            findings.add(
                node.find("days", index),
                f"`{day}` is no day",
                expected="English day names in lower case",
                nearest=nearest(day.lower(), DAYS),
            )
    if window.start and window.end:
        for key, message, expected in window_problems(window):
            findings.add(node.find(key), message, expected=expected)
    return window


def _moment(fields: Fields, key: str) -> str:
    """A time of day or a date-time, as text or as TOML's own types."""
    expected = '"HH:MM", or a date-time such as "2026-03-01T22:00"'
    node = fields.node.table.get(key)
    if node is not None and isinstance(node.value, dt.datetime):
        fields.take(key)
        return node.value.isoformat()
    if node is not None and isinstance(node.value, dt.time):
        fields.take(key)
        return node.value.isoformat("minutes")
    return fields.text(key, required=True, expected=expected)


def convert_variables(node: Node | None, above: Fields, findings: Findings) -> tuple[Variable, ...]:
    """Every variable, in the order written."""
    if node is None:
        return ()
    if not isinstance(node.value, dict):
        above.wrong(node, "variables", "tables: `[variables.name]`")
        return ()
    return tuple(_variable(name, below, findings) for name, below in node.table.items())


def _variable(name: str, node: Node, findings: Findings) -> Variable:
    what = f"variable `{name}`"
    if not name.isidentifier() or not name.isascii():
        findings.add(node, f"`{name}` is no name for a variable", key=True, expected="letters, digits and _")
    if not isinstance(node.value, dict):
        findings.add(node, f"{what} is no table", expected=f"`[variables.{name}]` with `value`, `env` or `prompt`")
        return Variable(name=name, value="")
    fields = Fields(node, findings, what)
    texts = {key: fields.text(key) for key in ("value", "env", "prompt", "default", "pattern") if key in node.table}
    variable = Variable(name=name, secret=fields.flag("secret"), description=fields.text("description"), **texts)
    fields.finish(also=("value", "env", "prompt", "default", "pattern"))
    origins = [key for key in ("value", "env", "prompt") if key in node.table]
    if len(origins) != 1:
        said = " and ".join(f"`{key}`" for key in origins)
        findings.add(
            node.table[origins[1]] if origins else node,
            f"{what} has {said}" if origins else f"{what} comes from nowhere",
            expected="exactly one of `value`, `env`, `prompt`",
        )
    for key in ("value", "default"):
        if variable.secret and key in node.table:
            findings.add(
                node.table[key], f"{what} is secret, but its `{key}` stands in the file", expected="`env` or `prompt`"
            )
    if "default" in node.table and "env" not in node.table:
        findings.add(node.table["default"], f"{what} has a `default` for nothing", expected="`default` beside `env`")
    return variable


def convert_role(node: Node, findings: Findings) -> Role:
    """One role."""
    fields = Fields(node, findings, f"role `{node.identity or '?'}`")
    role = Role(
        id=fields.id(),
        title=fields.line("title"),
        people=fields.texts("people", what="a name"),
        contact=fields.line("contact"),
    )
    fields.finish()
    return role


def convert_probe(node: Node, kinds: Kinds, findings: Findings) -> Probe:
    """One probe, with the settings of its kind."""
    fields = Fields(node, findings, f"probe `{node.identity or '?'}`")
    kind = take_kind(fields, kinds.probes, default="", findings=findings)
    probe = Probe(
        id=fields.id(reserved=RESERVED),
        kind=fields.text("kind"),
        title=fields.line("title"),
        interval_s=fields.duration("interval", 10.0, positive=True),
        timeout_s=fields.duration("timeout", 5.0, positive=True),
        fail_after=fields.count("fail_after", 1, least=1, most=1000),
        on_demand=fields.flag("on_demand"),
        pass_when=fields.texts("pass", what="a condition"),
        warn_when=fields.texts("warn", what="a condition"),
        fail_when=fields.texts("fail", what="a condition"),
        value=fields.text("value"),
        unit=fields.line("unit"),
        settings=take_settings(fields, kind.settings, findings)[0] if kind is not None else {},
    )
    if kind is not None:
        fields.finish()
    return probe


def take_kind(fields: Fields, kinds: Mapping[str, _Kind], default: str, findings: Findings) -> _Kind | None:
    """Return the kind of an item, or None if it is not installed, which is noted."""
    node = fields.take("kind", required=not default, expected=one_of(sorted(kinds)))
    name = default if node is None else node.value
    if not name or not isinstance(name, str):
        return None
    if name not in kinds and node is not None:
        findings.add(node, f"there is no kind `{name}`", expected=one_of(sorted(kinds)), nearest=nearest(name, kinds))
    return kinds.get(name)
