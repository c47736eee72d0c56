"""Keys that settle the step at the cursor, or open its gate: confirm, skip, done outside, override."""

from __future__ import annotations

from typing import Any

from cockpit.profile.model import Step
from cockpit.profile.steps import DecisionSettings, RecordSettings, record_name, settings_of
from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.run.friction import Dangerous, is_run, required_word
from cockpit.run.messages import digest, filled, template_of, whole
from cockpit.run.numbering import find_step, gate_label, step_label
from cockpit.run.refusals_doing import wrong_value
from cockpit.run.state import RunState
from cockpit.run.state_walk import StepState
from cockpit.tui.acting import people, way_back
from cockpit.tui.acting.hands import Hands
from cockpit.tui.screens.choosing import Choice
from cockpit.tui.screens.dialogs import Question


async def confirm(hands: Hands, painted: RunState) -> None:
    """Confirm what is at the cursor, with what its kind asks for; at a door, go through it."""
    cursor = painted.cursor
    assert cursor is not None
    at: dict[str, Any] = {"painted_seq": cursor.opened_seq, "seen": hands.evidence(painted)}
    if cursor.step is None:
        kind = c.LeavePhase if cursor.is_leaving else c.EnterPhase
        await hands.submit(hands.command(kind, phase=cursor.phase, **at))
        return
    found = find_step(painted.profile, cursor.step)
    if found is not None and found[1].behaviour == "signoff":
        await people.approve(hands, painted)
        return
    at["step"] = cursor.step
    if found is None or hands.refused(painted, hands.command(c.ConfirmStep, **at)):
        return
    asked = await _asked(hands, painted, found[1])
    if asked is None:
        return
    is_done = await hands.submit(hands.command(c.ConfirmStep, **asked, **at))
    if is_done and found[1].behaviour == "decision":
        await _follow_up(hands, found[1], asked["value"])


async def _follow_up(hands: Hands, step: Step, chosen: str) -> None:
    """A choice may name the way back; the advisor opens with it."""
    choices = settings_of(step, DecisionSettings).choices
    plan = next((choice.rollback for choice in choices if choice.id == chosen), "")
    if plan:
        await way_back.advise(hands, hands.seat.view.state, plan)


async def _asked(hands: Hands, painted: RunState, step: Step) -> dict[str, str] | None:
    """What confirming carries beside the evidence; None: it was left."""
    known = painted.steps[step.id]
    label = step_label(painted.profile, step.id)
    word = required_word(painted, "confirm", step.id, hands.now)
    match step.behaviour:
        case "record":
            return await _value(hands, painted, step, word)
        case "decision":
            return await _choice(hands, step, label, word)
        case "message" if known.action is None or known.action.status != "succeeded":
            return await _by_hand(hands, painted, step, label)
    if word:
        lines = ("This cannot be taken back.",)
        answer = await hands.ask(Question(title=f"Confirm {label}", lines=lines, word=word, danger=True))
        return None if answer is None else {"typed": answer.word}
    if _asks_again(step, known):
        return {} if await hands.sure(f"Confirm {label}?", _why_asked(step, known), "c", "confirms") else None
    return {}


def _why_asked(step: Step, known: StepState) -> tuple[str, ...]:
    unknown = known.action is not None and known.action.status == "unknown"
    told = ("It is NOT KNOWN how it ended; its gate passes, on readings taken since.",) if unknown else ()
    risk = {"careful": ("This step asks for care.",), "irreversible": ("This step cannot be taken back.",)}
    return (*told, *risk.get(step.risk, ()))


def _asks_again(step: Step, known: StepState) -> bool:
    """Of what is run, running asked; but what ended unknown is confirmed on its gate alone."""
    if not is_run(step):
        return step.risk != "routine"
    return known.action is not None and known.action.status == "unknown"


async def _value(hands: Hands, painted: RunState, step: Step, word: str) -> dict[str, str] | None:
    settings = settings_of(step, RecordSettings)
    unit = f" in {settings.unit}" if settings.unit else ""
    form = (f"as {settings.pattern}",) if settings.pattern else ()
    prompt = hands.screen.seen().filled(settings.prompt) or f"what is {record_name(step)}?"

    def check(value: str) -> str:
        refusal = wrong_value(painted, step, value)
        return f"{refusal.why}: {refusal.instead}" if refusal else ""

    question = Question(
        title=f"Record {step_label(painted.profile, step.id)}",
        lines=form,
        value=f"{prompt}{unit}",
        check=check,
        word=word,
    )
    answer = await hands.ask(question)
    return None if answer is None else {"value": answer.value, "typed": answer.word}


async def _choice(hands: Hands, step: Step, label: str, word: str) -> dict[str, str] | None:
    choices = tuple(
        Choice(
            id=choice.id,
            label=choice.title or choice.id,
            about=(
                *(("It holds the run.",) if choice.stop else ()),
                *(("It opens the ways back; nothing is undone by itself.",) if choice.rollback else ()),
            ),
            word=word,
            verb="decides",
        )
        for choice in settings_of(step, DecisionSettings).choices
    )
    answer = await hands.choose(f"Decide {label}", choices)
    return None if answer is None else {"value": answer.choice, "typed": answer.word}


async def _by_hand(hands: Hands, painted: RunState, step: Step, label: str) -> dict[str, str] | None:
    template = template_of(painted, step)
    to = (template.to if template else "") or "people"
    how = "r sends it through its channel, y copies it." if template and template.channel else "y copies it."
    lines: tuple[str, ...] = (f"You say that you sent it by hand, to {to}.", how)
    title, verb = f"Confirm {label}: sent by hand?", "confirms that it was sent"
    if painted.is_rehearsal:
        lines, title, verb = ("REHEARSAL: nobody sends it.",), f"Confirm {label}: looked at?", "confirms"
    if not await hands.sure(title, lines, "c", verb):
        return None
    return {"digest": digest(whole(*filled(painted, template))) if template else ""}


# ---- against the plan ----------------------------------------------------------------------------------------------


async def skip(hands: Hands, painted: RunState) -> None:
    """Leave it out."""
    await _with_reason(hands, painted, c.SkipStep, "Skip", "skip", "why is it left out?")


async def outside(hands: Hands, painted: RunState) -> None:
    """It was done by hand."""
    await _with_reason(hands, painted, c.RecordDoneOutside, "Done outside:", None, "what was done, by whom, and why?")


async def _with_reason(
    hands: Hands, painted: RunState, kind: type[Any], verb: str, what: Dangerous | None, label: str
) -> None:
    assert painted.cursor is not None
    step_id = painted.cursor.step
    if step_id is None:
        hands.refuse(Refusal("this is the door of a phase", "press c, or j to jump to a step", "at_door"))
        return
    at: dict[str, Any] = {"painted_seq": painted.cursor.opened_seq, "step": step_id}
    if hands.refused(painted, hands.command(kind, reason="", **at)):
        return
    word = required_word(painted, what, step_id, hands.now) if what else ""
    title = f"{verb} {step_label(painted.profile, step_id)}"
    answer = await hands.ask(Question(title=title, reason=label, word=word, danger=bool(word)))
    if answer is not None:
        typed = {"typed": answer.word} if what else {}
        await hands.submit(hands.command(kind, reason=answer.reason, **typed, **at))


async def override(hands: Hands, painted: RunState) -> None:
    """Open the gate although it does not pass."""
    assert painted.cursor is not None
    gate = painted.cursor.gate
    at: dict[str, Any] = {"painted_seq": painted.cursor.opened_seq, "gate": gate}
    if hands.refused(painted, hands.command(c.OverrideGate, reason="", **at)):
        return
    known = painted.gates.get(gate)
    failing = tuple(
        f"{'✖' if each.holds is False else '?'} {each.condition}   {each.detail}"
        for each in (known.conditions if known else ())
        if each.holds is not True
    )
    means = "It stays open for this attempt; the step is confirmed with c as ever."
    if painted.cursor.is_considering:
        means = "The step is then done although it may not apply."
    question = Question(
        title=f"Override the gate of {gate_label(painted.profile, gate)}",
        lines=(*failing[:8], means),
        reason="why is it right to go on?",
        word=required_word(painted, "override", painted.cursor.step or "", hands.now),
        danger=True,
    )
    answer = await hands.ask(question)
    if answer is not None:
        await hands.submit(hands.command(c.OverrideGate, reason=answer.reason, typed=answer.word, **at))
