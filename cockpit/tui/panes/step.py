"""The step on show: what it is, how it is done, and whether its gate lets it be confirmed."""

from __future__ import annotations

from rich.cells import cell_len

from cockpit.profile.model import Step
from cockpit.run.numbering import find_phase, find_step, gate_conditions, phase_label, step_label
from cockpit.run.readings import ConditionVerdict
from cockpit.run.state import GateState, StepState
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, duration, spread, width_of, wrapped
from cockpit.tui.panes.seen import Seen

_OVERRIDE: Line = (("  o overrides, with a reason", "dim"),)
_MANY = 5
"""Conditions of a gate beyond which a small terminal may not show all."""
_RISKS: dict[str, tuple[str, Ink]] = {
    "careful": ("careful", "warn"),
    "irreversible": ("IRREVERSIBLE", "bad"),
}


def title(seen: Seen) -> str:
    """What stands in the pane's border."""
    shown = seen.shown_step()
    if shown is not None:
        return step_label(seen.state.profile, shown)
    cursor = seen.state.cursor
    return f"Entering {phase_label(seen.state.profile, cursor.phase)}" if cursor else "Nothing left to do"


def facts(seen: Seen, width: int) -> list[Line]:
    """One or two lines about the step: what became of it, risk, estimate, owner, level."""
    shown = seen.shown_step()
    found = find_step(seen.state.profile, shown) if shown else None
    if found is None:
        return _no_step(seen, width)
    step, known = found[1], seen.state.steps[found[1].id]
    spans: list[tuple[str, Ink]] = list(_status(seen, step, known))
    if step.risk in _RISKS:
        word, ink = _RISKS[step.risk]
        spans += [("  ", "plain"), (word, ink)]
    told = [duration(step.estimate_s) + " planned"] if step.estimate_s else []
    told += [step.level] if step.level != "required" else []
    told += [f"owner {shortened(step.owner, 30)}"] if step.owner else []
    if told:
        spans.append(("  " + ", ".join(told), "dim"))
    lines: list[Line] = [tuple(spans)]
    if known.reason:
        lines += [((text, "dim"),) for text in wrapped(f"reason: {shortened(known.reason, 300)}", width)]
    return lines


def _status(seen: Seen, step: Step, known: StepState) -> Line:
    cursor = seen.state.cursor
    if cursor is not None and cursor.step == step.id:
        return (("▶ now", "accent"),)
    by = f" by {shortened(known.by.user, 20)}" if known.by else ""
    at = f" at {seen.local(known.settled.at)}" if known.settled else ""
    match known.status:
        case "confirmed":
            return ((f"✔ confirmed{by}{at}", "good"),)
        case "done_outside":
            return ((f"⚑ done outside{by}{at}", "warn"),)
        case "skipped":
            return ((f"↷ skipped{by}{at}", "warn"),)
        case "open":
            return (("· not yet done", "dim"),)


def _no_step(seen: Seen, width: int) -> list[Line]:
    state = seen.state
    if state.cursor is not None:
        phase = find_phase(state.profile, state.cursor.phase)
        about = phase.description if phase else ""
        lines: list[Line] = [(("▶ this phase waits to be entered", "accent"),)]
        return lines + [((text, "plain"),) for text in wrapped(shortened(about, 400), width) if text]
    if state.status == "live":
        return [(("✔ every step is settled", "good"),), (("F finishes the run", "plain"),)]
    at = f" at {seen.local(state.ended.at)}" if state.ended else ""
    return [((f"the run was {state.status}{at}", "good" if state.status == "finished" else "bad"),)]


def gate(seen: Seen, width: int) -> list[Line]:
    """The gate of the step on show: its verdict, then each condition with what it says. Empty without one."""
    state = seen.state
    shown = seen.shown_step()
    name = f"step:{shown}" if shown else state.cursor.gate if state.cursor else ""
    conditions = gate_conditions(state.profile, name)
    if not conditions:
        return []
    is_current = state.cursor is not None and state.cursor.gate == name
    known = state.gates.get(name, GateState()) if is_current else GateState()
    if not is_current:
        lines: list[Line] = [(("· judged when this is due", "dim"),)]
        for text in conditions:
            lines += _row(ConditionVerdict(condition=text, holds=None), width, "·", "dim")
        return lines
    verdicts = known.conditions or tuple(ConditionVerdict(condition=text, holds=None) for text in conditions)
    if len(verdicts) > _MANY:  # they may not all be in sight: those that hold come last
        verdicts = tuple(sorted(verdicts, key=lambda each: each.holds is True))
    rows = [line for each in verdicts for line in _condition(seen, each, width, known)]
    return [*_verdict(seen, known, width), *rows]


def _verdict(seen: Seen, known: GateState, width: int) -> list[Line]:
    way_out = _OVERRIDE if width >= 42 else ()
    if known.overridden_by:
        told = f"! overridden by {shortened(known.overridden_by, 20)}: {shortened(known.override_reason, 160)}"
        return [((text, "warn"),) for text in wrapped(told, width)]
    if trouble := seen.keeper_trouble:
        return [((f"? unknown: {trouble}", "unsure"),)]
    match known.verdict:
        case "pass":
            return [(("✔ passes", "good"),)]
        case "blocked":
            return [spread((("✖ blocked", "bad"),), way_out, width)]
        case "unknown":
            return [spread((("? unknown", "unsure"),), way_out, width)]
        case "pending":
            return [(("· reading its probes", "dim"),)]


def _condition(seen: Seen, verdict: ConditionVerdict, width: int, known: GateState) -> list[Line]:
    if verdict.holds is None or (seen.keeper_trouble and not known.overridden_by):
        return _row(verdict, width, "?" if known.verdict != "pending" else "·", "unsure" if verdict.detail else "dim")
    return _row(verdict, width, "✔", "good") if verdict.holds else _row(verdict, width, "✖", "bad")


def _row(verdict: ConditionVerdict, width: int, mark: str, ink: Ink) -> list[Line]:
    """A condition whole, broken where it has to be; what it says beside it, or below where there is no room."""
    text: Ink = "plain" if ink in ("good", "dim") else ink
    first, *rest = wrapped(visible(verdict.condition), max(8, width - 3))
    lines: list[Line] = [((f" {mark} ", ink), (first, text)), *((("   " + more, text),) for more in rest)]
    if not verdict.detail or verdict.holds:
        return lines
    detail = shortened(verdict.detail, 160)
    if width_of(lines[-1]) + 3 + cell_len(detail) <= width:
        return [*lines[:-1], spread(lines[-1], ((f"  {detail}", ink),), width)]
    return [*lines, *((("   " + more, ink),) for more in wrapped(detail, max(8, width - 3)))]
