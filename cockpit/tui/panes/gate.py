"""The gate at the cursor, or that of the step on show: its verdict, then each condition with what it says."""

from __future__ import annotations

from rich.cells import cell_len

from cockpit.run.events import run_gate, step_gate
from cockpit.run.numbering import gate_conditions
from cockpit.run.readings import ConditionVerdict
from cockpit.run.state_walk import GateState
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, spread, width_of, wrapped
from cockpit.tui.panes.seen import Seen

_OVERRIDE: Line = (("  o overrides, with a reason", "dim"),)
_READ_AGAIN: Line = (("  . reads again  o overrides", "dim"),)
_APPLIES: Line = (("  o does it all the same", "dim"),)
_REHEARSED: Line = (("  binds nobody in a rehearsal", "dim"),)
_MANY = 5
"""Conditions of a gate beyond which a small terminal may not show all."""
_INDENT = "   "
_TITLES = {
    "run": "Before it is run",
    "if": "Applies only if",
    "phase": "To enter the phase",
    "exit": "To leave the phase",
}


def title(seen: Seen) -> str:
    """What stands in the pane's border: which of the gates it is."""
    name, is_current = _gate(seen)
    kind = name.partition(":")[0]
    return _TITLES.get(kind, "Gate") if is_current else "Gate"


def _gate(seen: Seen) -> tuple[str, bool]:
    """The gate that is shown, and whether it is the one at the cursor. Empty: there is none."""
    profile, cursor = seen.state.profile, seen.state.cursor
    shown = seen.shown_step()
    if cursor is not None and cursor.step == shown and gate_conditions(profile, cursor.gate):
        return cursor.gate, True
    if shown is None:
        return "", False
    is_here = cursor is not None and cursor.step == shown
    later = (step_gate(shown),) if is_here else (run_gate(shown), step_gate(shown))
    return next((gate for gate in later if gate_conditions(profile, gate)), ""), False


def _is_passed(seen: Seen) -> bool:
    """Whether what the gate guards is being done already: its output needs the room."""
    shown = seen.shown_step()
    action = seen.state.steps[shown].action if shown else None
    return action is not None and action.is_under_way


def gate(seen: Seen, width: int) -> list[Line]:
    """Its lines. Empty without one."""
    name, is_current = _gate(seen)
    conditions = gate_conditions(seen.state.profile, name)
    if not conditions or _is_passed(seen):
        return []
    if not is_current:
        cursor = seen.state.cursor
        is_here = cursor is not None and cursor.step == seen.shown_step()
        lines: list[Line] = [((f"· judged {'once it has been run' if is_here else 'when this is due'}", "dim"),)]
        for text in conditions:
            lines += _row(ConditionVerdict(condition=text, holds=None), width, "·", "dim")
        return lines
    known = seen.state.gates.get(name, GateState())
    verdicts = known.conditions or tuple(ConditionVerdict(condition=text, holds=None) for text in conditions)
    if len(verdicts) > _MANY:  # they may not all be in sight: those that hold come last
        verdicts = tuple(sorted(verdicts, key=lambda each: each.holds is True))
    rows = [line for each in verdicts for line in _condition(seen, each, width, known)]
    return [*_verdict(seen, known, width, is_considering=name.startswith("if:")), *rows]


def _verdict(seen: Seen, known: GateState, width: int, *, is_considering: bool) -> list[Line]:
    way_out = (_APPLIES if is_considering else _OVERRIDE) if width >= 42 else ()
    if seen.state.is_rehearsal and not is_considering:
        way_out = _REHEARSED if width >= 42 else ()
    elif seen.mode == "REPLAY":
        way_out = ()
    if known.overridden_by:
        told = f"! overridden by {shortened(known.overridden_by, 20)}: {shortened(known.override_reason, 160)}"
        first, *rest = wrapped(told, width - 2)
        return [((first, "warn"),), *((("  " + text, "warn"),) for text in rest)]
    if trouble := seen.keeper_trouble:
        return [((f"? unknown: {trouble}", "unsure"),)]
    match known.verdict:
        case "pass":
            return [(("✔ passes", "good"),)]
        case "blocked":
            return [spread((("✖ blocked", "bad"),), way_out, width)]
        case "unknown":
            again = _READ_AGAIN if way_out is _OVERRIDE else way_out
            return [spread((("? unknown", "unsure"),), again, width)]
        case "pending":
            return [(("· reading its probes", "dim"),)]


def _condition(seen: Seen, verdict: ConditionVerdict, width: int, known: GateState) -> list[Line]:
    if verdict.holds is None or (seen.keeper_trouble and not known.overridden_by):
        return _row(verdict, width, "?" if known.verdict != "pending" else "·", "unsure" if verdict.detail else "dim")
    return _row(verdict, width, "✔", "good") if verdict.holds else _row(verdict, width, "✖", "bad")


def gate_lets(seen: Seen) -> bool:
    """Whether the gate at the cursor lets what it guards happen, as far as the screen knows; true without one."""
    cursor = seen.state.cursor
    if cursor is None or not gate_conditions(seen.state.profile, cursor.gate):
        return True
    known = seen.state.gates.get(cursor.gate, GateState())
    holds = known.verdict == "pass" or (
        seen.state.is_rehearsal and known.verdict != "pending" and not cursor.is_considering
    )
    return bool(known.overridden_by) or (holds and not seen.keeper_trouble)


def gate_vouches(seen: Seen, step_id: str) -> bool:
    """Whether the step's gate, on readings taken since its action ended unknown, says that it was done."""
    return bool(gate_conditions(seen.state.profile, step_gate(step_id))) and seen.is_at(step_id) and gate_lets(seen)


def verdict_rows(verdicts: tuple[ConditionVerdict, ...], width: int) -> list[Line]:
    """Conditions that were judged once and for all, as those of `expect`."""
    marks: dict[bool | None, tuple[str, Ink]] = {True: ("✔", "good"), False: ("✖", "bad"), None: ("?", "unsure")}
    return [line for each in verdicts for line in _row(each, width, *marks[each.holds])]


def _row(verdict: ConditionVerdict, width: int, mark: str, ink: Ink) -> list[Line]:
    """A condition whole, broken where it has to be and then indented; what it says beside it, or below further in."""
    text: Ink = "plain" if ink in ("good", "dim") else ink
    first, *rest = wrapped(visible(verdict.condition), max(8, width - len(_INDENT) - 2))
    lines: list[Line] = [((f" {mark} ", ink), (first, text)), *(((f"{_INDENT}  {more}", text),) for more in rest)]
    if not verdict.detail or verdict.holds:
        return lines
    detail = shortened(verdict.detail, 160)
    if width_of(lines[-1]) + 3 + cell_len(detail) <= width:
        return [*lines[:-1], spread(lines[-1], ((f"  {detail}", ink),), width)]
    return [*lines, *(((f"{_INDENT}  {more}", ink),) for more in wrapped(detail, max(8, width - len(_INDENT) - 2)))]
