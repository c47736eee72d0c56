"""What a person is asked for: a value, a choice, an approval, a text that is to reach somebody."""

from __future__ import annotations

from cockpit.profile.model import Role, Step
from cockpit.profile.steps import (
    DecisionSettings,
    RecordSettings,
    SignoffSettings,
    record_name,
    settings_of,
)
from cockpit.run.messages import filled, missing, template_of
from cockpit.run.numbering import step_label
from cockpit.run.state_walk import StepState
from cockpit.text import shortened, visible
from cockpit.tui.lines import EMPTY, Line, Span, flowed, wrapped
from cockpit.tui.panes import action
from cockpit.tui.panes.gate import gate_lets
from cockpit.tui.panes.seen import Seen


def lines(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    """What is asked, of whom, and with which key it is answered; empty for steps that ask for nothing."""
    match step.behaviour:
        case "record":
            return _record(seen, step, known, width)
        case "decision":
            return _decision(seen, step, known, width)
        case "signoff":
            return _signoff(seen, step, known, width)
        case "message":
            return _message(seen, step, known, width)
        case _:
            return []


def _asks(seen: Seen, step: Step) -> bool:
    return seen.is_at(step.id) and seen.acts and not seen.is_stopped


def _wrapped(text: str, width: int) -> list[Line]:
    return [((each, "dim"),) for each in wrapped(text, max(8, width))]


def _record(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    settings = settings_of(step, RecordSettings)
    name = record_name(step)
    unit = f" {shortened(settings.unit, 20)}" if settings.unit else ""
    if known.status != "open" and name in seen.state.values:
        return [((f"{visible(name)} = ", "dim"), (f"{shortened(seen.state.values[name], 200)}{unit}", "bold"))]
    lines: list[Line] = []
    if settings.prompt:
        lines += [((text, "plain"),) for text in wrapped(shortened(seen.filled(settings.prompt), 400), width)]
    what = "a number" if settings.type == "number" else "a text"
    form = f", as {shortened(settings.pattern, 120)}" if settings.pattern else ""
    lines += _wrapped(f"{visible(name)}: {what}{f' in{unit}' if unit else ''}{form}", width)
    if _asks(seen, step):
        lines.insert(0, (("c", "key"), (" asks for it", "bold")))
    return lines


def _decision(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    settings = settings_of(step, DecisionSettings)
    chosen = seen.state.values.get(record_name(step)) if known.status != "open" else None
    lines: list[Line] = [(("c", "key"), (" chooses", "bold"))] if _asks(seen, step) else []
    for choice in settings.choices:
        notes = ["holds the run"] if choice.stop else []
        plan = seen.state.profile.plan(choice.rollback) if choice.rollback else None
        notes += [f"opens the way back {shortened(plan.title or plan.id, 40)}"] if plan else []
        told: list[Span] = [
            ("● " if choice.id == chosen else "○ ", "good" if choice.id == chosen else "dim"),
            (shortened(choice.title or choice.id, 60), "bold" if choice.id == chosen else "plain"),
        ]
        lines.append((*told, (f"  {', '.join(notes)}" if notes else "", "dim")))
    return lines + (_wrapped(f"decided by {_role_words(seen, settings.role)}", width) if settings.role else [])


def _signoff(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    settings = settings_of(step, SignoffSettings)
    lines: list[Line] = []
    if seen.is_at(step.id) and seen.mode != "REPLAY" and seen.state.status == "live" and not seen.is_stopped:
        lines.append((("a", "key"), (" approves, from the seat of one who may", "bold")))
    lines += _wrapped(f"approval of {_role_words(seen, settings.role)}", width)
    barred = [_place(seen, name) for name in settings.not_by]
    if settings.four_eyes:
        barred.insert(0, "who ran or settled a step of this phase")
    return lines + (_wrapped(f"not by: {'; '.join(barred)}", width) if barred else [])


def _place(seen: Seen, name: str) -> str:
    if name in seen.state.steps:
        return f"who did {step_label(seen.state.profile, name)}"
    role = _role(seen, name)
    return f"the role {shortened(role.title or role.id, 40)}" if role else visible(name)


def _role(seen: Seen, name: str) -> Role | None:
    return next((role for role in seen.state.profile.roles if role.id == name), None)


def _role_words(seen: Seen, name: str) -> str:
    role = _role(seen, name)
    if role is None:
        return visible(name)
    people = ", ".join(visible(each) for each in role.people)
    return f"{shortened(role.title or role.id, 60)}{f' ({shortened(people, 120)})' if people else ''}"


def message(seen: Seen, step: Step) -> tuple[str, str]:
    """The subject and the text as they stand now; empty without such a template."""
    template = template_of(seen.state, step)
    return filled(seen.state, template) if template else ("", "")


def _message(seen: Seen, step: Step, known: StepState, width: int) -> list[Line]:
    template = template_of(seen.state, step)
    if template is None:
        return [(("✖ the profile has no such template", "bad"),)]
    lines: list[Line] = []
    to = f"to {shortened(template.to or 'people', 60)}"
    if known.action is not None:
        lines += action.lines(seen, step, known, width)
    elif known.status != "open":
        lines += action.sent_lines(known.sent, width) if known.sent else []
    else:
        lines += flowed(_how_to_send(seen, step, template.channel), width)
    way = f", through {shortened(template.channel, 40)}" if template.channel else ", by hand: it has no channel"
    subject, body = filled(seen.state, template)
    lines += _wrapped(f"{to}{way}", width)
    if known.status == "open" and (unknown := missing(seen.state, template)):
        names = ", ".join(visible(name) for name in unknown)
        lines += [((text, "bad"),) for text in wrapped(f"✖ has no value yet: {names}", width)]
    lines += [EMPTY, *(((text, "bold"),) for text in wrapped(visible(subject), width) if text)]
    for each in visible(body, multiline=True).strip().split("\n"):
        lines += [(("│ ", "dim"), (text, "plain")) for text in wrapped(each, max(8, width - 2))]
    return lines


def _how_to_send(seen: Seen, step: Step, channel: str) -> list[Line]:
    if not _asks(seen, step) or not gate_lets(seen):
        return []
    if seen.state.is_rehearsal:
        looked: Line = (("c", "key"), (" confirms, nobody sends it", "bold"))
        return [(("r", "key"), (" shows how it is sent", "plain")), looked] if channel else [looked]
    by_hand: Line = (("y", "key"), (" copies it, then ", "plain"), ("c", "key"), (": sent by hand", "plain"))
    if not channel:
        return [by_hand]
    return [(("r", "key"), (" sends it", "bold")), by_hand]
