"""Keys that have something done, or stopped, or cut short: run, cancel, how it ended, end a wait."""

from __future__ import annotations

from typing import Any

from cockpit.audit.ids import new_id
from cockpit.profile.model import Step
from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.run.friction import required_word
from cockpit.run.hands import other_hands
from cockpit.run.messages import digest, filled, template_of, whole
from cockpit.run.numbering import find_step, step_label
from cockpit.run.refusals_doing import running_action
from cockpit.run.shown import COMMENT, EXPORT, shown
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState
from cockpit.text import counted, shortened
from cockpit.tui.acting import conflicts
from cockpit.tui.acting.hands import Hands
from cockpit.tui.acting.other_hands import let_act
from cockpit.tui.lines import duration
from cockpit.tui.panes.action import target
from cockpit.tui.panes.instructions import PROMPTS
from cockpit.tui.screens.choosing import Choice
from cockpit.tui.screens.dialogs import Question

_HOW = {
    "succeeded": "it succeeded",
    "failed": "it failed",
    "timed_out": "it timed out",
    "cancelled": "it was cancelled",
    "refused": "it was refused, nothing was done",
    "lapsed": "it lapsed, nothing was done",
    "unknown": "it is NOT KNOWN whether it was done",
}


async def run(hands: Hands, painted: RunState) -> None:
    """Do what the step says, for the first time or again; or send its message."""
    assert painted.cursor is not None
    if other_hands(painted).are_there:
        await let_act(hands, painted)
        return  # the next r runs the step: this one was pressed to see how the keeper differs, wherever the run stands
    step_id = painted.cursor.step
    found = find_step(painted.profile, step_id) if step_id else None
    if found is None:
        hands.refuse(Refusal("nothing is run at the door of a phase", "press c to go through it", "at_door"))
        return
    step = found[1]
    text = _text(painted, step)
    at: dict[str, Any] = {
        "step": step.id,
        "action": new_id(),
        "digest": digest(text),
        "seen": hands.evidence(painted),
        "painted_seq": painted.cursor.opened_seq,
    }
    if hands.refused(painted, hands.command(c.RunAction, **at)):
        return
    asked = await _asked(hands, painted, step, text)
    if asked is not None:
        await hands.submit(hands.command(c.RunAction, **asked, **at))


def _text(painted: RunState, step: Step) -> str:
    """What was shown: of a message its text, else the command."""
    if step.behaviour != "message":
        return shown(painted, step)
    template = template_of(painted, step)
    return whole(*filled(painted, template)) if template else ""


async def _asked(hands: Hands, painted: RunState, step: Step, text: str) -> dict[str, str] | None:
    """The word and the reason that it takes; None: it was left."""
    label = step_label(painted.profile, step.id)
    before = painted.steps[step.id].action
    word = required_word(painted, "run", step.id, hands.now)
    asks_why = before is not None and before.status == "unknown"
    verb = "Send" if step.behaviour == "message" else "Run"
    title = f"{verb} {label}" if before is None else f"{verb} {label} again: attempt {before.attempt + 1}"
    where = () if step.behaviour == "message" else _where(hands, step)
    lines = (*_how_it_was(before), *_what(painted, step, text), *where)
    if word or asks_why:
        reason = "why is it right to run it again?" if asks_why else ""
        answer = await hands.ask(Question(title=title, lines=lines, reason=reason, word=word, danger=True))
        return None if answer is None else {"typed": answer.word, "reason": answer.reason}
    if before is None and step.risk == "routine" and step.behaviour != "message":
        return {}
    return {} if await hands.sure(f"{title}?", lines, "r", "sends it" if verb == "Send" else "runs it") else None


def _where(hands: Hands, step: Step) -> tuple[str, ...]:
    """As whom, and on which target."""
    return tuple("".join(text for text, _ in line).strip() for line in target(hands.screen.seen(), step, 400))


def _how_it_was(before: ActionState | None) -> tuple[str, ...]:
    if before is None:
        return ()
    why = f": {shortened(before.detail, 160)}" if before.detail else ""
    return (f"Attempt {before.attempt}: {_HOW.get(before.status, before.status)}{why}",)


def _what(painted: RunState, step: Step, text: str) -> tuple[str, ...]:
    if step.behaviour == "message":
        template = template_of(painted, step)
        if template is None:
            return ()
        subject = f"Subject: {shortened(filled(painted, template)[0], 120)}"
        return (f"To {template.to or 'people'}, through {template.channel or 'nothing'}.", subject)
    # What it does first, not what it is told first: the values of a script or of SQL stand before it.
    told = COMMENT if step.kind == "sql" else EXPORT
    lines = text.strip().split("\n")
    first, *rest = [line for line in lines if not line.startswith(told)] or lines
    more = (f"… {counted(len(rest), 'more line')}",) if rest else ()
    risk = {"careful": ("This step asks for care.",), "irreversible": ("This cannot be taken back.",)}
    real = ("REHEARSAL: nothing outside is changed.",) if painted.is_rehearsal else risk.get(step.risk, ())
    prompt = PROMPTS["sql" if step.kind == "sql" else "shell"]
    return (f"{prompt}{shortened(first, 200)}", *more, *real) if first else real


async def cancel(hands: Hands, painted: RunState) -> None:
    """Stop what is running."""
    running = running_action(painted)
    if running is None:
        hands.refuse(Refusal("nothing is running", "go on", "nothing_runs"))
        return
    if hands.refused(painted, hands.command(c.CancelAction, action=running.action, reason="")):
        return
    label = step_label(painted.profile, running.step)
    lines = ("What it has done by then stays done.",)
    answer = await hands.ask(Question(title=f"Cancel {label}", lines=lines, reason="why is it stopped?", danger=True))
    if answer is not None:
        await hands.submit(hands.command(c.CancelAction, action=running.action, reason=answer.reason))


async def settle(hands: Hands, painted: RunState) -> None:
    """Say how something ended whose end is not known."""
    unknown = _unknown(painted)
    if painted.conflicts:
        await conflicts.settle(hands, painted)
        return
    if unknown is None:
        hands.refuse(Refusal("the end of every action is known", "go on", "not_unknown"))
        return
    fields: dict[str, Any] = {"action": unknown.action}
    if hands.refused(painted, hands.command(c.SettleAction, outcome="failed", reason="", **fields)):
        return
    choices = (
        Choice(id="succeeded", label="it succeeded", about=("It was done, wholly.",), reason="how do you know?"),
        Choice(id="failed", label="it failed", about=("It was not done, or not wholly.",), reason="how do you know?"),
    )
    answer = await hands.choose(f"How did {step_label(painted.profile, unknown.step)} end?", choices)
    if answer is not None:
        await hands.submit(hands.command(c.SettleAction, outcome=answer.choice, reason=answer.reason, **fields))


def _unknown(painted: RunState) -> ActionState | None:
    """The one at the cursor first."""
    if painted.action is not None and painted.action.status == "unknown":
        return painted.action
    actions = (step.action for step in painted.steps.values() if step.action is not None and step.status == "open")
    return next((action for action in actions if action.status == "unknown"), None)


async def end_wait(hands: Hands, painted: RunState) -> None:
    """End a wait early, or begin a stopped one again; look at what is not due yet."""
    assert painted.cursor is not None
    step_id = painted.cursor.step
    if step_id is None:
        hands.refuse(Refusal("nothing waits at the door of a phase", "press c to go through it", "at_door"))
        return
    at: dict[str, Any] = {"step": step_id, "painted_seq": painted.cursor.opened_seq}
    if hands.refused(painted, hands.command(c.EndWait, reason="", **at)):
        return
    label = step_label(painted.profile, step_id)
    word = required_word(painted, "end_wait", step_id, hands.now)
    wait = painted.steps[step_id].wait
    if wait is not None and wait.status == "stopped":
        choices = (
            Choice(id="again", label="begin it again", about=("The whole time, from now.",), key="e", verb="does it"),
            Choice(id="early", label="end it early", reason="why is it over?", word=word),
        )
        chosen = await hands.choose(f"{label} was stopped: {shortened(wait.detail, 120)}", choices)
        if chosen is not None and chosen.choice == "again":
            await hands.submit(hands.command(c.RestartWait, **at))
        elif chosen is not None:
            await hands.submit(hands.command(c.EndWait, reason=chosen.reason, typed=chosen.word, **at))
        return
    left = max(0.0, (wait.until - hands.now.at).total_seconds()) if wait is not None else 0.0
    lines = (f"{duration(left)} are left.",) if wait is not None else ()
    found = find_step(painted.profile, step_id)
    is_wait = found is not None and found[1].behaviour == "wait"
    title = f"End {label} early" if is_wait else f"Go ahead with {label} before its time"
    answer = await hands.ask(Question(title=title, lines=lines, reason="why not wait?", word=word, danger=bool(word)))
    if answer is not None:
        await hands.submit(hands.command(c.EndWait, reason=answer.reason, typed=answer.word, **at))
