"""Thresholds of a text as probes, and the conditions that gates and triggers get from them.

What is measured where is rarely said in a runbook. A response time is that of the health probe, if there is one; every
other metric becomes a query whose text is the metric's own words, for a person to write: until then it reads no value,
and no gate opens by it.
"""

from __future__ import annotations

from cockpit.importing.draft import Draft
from cockpit.importing.naming import slug
from cockpit.importing.quantities import Threshold
from cockpit.profile.model import Probe, Variable

_MS = {"ms": 1.0, "s": 1000.0, "sec": 1000.0, "second": 1000.0, "seconds": 1000.0}


def probe_for(threshold: Threshold, draft: Draft, line: int) -> str:
    """The id of the probe that measures what a threshold is about, made if there is none."""
    name = slug(threshold.metric)
    known = next((probe for probe in draft.probes if probe.settings.get("query") == name), None)
    if known is None:
        draft.variables.setdefault(
            "prometheus_url",
            Variable(name="prometheus_url", env="PROMETHEUS_URL", description="The Prometheus that measures it."),
        )
        known = Probe(
            id=draft.probe_ids.take(threshold.metric, "metric"),
            kind="prometheus",
            title=threshold.metric,
            interval_s=30.0,
            unit=threshold.unit if threshold.unit == "%" else "",
            settings={"url": "${prometheus_url}", "query": name},
        )
        draft.probes.append(known)
        draft.comment(
            "probes",
            known.id,
            f"{draft.place(line, line)}: the runbook does not say where this is measured; write its query",
        )
        draft.note(line, f"probe `{known.id}` needs its query: the runbook does not say where it is measured")
    draft.ledger.give(line, line, f"probe {known.id}")
    return known.id


def condition(probe_id: str, threshold: Threshold) -> str:
    """What a gate or trigger says of the probe's value."""
    return f"{probe_id} {threshold.operator} {threshold.value!r}"
