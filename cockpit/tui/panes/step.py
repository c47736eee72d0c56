"""The step on show: what it is, how it stands, and which key is next. How it is done stands below it."""

from __future__ import annotations

from cockpit.profile.model import Step
from cockpit.run.conflicts import version
from cockpit.run.friction import needs_second
from cockpit.run.numbering import find_phase, phase_label, step_label
from cockpit.run.people import name_of
from cockpit.run.phrases import tally
from cockpit.run.state_walk import StepState
from cockpit.run.subjects import step_subject
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import Line, Span, duration, flowed, wrapped
from cockpit.tui.panes import action, asking, signing, waiting
from cockpit.tui.panes.gate import gate_lets
from cockpit.tui.panes.seen import Seen

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
    if cursor is None:
        return "Nothing left to do"
    return f"{'Leaving' if cursor.is_leaving else 'Entering'} {phase_label(seen.state.profile, cursor.phase)}"


def facts(seen: Seen, width: int) -> list[Line]:
    """What became of the step, risk, estimate, owner; then what is to be done with it next."""
    step = seen.step()
    if step is None:
        return _no_step(seen, width)
    known = seen.state.steps[step.id]
    return [
        _summary(seen, step, known),
        *signing.lines(seen, step.id, width),
        *_claim(step, known, width),
        *(_versions(seen, step, width) if known.status == "conflict" else _reason(known, width)),
        *_next(seen, step, known, width),
    ]


def _summary(seen: Seen, step: Step, known: StepState) -> Line:
    spans: list[Span] = list(_status(seen, step, known))
    if step.risk in _RISKS:
        word, ink = _RISKS[step.risk]
        spans += [("  ", "plain"), (word, ink)]
    told = [duration(step.estimate_s) + " planned"] if step.estimate_s else []
    told += [step.level] if step.level != "required" else []
    told += [f"owner {shortened(step.owner, 30)}"] if step.owner else []
    if told:
        spans.append(("  " + ", ".join(told), "dim"))
    return tuple(spans)


def _claim(step: Step, known: StepState, width: int) -> list[Line]:
    if not step.claimed or known.status not in ("open", "confirmed"):
        return []
    said = shortened(visible(step.claimed), 160)
    if known.status == "confirmed":
        return [((text, "dim"),) for text in wrapped(f"was claimed before: {said}", width)]
    return [((text, "warn"),) for text in wrapped(f"○ claimed, not verified: {said}", width)]


def _reason(known: StepState, width: int) -> list[Line]:
    if not known.reason:
        return []
    return [((text, "dim"),) for text in wrapped(f"reason: {shortened(known.reason, 300)}", width)]


def _versions(seen: Seen, step: Step, width: int) -> list[Line]:
    """What both sides say of a step in conflict: who, when, on what."""
    conflict = next((each for each in seen.state.conflicts if each.subject == step_subject(step.id)), None)
    if conflict is None:
        return []
    lines: list[Line] = []
    for side, word in (("log", conflict.log), ("branch", conflict.branch)):
        reason = f": {shortened(word.reason, 200)}" if word.reason else ""
        lines += [((text, "plain"),) for text in wrapped(f"{side}: {version(word)}{tally(word.counts)}{reason}", width)]
    return lines


def _status(seen: Seen, step: Step, known: StepState) -> Line:
    if seen.is_at(step.id):
        return (("▶ now", "accent"),)
    by = f" by {shortened(name_of(known.by), 20)}" if known.by else ""
    at = f" at {seen.local(known.settled.at)}" if known.settled else ""
    match known.status:
        case "confirmed":
            return ((f"✔ {'approved' if step.behaviour == 'signoff' else 'confirmed'}{by}{at}", "good"),)
        case "done_outside":
            return ((f"⚑ done outside{by}{at}", "warn"),)
        case "skipped":
            return ((f"↷ skipped{by}{at}", "warn"),)
        case "not_applicable":
            return ((f"– does not apply{at}", "dim"),)
        case "conflict":
            return (("‡ CONFLICT, u says which counts", "bad"),)
        case "open":
            return (("· not yet done", "dim"),)


def _next(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    if seen.is_at(step.id) and seen.state.cursor and seen.state.cursor.is_considering:
        if seen.is_stopped:
            return [(("· whether it applies is found once the run goes on", "dim"),)]
        told: Line = (("· being read: does it apply?", "accent"),)
        return flowed((told, (("s", "key"), (" skips it", "plain"))) if seen.acts else (told,), width)
    lines = [*waiting.due(seen, step, known, width), *_second(seen, step, known, width)]
    match step.behaviour:
        case "action":
            lines += action.lines(seen, step, known, width)
        case "wait":
            lines += waiting.wait(seen, step, known, width)
        case _:
            lines += asking.lines(seen, step, known, width)
    return lines


def _second(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    """Whether somebody else has to agree first, or has."""
    if not seen.is_at(step.id):
        return []
    if known.countersigned_by:
        return [((f"✔ {shortened(known.countersigned_by, 40)} agrees", "good"),)]
    if known.waived_reason:
        return [((f"! without a second person: {shortened(known.waived_reason, 120)}", "warn"),)]
    if not needs_second(seen.state, step.id, seen.now):
        return []
    told = "! past the point of no return: a second person agrees first"
    if seen.mode != "REPLAY":
        told = "! past the point of no return: a second person agrees with a, from their own seat; w goes on without"
    return [((text, "warn"),) for text in wrapped(told, width)]


def _no_step(seen: Seen, width: int) -> list[Line]:
    state = seen.state
    if state.cursor is not None:
        return _door(seen, width)
    if state.status == "live":
        done = "the way back is walked" if state.rollback is not None else "every step is settled"
        forward: Line = ((", b goes forward again", "plain"),) if state.rollback is not None else ()
        lines: list[Line] = [((f"✔ {done}", "good"),)]
        if seen.mode != "REPLAY":
            lines += [(("F finishes the run", "plain"), *forward), (("until then its keeper goes on", "dim"),)]
        return lines
    at = f" at {seen.local(state.ended.at)}" if state.ended else ""
    return [((f"the run was {state.status}{at}", "good" if state.status == "finished" else "bad"),)]


def _door(seen: Seen, width: int) -> list[Line]:
    cursor = seen.state.cursor
    assert cursor is not None
    phase = find_phase(seen.state.profile, cursor.phase)
    what = "left" if cursor.is_leaving else "entered"
    lines: list[Line] = [((f"▶ this phase waits to be {what}", "accent"),)]
    if seen.acts and not seen.is_stopped and gate_lets(seen):
        lines.append((("c", "key"), (" leaves it" if cursor.is_leaving else " enters it", "bold")))
    about = phase.description if phase and not cursor.is_leaving else ""
    return lines + [((text, "plain"),) for text in wrapped(shortened(about, 400), width) if text]
