"""Bounds of a text as probes, and the conditions that gates and triggers get from them.

What is measured where is rarely said in a runbook. A response time is that of the health probe, if there is one, and a
field of its answer is read there; every other metric becomes a query whose text is the metric's own words, for a person
to write: until then it reads no value, and no gate opens by it. Times are in milliseconds, long ones in seconds.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec.structs import replace

from cockpit.importing.bound_words import Operator, is_demand
from cockpit.importing.bounds import Threshold, thresholds
from cockpit.importing.draft import Draft
from cockpit.importing.naming import slug
from cockpit.importing.placeholders import literal
from cockpit.importing.quantities import in_seconds, is_time
from cockpit.profile.model import Probe, Trigger, Variable

_LATENCY = re.compile(
    r"(?:(?:api|http|https|app|application|service|endpoint|server|site|website|health|check|web|request|average|overall|"
    r"mean|backend|frontend) ){0,3}(?:response times?|latency|latencies|responses?|antwortzeit(?:en)?)",
    re.IGNORECASE,
)
_HEALTH = re.compile(r"(?:health )?(?:check )?(?:status|state|health)", re.IGNORECASE)
_WELL = ("healthy", "ok", "up", "green", "ready", "operational", "running", "pass", "passing", "success", "connected")
_FIELD = re.compile(r"\bjson(?:\.[A-Za-z_]\w{0,60}){1,8}")
_OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_BACK = re.compile(r"\broll(?:ed|ing)?[ -]?back\b|\babort\b|\bback[ -]?out\b", re.IGNORECASE)
_SAID = "the runbook does not say where this is measured"


def conditions(text: str, draft: Draft, line: int) -> tuple[str, ...]:
    """What must hold by a text (plain) before a step is confirmed.

    What it says of alarms (`alert if CPU > 80 %`) is none of it: their probes warn by themselves.
    """
    bounds = thresholds(text)
    watched(text, draft, line)
    found = [_condition(each, draft, line, checks=True) for each in bounds if not each.is_alarm]
    return tuple(each for each in found if each)


def watched(text: str, draft: Draft, line: int) -> None:
    """Have probes warn beyond the alarms that a text (plain) names; what it says to roll back by is a trigger."""
    bounds = [each for each in thresholds(text) if each.is_alarm]
    if bounds and _BACK.search(text):
        _trigger(text, draft, line)
        return
    for each in bounds:
        if not each.text:
            at = _probe_for(each, draft, line)
            probe = draft.probes[at]
            said = f"{_fact(probe)} {each.operator} {_value(each, probe)!r}"
            if said not in probe.warn_when:
                draft.probes[at] = replace(probe, warn_when=(*probe.warn_when, said))
            draft.ledger.give(line, line, f"probe {probe.id}")


def _trigger(text: str, draft: Draft, line: int) -> None:
    """What a text says to roll back by, wherever it stands."""
    when, for_s = alarms(text, draft, line)
    trigger = Trigger(id=draft.take_id("triggers", text, "trigger"), title=literal(text), when=when, for_s=for_s)
    draft.triggers.append(trigger)
    draft.ledger.give(line, line, f"trigger {trigger.id}")


def alarms(text: str, draft: Draft, line: int) -> tuple[tuple[str, ...], float]:
    """What a trigger fires by, and for how long all of it must hold, in seconds."""
    bounds = thresholds(text)
    found = [_condition(_fired_by(each, draft, line), draft, line, checks=False) for each in bounds]
    return tuple(each for each in found if each), max((each.for_s for each in bounds), default=0.0)


def _fired_by(bound: Threshold, draft: Draft, line: int) -> Threshold:
    """A trigger fires by what must not be: of what must hold ("success rate > 95 %") by its opposite."""
    if bound.text or bound.is_alarm or not is_demand(bound.metric, bound.operator):
        return bound
    draft.note(line, f"a trigger that fires once “{bound.metric} {bound.operator} {bound.value:g}” does not hold")
    opposite = {"==": "!=", "!=": "==", **_OPPOSITE}[bound.operator]
    return replace(bound, operator=opposite)


def _condition(bound: Threshold, draft: Draft, line: int, *, checks: bool) -> str:
    """What a gate or trigger says of the probe's value; empty if nothing measures it."""
    if bound.text:
        return _of_health(bound, draft, line)
    at = _probe_for(bound, draft, line)
    probe = draft.probes[at]
    value = _value(bound, probe)
    if checks:
        draft.probes[at] = _bounded(probe, bound.operator, value)
    draft.ledger.give(line, line, f"probe {probe.id}")
    return f"{probe.id} {bound.operator} {value!r}"


def _value(bound: Threshold, probe: Probe) -> float:
    """The bound in the probe's unit."""
    if not is_time(bound.unit):
        return bound.value
    seconds = in_seconds(bound.value, bound.unit)
    return round(seconds if probe.unit == "s" else seconds * 1000, 6)


def _fact(probe: Probe) -> str:
    return "latency_ms" if probe.kind == "http" and not probe.value else probe.value or "value"


def _of_health(bound: Threshold, draft: Draft, line: int) -> str:
    """`status != "healthy"` of a system that a health probe watches."""
    health = _health(draft)
    if health is None or not _HEALTH.fullmatch(bound.metric) or bound.text.lower() not in _WELL:
        return ""
    probe = draft.probes[health]
    draft.ledger.give(line, line, f"probe {probe.id}")
    return f"{probe.id}.passing" if bound.operator == "==" else f"!{probe.id}.passing"


def _probe_for(bound: Threshold, draft: Draft, line: int) -> int:
    """Where the probe stands that measures what a bound is about; it is made if there is none."""
    health = _health(draft)
    if health is not None and is_time(bound.unit) and _LATENCY.fullmatch(bound.metric):
        return health
    name = _key(bound.metric)
    known = next((at for at, probe in enumerate(draft.probes) if _key(probe.title) == name), None)
    if known is not None:
        return known
    draft.probes.append(_field_probe(bound, draft) or _query_probe(bound, draft, line))
    return len(draft.probes) - 1


def _health(draft: Draft) -> int | None:
    return next((at for at, probe in enumerate(draft.probes) if probe.kind == "http" and not probe.value), None)


def _field_probe(bound: Threshold, draft: Draft) -> Probe | None:
    """A probe of the field that an expected answer has under the metric's name."""
    name = _key(bound.metric)
    for probe in draft.probes:
        for path in _FIELD.findall(" ".join(probe.pass_when)) if probe.kind == "http" else ():
            if name == _key(path.rpartition(".")[2]):
                return replace(
                    probe,
                    id=draft.probe_ids.take(bound.metric, "metric"),
                    title=bound.metric,
                    value=f"double({path})",
                    unit=bound.unit if bound.unit == "%" else "",
                    pass_when=(),
                    warn_when=(),
                    fail_when=(),
                )
    return None


def _query_probe(bound: Threshold, draft: Draft, line: int) -> Probe:
    draft.variables.setdefault(
        "prometheus_url",
        Variable(name="prometheus_url", env="PROMETHEUS_URL", description="The Prometheus that measures it."),
    )
    unit = bound.unit
    if is_time(unit):
        unit = "ms" if in_seconds(1, unit) <= 1 else "s"
    probe = Probe(
        id=draft.probe_ids.take(bound.metric, "metric"),
        kind="prometheus",
        title=bound.metric,
        interval_s=30.0,
        unit=unit,
        settings={"url": "${prometheus_url}", "query": slug(bound.metric) or "metric"},
    )
    counted = f", in {unit}" if unit else ""
    draft.comment("probes", probe.id, f"{draft.place(line, line)}: {_SAID}; write its query{counted}")
    draft.note(line, f"probe `{probe.id}` needs its query{counted}: {_SAID}")
    return probe


def _bounded(probe: Probe, operator: Operator, value: float) -> Probe:
    """The probe that itself tells when the bound is broken; what another check bounds already stays."""
    fact, told = _fact(probe), (*probe.pass_when, *probe.warn_when)
    opposite = _OPPOSITE.get(operator)
    if any(each.startswith((f"{fact} {operator[0]}", f"{fact} {(opposite or '=')[0]}")) for each in told):
        return probe
    if fact == "latency_ms":
        return replace(probe, warn_when=(*probe.warn_when, f"{fact} {opposite} {value!r}")) if opposite else probe
    return replace(probe, pass_when=(*probe.pass_when, f"{fact} {operator} {value!r}"))


@lru_cache(maxsize=1 << 14)
def _key(metric: str) -> str:
    """What a metric is known by: `error rates` and `Error rate` are one."""
    return "_".join(word.rstrip("s") if len(word) > 2 else word for word in slug(metric).split("_"))
