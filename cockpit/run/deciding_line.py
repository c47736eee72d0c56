"""Deciding about the line itself: notes, holds, the keeper, triggers, the way back, the end.

Invariant: as `decide`. Nothing here is blocked by a gate, the keeper or the window, and going back and giving up by no
hold either.
"""

from __future__ import annotations

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run import refusals as r
from cockpit.run import refusals_doing as rd
from cockpit.run.advisor import advise, due_steps
from cockpit.run.commands import Refusal
from cockpit.run.deciding_walk import may_act, said
from cockpit.run.friction import required_word
from cockpit.run.people import called, same_holder
from cockpit.run.state import RunState
from cockpit.text import shortened, visible


def anyone(state: RunState, command: c.Command) -> Refusal | None:
    return None


# ---- notes, holds ------------------------------------------------------------------------------------------------


def asks_text(state: RunState, command: c.AddNote) -> Refusal | None:
    return r.no_reason(command.text, what="text")


def noted(state: RunState, command: c.AddNote) -> tuple[e.Body, ...]:
    step = command.step if command.step in state.steps else ""
    return (e.NoteAdded(text=visible(command.text.strip(), multiline=True), step=step),)


def may_hold(state: RunState, command: c.PlaceHold) -> Refusal | None:
    if state.hold is None:
        return None
    return Refusal(f"{called(state.hold.by)} holds the run already", "write a note instead", "already_held")


def held(state: RunState, command: c.PlaceHold) -> tuple[e.Body, ...]:
    return (e.HoldPlaced(reason=said(command.reason)),)


def may_release(state: RunState, command: c.ReleaseHold) -> Refusal | None:
    if state.hold is None:
        return Refusal("nothing is held", "go on", "nothing_to_release")
    return None if same_holder(state.hold.by, command.actor) else may_act(state, command)


def released(state: RunState, command: c.ReleaseHold) -> tuple[e.Body, ...]:
    return (e.HoldReleased(reason=said(command.reason)),)


# ---- the keeper --------------------------------------------------------------------------------------------------


def may_stop_keeper(state: RunState, command: c.StopKeeper) -> Refusal | None:
    """As a hold it needs no pen: whoever may write to the run could end the process without a word."""
    if state.keeper is None:
        return Refusal("no keeper has begun to watch this run", "there is nothing to stop", "no_keeper")
    if state.keeper.epoch != command.epoch:
        return Refusal(
            f"another keeper watches by now: that of epoch {state.keeper.epoch}", "look again", "other_keeper"
        )
    return None


def stopped_keeper(state: RunState, command: c.StopKeeper) -> tuple[e.Body, ...]:
    return (e.KeeperStopRequested(epoch=command.epoch, reason=said(command.reason)),)


# ---- triggers ----------------------------------------------------------------------------------------------------


def may_raise(state: RunState, command: c.RaiseTrigger) -> Refusal | None:
    if command.trigger and all(each.id != command.trigger for each in state.profile.triggers):
        return Refusal(
            f"the profile has no trigger {shortened(command.trigger, 60)}", "choose one of its", "unknown_trigger"
        )
    if command.trigger and any(each.trigger == command.trigger for each in state.fired):
        return Refusal(
            f"{shortened(command.trigger, 60)} waits for an answer already", "write a note", "raised_already"
        )
    return None


def raised(state: RunState, command: c.RaiseTrigger) -> tuple[e.Body, ...]:
    return (e.TriggerRaised(trigger=command.trigger, reason=said(command.reason)),)


def may_answer(state: RunState, command: c.AnswerTriggers) -> Refusal | None:
    refusal = may_act(state, command)
    if refusal is None and not _shown_of(state, command):
        return Refusal("no trigger that was shown waits for an answer", "go on", "no_trigger")
    return refusal


def answered(state: RunState, command: c.AnswerTriggers) -> tuple[e.Body, ...]:
    proposed = advise(state, command.now).proposed if state.rollback is None else ""
    return (e.TriggerAnswered(seqs=_shown_of(state, command), reason=said(command.reason), not_taken=proposed),)


def _shown_of(state: RunState, command: c.AnswerTriggers) -> tuple[int, ...]:
    """Those that wait and were on the screen when the key was pressed."""
    return tuple(each.seq for each in state.fired if not command.seqs or each.seq in command.seqs)


# ---- the way back ------------------------------------------------------------------------------------------------


def may_roll_back(state: RunState, command: c.ChooseRollback) -> Refusal | None:
    refusal = may_act(state, command)
    if refusal is not None:
        return refusal
    if not state.profile.rollbacks:
        return Refusal("the profile has no rollback plan", "hold, or undo by hand and record it", "no_plan")
    plan = state.profile.plan(command.plan)
    if plan is None:
        return Refusal(f"there is no plan {shortened(command.plan, 60)}", "choose one of the profile's", "unknown_plan")
    if state.rollback is not None and state.rollback.plan == command.plan:
        return Refusal(
            f"{shortened(plan.title or plan.id, 80)} is being walked", "go on with it", "rolling_back_already"
        )
    return rd.under_way(state)


def asks_reason_and_plan(state: RunState, command: c.ChooseRollback) -> Refusal | None:
    word = required_word(state, "rollback", command.plan, command.now)
    return r.no_reason(command.reason) or r.wrong_word(command.typed, word)


def rolled_back(state: RunState, command: c.ChooseRollback) -> tuple[e.Body, ...]:
    plan = state.profile.plan(command.plan)
    assert plan is not None
    advice = advise(state, command.now)
    return (
        e.RollbackChosen(
            plan=command.plan,
            steps=due_steps(state, plan),
            proposed=advice.proposed,
            not_taken=tuple(option.plan for option in advice.options if option.plan != command.plan),
            reason=said(command.reason),
            answers=tuple(each.seq for each in state.fired),
        ),
    )


def may_go_forward(state: RunState, command: c.LeaveRollback) -> Refusal | None:
    refusal = may_act(state, command)
    if refusal is None and state.rollback is None:
        return Refusal("no rollback is being walked", "go on", "not_rolling_back")
    return refusal or r.held(state) or rd.under_way(state)


def went_forward(state: RunState, command: c.LeaveRollback) -> tuple[e.Body, ...]:
    return (e.RollbackLeft(reason=said(command.reason)),)


# ---- the end -----------------------------------------------------------------------------------------------------


def may_finish(state: RunState, command: c.FinishRun) -> Refusal | None:
    refusal = may_act(state, command) or r.unsettled(state) or r.held(state)
    if refusal is None and state.fired:
        return Refusal("a trigger waits for an answer", "roll back, or go on with a reason", "trigger_unanswered")
    return refusal


def finished(state: RunState, command: c.FinishRun) -> tuple[e.Body, ...]:
    return (e.RunFinished(),)


def may_abort(state: RunState, command: c.AbortRun) -> Refusal | None:
    return may_act(state, command)


def aborted(state: RunState, command: c.AbortRun) -> tuple[e.Body, ...]:
    return (e.RunAborted(reason=said(command.reason)),)
