"""Numbers that a profile compares a probe with, as far as its conditions say so plainly.

Conditions are CEL, which is the keeper's to evaluate; here only `value < 500`, the same turned round or with `&&`, are
read as text. Invariant: what is not understood gives no threshold, never a wrong one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Literal, cast

from cockpit.patterns import late
from cockpit.probes.command.declaration import COMMAND
from cockpit.probes.env.declaration import ENV
from cockpit.probes.file.declaration import FILE
from cockpit.probes.http.declaration import HTTP
from cockpit.probes.postgres.declaration import POSTGRES
from cockpit.probes.prometheus.declaration import PROMETHEUS
from cockpit.probes.tcp.declaration import TCP
from cockpit.probes.tls.declaration import TLS
from cockpit.profile.model import Probe, Profile
from cockpit.profile.steps import WaitSettings, settings_of
from cockpit.report.chronicle.records import Threshold
from cockpit.run.numbering import phase_label, step_label

_NUMBER = r"(?:int|double|uint)?\(?(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)u?\)?"
_NAME = r"((?:int|double|uint)\([a-z_][a-z0-9_.]*\)|[a-z_][a-z0-9_.]*)"
_OP = r"(<=|>=|==|!=|<|>)"
_PLAIN = late(rf"\s*{_NAME}\s*{_OP}\s*{_NUMBER}\s*")
_TURNED = late(rf"\s*{_NUMBER}\s*{_OP}\s*{_NAME}\s*")
_CAST = late(r"(?:int|double|uint)\((.+)\)")
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_KINDS = {kind.name: kind for kind in (COMMAND, ENV, FILE, HTTP, POSTGRES, PROMETHEUS, TCP, TLS)}
_LIMIT = 12
_Op = Literal["<", "<=", ">", ">=", "==", "!="]
_Level = Literal["pass", "warn", "fail", "gate", "trigger"]


def comparisons(condition: str) -> Iterator[tuple[str, _Op, float]]:
    """Yield name, operator and number of each plain comparison that a condition wholly consists of."""
    found = [_comparison(part) for part in condition.split("&&")]
    if all(found):
        yield from (each for each in found if each)


def _comparison(text: str) -> tuple[str, _Op, float] | None:
    if match := _PLAIN.fullmatch(text):
        name, op, number = match.groups()
    elif match := _TURNED.fullmatch(text):
        number, op, name = match.groups()
        op = _MIRRORED[op]
    else:
        return None
    value = float(number)
    return (_uncast(name), cast(_Op, op), value) if math.isfinite(value) else None


def _uncast(name: str) -> str:
    match = _CAST.fullmatch(name.strip())
    return match[1].strip() if match else name.strip()


def thresholds(profile: Profile) -> dict[str, tuple[Threshold, ...]]:
    """By probe: its own thresholds, then those of gates, waits and triggers that compare its value; each once."""
    told: dict[str, dict[Threshold, None]] = {probe.id: {} for probe in profile.probes}
    for probe in profile.probes:
        told[probe.id] |= dict.fromkeys(_own(probe))
    for level, of, conditions in _elsewhere(profile):
        for condition in conditions:
            for name, op, value in comparisons(condition):
                if name in told:
                    told[name].setdefault(Threshold(level, op, value, of))
    return {probe: tuple(found)[:_LIMIT] for probe, found in told.items()}


def _own(probe: Probe) -> Iterator[Threshold]:
    """Of conditions over the very fact that is the probe's value."""
    kind = _KINDS.get(probe.kind)
    shown = _uncast(probe.value or (kind.default_value if kind else "value"))
    given: list[tuple[_Level, Iterable[str]]] = [
        ("pass", probe.pass_when),
        ("warn", probe.warn_when),
        ("fail", probe.fail_when),
    ]
    if kind and not probe.pass_when and not probe.fail_when:
        given[0] = ("pass", kind.default_pass)
    for level, conditions in given:
        for condition in conditions:
            for name, op, value in comparisons(condition):
                if name == shown:
                    yield Threshold(level, op, value)


def _elsewhere(profile: Profile) -> Iterator[tuple[_Level, str, tuple[str, ...]]]:
    for phase in profile.phases:
        yield "gate", f"phase {phase_label(profile, phase.id)}", (*phase.gate, *phase.exit)
        for step in phase.steps:
            healthy = settings_of(step, WaitSettings).healthy if step.behaviour == "wait" else ()
            yield "gate", step_label(profile, step.id), (*step.requires, *step.gate, *healthy)
    for trigger in profile.triggers:
        yield "trigger", trigger.title or trigger.id, trigger.when
