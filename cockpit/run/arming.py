"""Whether a trigger is armed where the run stands, and can be judged: a planned outage must not fire "unreachable"."""

from __future__ import annotations

from cockpit.patterns import late
from cockpit.profile.model import Trigger
from cockpit.run.events import Instant
from cockpit.run.evidence import probe_now
from cockpit.run.numbering import find_phase, find_step, phase_label, step_label
from cockpit.run.state import RunState


def suspended_because(state: RunState, trigger: Trigger) -> str:
    """Why it may not fire now, in words; empty: it is armed."""
    if state.started is None or state.status != "live":
        return "the run is not live"
    if not trigger.when:
        return "only a person can raise it"
    if state.rollback is not None:
        return "the way back has been taken"
    cursor = state.cursor
    if cursor is None:
        return "every step is settled"
    here = {cursor.phase, cursor.step} - {None}
    for place in trigger.suspended:
        if place in here:
            return f"during {_label(state, place)}"
    if trigger.armed:
        return "" if here & set(trigger.armed) else f"armed during {_labels(state, trigger.armed)}"
    phase = find_phase(state.profile, cursor.phase)
    return "before the window's work" if phase is not None and phase.stage == "before" else ""


_NAMED = late(r"(?<![\w.])([a-z][a-z0-9_]*)(\s*\.\s*(?:passing|status)\b)?")


def unread_because(state: RunState, trigger: Trigger, now: Instant) -> str:
    """Which of the probes that it goes by cannot be read, so that it cannot be judged, in words; empty: all can.

    Found by their names, since conditions are read by the keeper alone: it may say so although another part of a
    condition decides. Of a probe in error `passing` and `status` are known, its value is not.
    """
    probes = {probe.id: probe for probe in state.profile.probes}
    for text in trigger.when:
        for name, part in _NAMED.findall(text):
            if name not in probes:
                continue
            status = probe_now(probes[name], state.probes[name], now).status
            if status in ("unread", "stale") or (status == "error" and not part):
                return f"{name} is {'in error' if status == 'error' else status}"
    return ""


def _label(state: RunState, place: str) -> str:
    if find_step(state.profile, place) is not None:
        return step_label(state.profile, place)
    return phase_label(state.profile, place)


def _labels(state: RunState, places: tuple[str, ...]) -> str:
    names = [_label(state, place) for place in places]
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
