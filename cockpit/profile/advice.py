"""Warnings: what is allowed in a profile and will still hurt at three in the morning.

A warning never keeps a profile from being run. Each stands where it can be mended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec.structs import fields

from cockpit.patterns import late
from cockpit.profile import durations
from cockpit.profile.advice_steps import advise_steps
from cockpit.profile.advice_values import advise_values
from cockpit.profile.cel_words import names_in
from cockpit.profile.kinds import Kinds, ProbeKind
from cockpit.profile.model import Probe, Profile, Window
from cockpit.profile.nodes import Findings, Node
from cockpit.profile.places import guards, placed_steps
from cockpit.profile.psql import careless_psql
from cockpit.profile.references import REFERENCE, references
from cockpit.profile.settings import filled_settings, typed_settings
from cockpit.profile.soundness import known_values
from cockpit.profile.texts import referring_texts
from cockpit.profile.unverified import advise_unverified
from cockpit.profile.window import resolve_window

_NO_TARGET = next(field.default for field in fields(ProbeKind) if field.name == "target")
"""What a kind has for `target` that declares none."""


def advise(profile: Profile, root: Node, kinds: Kinds, findings: Findings, *, partial: bool) -> None:
    """Note every warning.

    What seems missing or unused says nothing while there are errors, nor in a `partial` profile, whose heirs add to it.
    """
    _timeouts(profile, root, findings)
    advise_unverified(profile, root, findings)
    _psql(profile, root, findings)
    if partial or findings.failed:
        return
    _unused_probes(profile, root, findings)
    _unused_variables(profile, root, findings)
    _request_budget(profile, root, kinds, findings)
    advise_steps(profile, root, findings)
    advise_values(profile, root, findings)
    if profile.window is not None:
        _window(profile, profile.window, root, findings)


def _warn(findings: Findings, node: Node, message: str, expected: str = "", nearest: str = "") -> None:
    findings.add(node, message, severity="warning", expected=expected, nearest=nearest)


_SHELL_NAME = late(r"\$(?:\$?\{)?([A-Za-z_][A-Za-z0-9_]*)")
"""`$NAME` of a command that people run: their shell's, and the variable's whose `env` it is."""
_CARELESS, _CAREFUL = "`psql -f` goes on after an error", "`psql -v ON_ERROR_STOP=1 -f …`"


def _timeouts(profile: Profile, root: Node, findings: Findings) -> None:
    for index, probe in enumerate(profile.probes):
        if probe.timeout_s > probe.interval_s and not probe.on_demand:
            node = root.find("probes", index)
            place = node.table.get("timeout") or node.table.get("interval") or node
            timeout, interval = durations.written(probe.timeout_s), durations.written(probe.interval_s)
            said = f"probe `{probe.id}` may take {timeout}, longer than its interval of {interval}"
            _warn(findings, place, said, "a timeout within the interval")


def _psql(profile: Profile, root: Node, findings: Findings) -> None:
    for text in referring_texts(profile):
        node = root.find(*text.path)
        for inside in careless_psql(text.text):
            findings.add(node, _CARELESS, inside=inside, severity="warning", expected=_CAREFUL)
    for placed in placed_steps(profile):
        for key in ("argv", "undo", "dry_run"):
            argv = placed.step.settings.get(key)
            if isinstance(argv, list) and any(careless_psql(" ".join(map(str, argv)))):
                _warn(findings, root.find(*placed.path, key), _CARELESS, _CAREFUL)


def _unused_probes(profile: Profile, root: Node, findings: Findings) -> None:
    ids = [probe.id for probe in profile.probes]
    used = {name for guard in guards(profile) for text in guard.conditions for name in names_in(text, ids)}
    for index, probe in enumerate(profile.probes):
        if probe.id not in used:
            seen = "it is read only on demand" if probe.on_demand else "it is only shown"
            _warn(findings, root.find("probes", index, "id"), f"no gate reads probe `{probe.id}`: {seen}")


def _unused_variables(profile: Profile, root: Node, findings: Findings) -> None:
    texts = [text.text for text in referring_texts(profile)]
    used = {name for text in texts for name, _ in references(text)}
    shells = {name for text in texts for name in _SHELL_NAME.findall(text)}
    for variable in profile.variables:
        if variable.name not in used and variable.env not in shells:
            node = root.find("variables", variable.name)
            findings.add(node, f"nothing refers to variable `{variable.name}`", key=True, severity="warning")


def _request_budget(profile: Profile, root: Node, kinds: Kinds, findings: Findings) -> None:
    if profile.requests_per_s is None:
        return
    known = known_values(profile)
    intervals = [p.interval_s for p in profile.probes if not p.on_demand and _is_remote(p, kinds, known)]
    requests_per_s = sum(1 / interval_s for interval_s in intervals)
    if requests_per_s > profile.requests_per_s * (1 + 1e-9):  # sums of fractions are not exact
        said = f"the probes make {requests_per_s:.3g} requests/s, more than the {profile.requests_per_s:g} declared"
        _warn(findings, root.find("requests_per_s"), said, "longer intervals, or a larger budget")


def _is_remote(probe: Probe, kinds: Kinds, known: Mapping[str, str]) -> bool:
    """Whether a probe asks something of a server; where a reference hides the target, whether its kind can."""
    kind = kinds.probes.get(probe.kind)
    if kind is None:
        return False
    filled = filled_settings(probe.settings, known)
    if REFERENCE.search(repr(filled)):
        return kind.target is not _NO_TARGET
    typed = typed_settings(filled, kind.settings)
    return typed is not None and bool(kind.target(typed))


def _window(profile: Profile, window: Window, root: Node, findings: Findings) -> None:
    starts_at, ends_at = resolve_window(window, dt.datetime.now(dt.UTC))
    length_s = (ends_at - starts_at).total_seconds()
    planned_s = sum(phase.estimate_s for phase in profile.phases if phase.stage == "window")
    node = root.find("window")
    if planned_s + window.reserve_s > length_s:
        planned, reserve = durations.written(planned_s), durations.written(window.reserve_s)
        said = (
            f"the window of {durations.written(length_s)} is too short for {planned} of steps and {reserve} of reserve"
        )
        _warn(findings, node.find("end"), said, "a longer window, or less to do in it")
    if window.rollback_estimate_s > window.reserve_s:
        rollback, reserve = durations.written(window.rollback_estimate_s), durations.written(window.reserve_s)
        said = f"rolling back is estimated at {rollback}, longer than the reserve of {reserve}"
        _warn(findings, node.find("rollback_estimate"), said, "a reserve that rolling back fits into")
