"""What the operator's acting keys do: ask what has to be asked, then hand a command to the seat, off the screen's loop.

Invariant: a command carries the opening that was painted when its key was pressed, so whatever happened since refuses
it. The rules are `decide`'s; they are asked once before a dialog opens, so that nobody types a reason for nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any

from cockpit.errors import KeeperError
from cockpit.run import commands as c
from cockpit.run.commands import Refusal
from cockpit.run.decide import permission
from cockpit.run.friction import Dangerous, required_word
from cockpit.run.numbering import find_step, gate_label, phase_label, step_label
from cockpit.run.state import RunState
from cockpit.session.nudge import probe_now
from cockpit.session.seat import Done, Failed, Seat, Unsettled
from cockpit.tui.screens.dialogs import Answer, AskDialog, PickDialog, Question, SureDialog
from cockpit.tui.screens.run import RunScreen


class Operator:
    """The acting half of a live screen. Every method is one key, run as a task of its own."""

    def __init__(self, screen: RunScreen, seat: Seat) -> None:
        self._screen = screen
        self._seat = seat
        self._is_writing = False

    async def act(self, what: str, painted: RunState, selected: str | None) -> None:
        """Do what a key asks for, on what was `painted` and `selected` when it was pressed."""
        if self._is_writing:
            self._refuse(Refusal("the last key is still being written", "wait for it", "writing"))
            return
        if not self._screen.may_act and what not in ("note", "hold", "probe"):
            self._refuse(Refusal("this terminal is too small to act", "make it 72x20 or larger", "too_small"))
            return
        at_cursor = what in ("confirm", "skip", "override", "outside")
        if at_cursor and selected is not None:
            there = step_label(painted.profile, painted.cursor.step) if painted.cursor and painted.cursor.step else ""
            looking = step_label(painted.profile, selected)
            self._refuse(Refusal(f"you look at {looking}; the run is at {there}", "press Home first", "not_current"))
            return
        if at_cursor and painted.cursor is None:
            over = painted.status != "live"
            instead = "q leaves" if over else "F finishes the run, x reopens a step"
            why = f"the run is over: it was {painted.status}" if over else "every step is settled"
            self._refuse(Refusal(why, instead, "nothing_left"))
            return
        await getattr(self, f"_{what}")(painted)

    # ---- at the cursor -------------------------------------------------------------------------------------------

    async def _confirm(self, painted: RunState) -> None:
        assert painted.cursor is not None
        seen = self._evidence(painted)
        at = {"painted_seq": painted.cursor.opened_seq, "seen": seen}
        if painted.cursor.step is None:
            await self._submit(self._seat.command(c.EnterPhase, phase=painted.cursor.phase, **at))
            return
        step_id = painted.cursor.step
        if self._refused(painted, self._seat.command(c.ConfirmStep, step=step_id, **at)):
            return
        label = step_label(painted.profile, step_id)
        found = find_step(painted.profile, step_id)
        typed = ""
        if word := required_word(painted, "confirm", step_id):
            lines = ("This cannot be taken back.",)
            answer = await self._ask(Question(title=f"Confirm {label}", lines=lines, word=word, danger=True))
            if answer is None:
                return
            typed = answer.word
        elif found and found[1].risk != "routine":
            what = "This step asks for care." if found[1].risk == "careful" else "This step cannot be taken back."
            sure = SureDialog(f"Confirm {label}?", (what,), "c", "confirms")
            if await self._screen.app.push_screen_wait(sure) is None:
                return
        await self._submit(self._seat.command(c.ConfirmStep, step=step_id, typed=typed, **at))

    async def _skip(self, painted: RunState) -> None:
        await self._with_reason(painted, c.SkipStep, "Skip", "skip", "why is it left out?")

    async def _outside(self, painted: RunState) -> None:
        await self._with_reason(painted, c.RecordDoneOutside, "Done outside:", None, "what was done, by whom, and why?")

    async def _with_reason(
        self, painted: RunState, kind: type[Any], verb: str, what: Dangerous | None, label: str
    ) -> None:
        assert painted.cursor is not None
        step_id = painted.cursor.step
        if step_id is None:
            self._refuse(Refusal("this phase waits to be entered", "press c, or j to jump to a step", "at_door"))
            return
        at: dict[str, Any] = {"painted_seq": painted.cursor.opened_seq, "step": step_id}
        if self._refused(painted, self._seat.command(kind, reason="", **at)):
            return
        word = required_word(painted, what, step_id) if what else ""
        title = f"{verb} {step_label(painted.profile, step_id)}"
        answer = await self._ask(Question(title=title, reason=label, word=word, danger=bool(word)))
        if answer is not None:
            typed = {"typed": answer.word} if what else {}
            await self._submit(self._seat.command(kind, reason=answer.reason, **typed, **at))

    async def _override(self, painted: RunState) -> None:
        assert painted.cursor is not None
        gate = painted.cursor.gate
        at: dict[str, Any] = {"painted_seq": painted.cursor.opened_seq, "gate": gate}
        if self._refused(painted, self._seat.command(c.OverrideGate, reason="", **at)):
            return
        known = painted.gates.get(gate)
        failing = tuple(
            f"✖ {each.condition}   {each.detail}" if each.holds is False else f"? {each.condition}   {each.detail}"
            for each in (known.conditions if known else ())
            if each.holds is not True
        )
        question = Question(
            title=f"Override the gate of {gate_label(painted.profile, gate)}",
            lines=(*failing[:8], "It stays open for this attempt; the step is confirmed with c as ever."),
            reason="why is it right to go on?",
            word=required_word(painted, "override"),
            danger=True,
        )
        answer = await self._ask(question)
        if answer is not None:
            await self._submit(self._seat.command(c.OverrideGate, reason=answer.reason, typed=answer.word, **at))

    # ---- elsewhere -----------------------------------------------------------------------------------------------

    async def _jump(self, painted: RunState) -> None:
        cursor = painted.cursor.step if painted.cursor else None
        wanted = [name for name, step in painted.steps.items() if step.status == "open" and name != cursor]
        await self._pick(painted, c.JumpTo, "Jump to which step?", wanted, "why out of order?")

    async def _reopen(self, painted: RunState) -> None:
        wanted = [name for name, step in painted.steps.items() if step.status != "open"]
        await self._pick(painted, c.ReopenStep, "Reopen which step?", wanted, "why again?")

    async def _pick(self, painted: RunState, kind: type[Any], title: str, wanted: list[str], reason: str) -> None:
        if not wanted:
            self._refuse(Refusal("there is no such step", "↑ ↓ show what became of each", "no_choice"))
            return
        if self._refused(painted, self._seat.command(kind, step=wanted[0], reason="")):
            return
        choices = tuple((name, step_label(painted.profile, name)) for name in wanted)
        answer = await self._screen.app.push_screen_wait(PickDialog(title, choices, reason))
        if answer is not None:
            await self._submit(self._seat.command(kind, step=answer.word, reason=answer.reason))

    async def _note(self, painted: RunState) -> None:
        answer = await self._ask(Question(title="Note", reason="what should others know?"))
        if answer is not None:
            step = painted.cursor.step or "" if painted.cursor else ""
            await self._submit(self._seat.command(c.AddNote, text=answer.reason, step=step))

    async def _hold(self, painted: RunState) -> None:
        kind: type[Any] = c.PlaceHold if painted.hold is None else c.ReleaseHold
        if self._refused(painted, self._seat.command(kind, reason="")):
            return
        title = "Hold: stop the line" if painted.hold is None else "Release the hold"
        label = "what is wrong?" if painted.hold is None else "why is it right to go on?"
        answer = await self._ask(Question(title=title, reason=label))
        if answer is not None:
            await self._submit(self._seat.command(kind, reason=answer.reason))

    async def _pen(self, painted: RunState) -> None:
        if self._refused(painted, self._seat.command(c.TakePen, reason="")):
            return
        holder = painted.pen.user if painted.pen else "nobody"
        answer = await self._ask(Question(title=f"Take the pen from {holder}", reason="why do you act now?"))
        if answer is not None:
            await self._submit(self._seat.command(c.TakePen, reason=answer.reason))

    async def _finish(self, painted: RunState) -> None:
        if self._refused(painted, self._seat.command(c.FinishRun)):
            return
        deviations = len(painted.deviations)
        lines = (f"{deviations} deviations are in the log." if deviations else "All steps went as planned.",)
        sure = SureDialog("Finish the run? Its keeper ends.", lines, "F", "finishes")
        if await self._screen.app.push_screen_wait(sure) is not None:
            await self._submit(self._seat.command(c.FinishRun))

    async def _abort(self, painted: RunState) -> None:
        if self._refused(painted, self._seat.command(c.AbortRun, reason="")):
            return
        question = Question(
            title="Abort the run. Its keeper ends; nothing is undone by itself.",
            reason="why is it given up?",
            word=required_word(painted, "abort"),
            danger=True,
        )
        answer = await self._ask(question)
        if answer is not None:
            await self._submit(self._seat.command(c.AbortRun, reason=answer.reason, typed=answer.word))

    async def _probe(self, painted: RunState) -> None:
        try:
            await asyncio.to_thread(probe_now, self._seat.run_dir)
        except KeeperError as error:
            self._screen.say(("✖ ", "bad"), (str(error), "plain"))
        else:
            self._screen.say(("probing now", "dim"))

    # ---- down and back up ----------------------------------------------------------------------------------------

    def _evidence(self, painted: RunState) -> tuple[Any, ...]:
        from cockpit.run.evidence import evidence

        return evidence(painted, self._screen.source.now())

    async def _ask(self, question: Question) -> Answer | None:
        return await self._screen.app.push_screen_wait(AskDialog(question))

    def _refused(self, painted: RunState, command: c.Command) -> bool:
        refusal = permission(painted, command)
        if refusal is not None:
            self._refuse(refusal)
        return refusal is not None

    def _refuse(self, refusal: Refusal) -> None:
        self._screen.say(("✖ ", "bad"), (refusal.why, "bold"), (f" — {refusal.instead}", "plain"))

    async def _submit(self, command: c.Command) -> None:
        """Write; it shows as done when it comes back from the log, and not before."""
        self._is_writing = True
        self._screen.say(("… writing", "dim"))
        try:
            outcome = await asyncio.to_thread(self._seat.submit, command)
        finally:
            self._is_writing = False
        match outcome:
            case Done():
                self._screen.say()
            case Refusal():
                self._refuse(outcome)
            case Failed(sentence=sentence):
                self._screen.say(("✖ not written: ", "bad"), (sentence, "plain"))
            case Unsettled(id=event_id):
                text = f"it is not known whether this was written; the log will tell ({event_id})"
                self._screen.say(("? ", "unsure"), (text, "plain"))
        self._screen.draw()


def where(state: RunState) -> str:
    """Where the run stands, for the terminal's title."""
    if state.cursor is None:
        return state.status
    if state.cursor.step is None:
        return phase_label(state.profile, state.cursor.phase)
    return step_label(state.profile, state.cursor.step)
