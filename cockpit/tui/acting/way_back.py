"""Keys for when it goes wrong: the ways back, going on in spite of what fired, and saying what no probe sees."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cockpit.run import commands as c
from cockpit.run.advisor import Option
from cockpit.run.advisor import advise as advice_for
from cockpit.run.commands import Refusal
from cockpit.run.friction import required_word
from cockpit.run.numbering import step_label
from cockpit.run.people import name_of
from cockpit.run.state import RunState
from cockpit.text import shortened, visible
from cockpit.tui.acting.hands import Hands
from cockpit.tui.lines import duration, hour
from cockpit.tui.screens.choosing import Choice
from cockpit.tui.screens.dialogs import Question

_FORWARD = "forward:"
"""No plan's id: they hold no colon."""
_STEPS = 5


async def rollback(hands: Hands, painted: RunState) -> None:
    """The ways back."""
    await advise(hands, painted)


async def advise(hands: Hands, painted: RunState, plan: str = "") -> None:
    """The ways back in the order in which they are to be considered; `plan` is highlighted, else the proposed one."""
    advice = advice_for(painted, hands.now)
    if not advice.options and painted.rollback is None:
        hands.refuse(Refusal("the profile has no rollback plan", "hold, or undo by hand and record it", "no_plan"))
        return
    probe: c.Command = hands.command(c.LeaveRollback, reason="")
    if advice.options:
        probe = hands.command(c.ChooseRollback, plan=advice.options[0].plan, reason="")
    if hands.refused(painted, probe):
        return
    choices = [_choice(hands, painted, option) for option in advice.options]
    if painted.rollback is not None:
        choices.append(_forward(hands, painted))
    answer = await hands.choose(
        "Which way back?",
        tuple(choices),
        first=plan or advice.proposed,
        danger=True,
    )
    if answer is None:
        return
    if answer.choice == _FORWARD:
        await hands.submit(hands.command(c.LeaveRollback, reason=answer.reason, typed=answer.word))
        return
    await hands.submit(hands.command(c.ChooseRollback, plan=answer.choice, reason=answer.reason, typed=answer.word))


def _choice(hands: Hands, painted: RunState, option: Option) -> Choice:
    mark = "▶ PROPOSED  " if option.is_proposed else {"pass": "✔ ", "blocked": "✖ "}.get(option.fits, "? ")
    return Choice(
        id=option.plan,
        label=f"{mark}{option.title}",
        about=about(painted, option, hands.now.at, hands.screen.zone),
        reason="why is it rolled back?",
        word=required_word(painted, "rollback", option.plan, hands.now),
    )


def about(painted: RunState, option: Option, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """Everything that is to be known of a plan before it is chosen."""
    labels = [f"  {step_label(painted.profile, step_id)}" for step_id in option.steps]
    if len(labels) > _STEPS:
        labels = [*labels[: _STEPS - 1], f"  … {len(labels) - _STEPS + 1} more"]
    return (
        _fits(option),
        _lost(option),
        _time(painted, option, now, zone),
        *(("It undoes, in this order:", *labels) if labels else ("Nothing was done that it would undo.",)),
    )


def _lost(option: Option) -> str:
    """Whole: whoever chooses must not learn the last of it afterwards. Profiles write it on several lines, too."""
    lost = visible(" ".join(option.data_loss.split()))
    return f"DATA LOSS: {lost}" if lost else "It names no data that is lost."


def _fits(option: Option) -> str:
    detail = f": {shortened(option.detail, 160)}" if option.detail else ""
    match option.fits:
        case "pass":
            why = f" Proposed: {option.why}." if option.why and option.is_proposed else ""
            return f"Fits{detail}.{why}"
        case "blocked":
            return f"DOES NOT FIT{detail}"
        case _:
            return f"It cannot be said whether it fits{detail}"


def _time(painted: RunState, option: Option, now: datetime, zone: ZoneInfo) -> str:
    takes = f"Takes about {duration(option.estimate_s)}" if option.estimate_s else "How long it takes was not estimated"
    end = painted.started.window_end if painted.started else None
    if end is None or not option.estimate_s:
        return f"{takes}."
    takes_s = timedelta(seconds=option.estimate_s)
    over = hour(now + takes_s, now, zone)
    if not option.fits_window:
        return f"{takes}: over at {over}, AFTER the window's end at {hour(end, now, zone)}."
    return f"{takes}: over at {over}; it fits the window until {hour(end - takes_s, now, zone)}."


def _forward(hands: Hands, painted: RunState) -> Choice:
    return Choice(
        id=_FORWARD,
        label="↷ forward again: give the way back up",
        about=("What was undone meanwhile is open again.",),
        reason="why is it right to go forward?",
        word=required_word(painted, "forward", "", hands.now),
    )


async def answer(hands: Hands, painted: RunState) -> None:
    """Go on in spite of every trigger that waits for an answer."""
    if hands.refused(painted, hands.command(c.AnswerTriggers, reason="")):
        return
    names = {trigger.id: trigger.title or trigger.id for trigger in painted.profile.triggers}
    lines = tuple(
        " ".join(
            part
            for part in (
                each.severity.upper(),
                names.get(each.trigger, each.trigger),
                f"raised by {name_of(each.by)}: {shortened(each.reason, 160)}" if each.reason else "",
                "(over by now)" if each.is_cleared else "",
            )
            if part
        )
        for each in painted.fired
    )
    question = Question(
        title="Go on in spite of what fired",
        lines=lines[:8],
        reason="why is it right to go on?",
        word=required_word(painted, "go_on", "", hands.now),
        danger=True,
    )
    answered = await hands.ask(question)
    if answered is not None:
        seqs = tuple(each.seq for each in painted.fired)
        await hands.submit(hands.command(c.AnswerTriggers, seqs=seqs, reason=answered.reason, typed=answered.word))


async def raise_trigger(hands: Hands, painted: RunState) -> None:
    """Say what no probe sees. Any seat may."""
    if hands.refused(painted, hands.command(c.RaiseTrigger, reason="")):
        return
    fired = {each.trigger for each in painted.fired}
    declared = tuple(
        Choice(
            id=each.id, label=each.title or each.id, about=(f"severity: {each.severity}",), reason="what do you see?"
        )
        for each in painted.profile.triggers
        if each.id not in fired
    )
    other = Choice(id="other:", label="something else", reason="what do you see?")
    chosen = await hands.choose("Something is wrong: what?", (*declared, other))
    if chosen is not None:
        trigger = "" if chosen.choice == other.id else chosen.choice
        await hands.submit(hands.command(c.RaiseTrigger, trigger=trigger, reason=chosen.reason))
