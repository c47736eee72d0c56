"""Keys about who: approving, agreeing as the second person, going on without one."""

from __future__ import annotations

from typing import Any

from cockpit.profile.steps import SignoffSettings, settings_of
from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.run.friction import needs_second, required_word
from cockpit.run.numbering import find_step, step_label
from cockpit.run.people import called_at, how_known
from cockpit.run.state import RunState
from cockpit.tui.acting.hands import Hands
from cockpit.tui.screens.dialogs import Question


async def approve(hands: Hands, painted: RunState) -> None:
    """Approve the sign-off at the cursor, or agree to what a second person is asked for."""
    cursor = painted.cursor
    found = find_step(painted.profile, cursor.step) if cursor is not None and cursor.step else None
    if cursor is None or found is None:
        hands.refuse(Refusal("nothing asks for an approval here", "write a note instead", "no_approval"))
        return
    step, label = found[1], step_label(painted.profile, found[1].id)
    me = hands.seat.actor
    who = f"You are {called_at(me)}: {how_known(me, painted.profile.shared_accounts)}."
    at: dict[str, Any] = {"step": step.id, "painted_seq": cursor.opened_seq}
    if step.behaviour == "signoff":
        at["seen"] = hands.evidence(painted)
        if hands.refused(painted, hands.command(c.SignOff, **at)):
            return
        name = settings_of(step, SignoffSettings).role
        role = next((each.title or each.id for each in painted.profile.roles if each.id == name), name)
        if await hands.sure(f"Approve {label}?", (who, f"You approve as {role}."), "a", "approves"):
            await hands.submit(hands.command(c.SignOff, **at))
        return
    if not needs_second(painted, step.id, hands.now):
        hands.refuse(Refusal(f"{label} asks for no approval", "write a note instead", "no_approval"))
        return
    if hands.refused(painted, hands.command(c.Countersign, **at)):
        return
    lines = (who, "It cannot be taken back, and the point of no return has passed.", "You agree that it is done.")
    if await hands.sure(f"Agree to {label} as the second person?", lines, "a", "agrees"):
        await hands.submit(hands.command(c.Countersign, **at))


async def waive(hands: Hands, painted: RunState) -> None:
    """Go on although nobody is there to agree."""
    assert painted.cursor is not None
    step_id = painted.cursor.step or ""
    at: dict[str, Any] = {"step": step_id, "painted_seq": painted.cursor.opened_seq}
    if hands.refused(painted, hands.command(c.WaiveSecond, reason="", **at)):
        return
    question = Question(
        title=f"Go on without a second person: {step_label(painted.profile, step_id)}",
        lines=("It cannot be taken back, and the point of no return has passed.",),
        reason="why is nobody there, and why can it not wait?",
        word=required_word(painted, "waive", step_id, hands.now),
        danger=True,
    )
    answer = await hands.ask(question)
    if answer is not None:
        await hands.submit(hands.command(c.WaiveSecond, reason=answer.reason, typed=answer.word, **at))
