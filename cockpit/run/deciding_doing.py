"""Deciding about what is done: actions, waits, sign-offs and second persons.

Invariant: as `decide`.
"""

from __future__ import annotations

from cockpit.run import commands as c
from cockpit.run import events as e
from cockpit.run import hands
from cockpit.run import refusals as r
from cockpit.run import refusals_doing as rd
from cockpit.run import refusals_people as rp
from cockpit.run.advisor import not_taken
from cockpit.run.commands import Refusal
from cockpit.run.deciding_walk import may_act, said
from cockpit.run.evidence import counts, evidence, recorded
from cockpit.run.friction import needs_second, required_word
from cockpit.run.numbering import find_step, step_label
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState
from cockpit.text import visible

_UNFINISHED = 20

# ---- actions -----------------------------------------------------------------------------------------------------


def may_run(state: RunState, command: c.RunAction) -> Refusal | None:
    refusal = (
        may_act(state, command)
        or r.not_current(state, command, command.step)
        or rd.not_a_kind(state, command.step, rd.ACTS, "is not run: a person does it")
        or r.held(state)
        or r.alarmed(state)
        or rd.under_way(state)
        or rd.considering(state)
        or _nobody_to_ask(state, command)
        or _other_hands(state)
    )
    if refusal is not None:
        return refusal
    found = find_step(state.profile, command.step)
    assert found is not None
    step, known = found[1], state.steps[command.step]
    if known.action is not None and known.action.status == "succeeded":
        label = step_label(state.profile, step.id)
        return Refusal(f"{label} has been done", "confirm it; to do it again, confirm and reopen it", "done_already")
    if known.action is not None and known.action.status == "unknown" and step.requires:
        # The gate at the cursor guards confirming now: nobody judges what has to hold before it is run.
        why = f"it is not known how {step_label(state.profile, step.id)} ended, and running it has conditions"
        return Refusal(why, "say how it ended; if it failed, its conditions are read again", "unknown")
    if step.behaviour == "message":
        refusal = rd.no_channel(state, step) or rd.not_over(state, step, known)
    # A gate at the cursor that guards confirming (of what ended unknown) does not guard running.
    at_run_gate = state.cursor is not None and state.cursor.gate.startswith("run:")
    return (
        refusal or (r.gate_shut(state, command) if at_run_gate else None) or rp.second_missing(state, command, step.id)
    )


def _nobody_to_ask(state: RunState, command: c.PlanCommand) -> Refusal | None:
    """The keeper does it: without one the request would only lapse."""
    if r.keeper_silent(command) is None:
        if state.keeper is None:  # it lives, and has not said yet who it is
            return Refusal("the keeper is only just starting", "try again in a moment", "no_keeper")
        return None
    if command.keeper.alive and command.keeper.is_unheard:
        return Refusal("no keeper has been heard of yet", "try again once its first beat came", "no_keeper")
    return Refusal("no keeper is there to do it", "wait for the keeper, or do it outside and record that", "no_keeper")


def asks_word_to_run(state: RunState, command: c.RunAction) -> Refusal | None:
    word = required_word(state, "run", command.step, command.now)
    action = state.steps[command.step].action
    asks_why = action is not None and action.status == "unknown"
    return (r.no_reason(command.reason) if asks_why else None) or r.wrong_word(command.typed, word)


def requested(state: RunState, command: c.RunAction) -> tuple[e.Body, ...]:
    known = state.steps[command.step]
    assert state.keeper is not None
    request = e.ActionRequested(
        action=command.action,
        step=command.step,
        attempt=known.attempt + 1 if known.action is not None else known.attempt,
        epoch=state.keeper.epoch,
        digest=command.digest[:64],
        seen=recorded(command.seen),
        current=evidence(state, command.now),
        not_taken=not_taken(state, command.now),
    )
    if not command.reason.strip():
        return (request,)
    return (e.NoteAdded(text=f"runs it again: {said(command.reason)}", step=command.step), request)


def _other_hands(state: RunState) -> Refusal | None:
    """The keeper that would do it acts as somebody else, or elsewhere, than the last one did."""
    found = hands.other_hands(state)
    if not found.are_there:
        return None
    return Refusal(hands.sentence(found), "press r to see it whole, and to confirm it", "keeper_differs")


def may_accept(state: RunState, command: c.AcceptKeeper) -> Refusal | None:
    refusal = may_act(state, command) or _nobody_to_ask(state, command)
    if refusal is not None:
        return refusal
    found = hands.other_hands(state)
    if state.keeper is None or state.keeper.epoch != command.epoch:
        return Refusal(f"keeper {command.epoch} is not there any more", "look at the one that is now", "not_current")
    if not found.are_there:
        return Refusal(f"keeper {command.epoch} acts already", "go on", "keeper_acts")
    if found.told() != command.shown:
        return Refusal(f"keeper {command.epoch} differs otherwise than was shown", "look again", "not_current")
    return None


def asks_word_to_accept(state: RunState, command: c.AcceptKeeper) -> Refusal | None:
    too_long = r.no_reason(command.reason) if command.reason.strip() else None
    return too_long or r.wrong_word(command.typed, required_word(state, "keeper", "", command.now))


def accepted(state: RunState, command: c.AcceptKeeper) -> tuple[e.Body, ...]:
    previous = state.trusted.epoch if state.trusted is not None else 0
    return (e.KeeperAccepted(epoch=command.epoch, previous=previous, shown=command.shown, reason=said(command.reason)),)


def may_move(state: RunState, command: c.MoveKeeper) -> Refusal | None:
    refusal = may_act(state, command)
    keeper, sight = state.keeper, command.keeper
    if refusal is not None:
        return refusal
    if keeper is None or keeper.epoch != command.epoch:
        return Refusal(
            f"keeper {command.epoch} is not the last one any more", "look at the run as it is", "not_current"
        )
    where = f"keeper {keeper.epoch} on {visible(keeper.host)}"
    if sight.is_unknown:
        return Refusal(f"whether {where} lives cannot be seen now", "wait until the database answers", "keeper_unknown")
    if sight.alive and r.keeper_silent(command) is None:
        return Refusal(f"{where} lives", "go on: it serves this screen too", "keeper_lives")
    if sight.alive:
        silence = "has not been heard of here yet" if sight.is_unheard else "is silent"
        wait = "wait for its first beat; if none comes, " if sight.is_unheard else ""
        why = f"{where} {silence}, and still holds its place"
        return Refusal(why, f"{wait}end it there: cockpit stop {state.run[:12]} --kill", "keeper_silent")
    if not sight.is_elsewhere and not keeper.moved_to:
        return Refusal(f"{where} was on this host", ". starts it again", "keeper_here")
    if keeper.moved_to == command.actor.host:
        return Refusal("it was taken over already", ". starts it here", "moved_already")
    return None


def asks_reason_to_move(state: RunState, command: c.MoveKeeper) -> Refusal | None:
    return r.no_reason(command.reason) or r.wrong_word(command.typed, required_word(state, "keeper", "", command.now))


def moved(state: RunState, command: c.MoveKeeper) -> tuple[e.Body, ...]:
    assert state.keeper is not None
    return (
        e.KeeperMoved(
            epoch=command.epoch,
            previous=state.keeper.host,
            host=command.actor.host,
            reason=said(command.reason),
            unfinished=tuple(under_way(state))[:_UNFINISHED],
        ),
    )


def under_way(state: RunState) -> list[str]:
    """The steps whose actions were asked for, or run, as far as the log tells."""
    return [step_id for step_id, step in state.steps.items() if step.action is not None and step.action.is_under_way]


def may_cancel(state: RunState, command: c.CancelAction) -> Refusal | None:
    refusal = may_act(state, command)
    if refusal is not None:
        return refusal
    running = rd.running_action(state)
    if running is None or running.action != command.action:
        return Refusal("nothing is running", "go on", "nothing_runs")
    if running.cancel_reason:
        return Refusal("it is being cancelled already", "wait for its end", "cancelled_already")
    return None


def cancelled(state: RunState, command: c.CancelAction) -> tuple[e.Body, ...]:
    return (e.ActionCancelled(action=command.action, reason=said(command.reason)),)


def may_settle_action(state: RunState, command: c.SettleAction) -> Refusal | None:
    refusal = may_act(state, command) or r.held(state)
    if refusal is not None:
        return refusal
    action = _latest(state, command.action)
    if action is None or action.status != "unknown":
        return Refusal("its end is known", "look at the step", "not_unknown")
    return None


def _latest(state: RunState, action_id: str) -> ActionState | None:
    return next((s.action for s in state.steps.values() if s.action and s.action.action == action_id), None)


def settled(state: RunState, command: c.SettleAction) -> tuple[e.Body, ...]:
    return (e.ActionSettled(action=command.action, outcome=command.outcome, reason=said(command.reason)),)


# ---- time --------------------------------------------------------------------------------------------------------


def may_end_wait(state: RunState, command: c.EndWait) -> Refusal | None:
    refusal = (
        may_act(state, command) or r.not_current(state, command, command.step) or r.held(state) or rd.considering(state)
    )
    if refusal is not None:
        return refusal
    found = find_step(state.profile, command.step)
    assert found is not None
    return rd.may_not_be_cut_short(state, found[1], state.steps[command.step])


def ended_early(state: RunState, command: c.EndWait) -> tuple[e.Body, ...]:
    known = state.steps[command.step]
    left_s = (known.wait.until - command.now.at).total_seconds() if known.wait else 0.0
    return (
        e.WaitEndedEarly(
            step=command.step, attempt=known.attempt, reason=said(command.reason), left_s=max(0.0, round(left_s, 1))
        ),
    )


def may_restart_wait(state: RunState, command: c.RestartWait) -> Refusal | None:
    refusal = may_act(state, command) or r.not_current(state, command, command.step) or r.held(state)
    if refusal is not None:
        return refusal
    wait = state.steps[command.step].wait
    if wait is None or wait.status != "stopped":
        return Refusal("no wait was stopped here", "go on", "not_stopped")
    return None


def restarted(state: RunState, command: c.RestartWait) -> tuple[e.Body, ...]:
    return (e.WaitRestarted(step=command.step, attempt=state.steps[command.step].attempt),)


# ---- people ------------------------------------------------------------------------------------------------------


def may_sign_off(state: RunState, command: c.SignOff) -> Refusal | None:
    refusal = (
        r.not_current(state, command, command.step)
        or rd.not_a_kind(state, command.step, ("signoff",), "is no sign-off")
        or r.held(state)
        or r.alarmed(state)
        or rd.considering(state)
    )
    if refusal is not None:
        return refusal
    found = find_step(state.profile, command.step)
    assert found is not None
    return rp.may_not_sign(state, found[1], command.actor) or r.gate_shut(state, command)


def signed_off(state: RunState, command: c.SignOff) -> tuple[e.Body, ...]:
    return (
        e.StepConfirmed(
            step=command.step,
            attempt=state.steps[command.step].attempt,
            seen=recorded(command.seen),
            current=evidence(state, command.now),
            counts=counts(state, command.now),
        ),
    )


def may_countersign(state: RunState, command: c.Countersign) -> Refusal | None:
    refusal = r.not_current(state, command, command.step)
    if refusal is not None:
        return refusal
    if not needs_second(state, command.step, command.now):
        label = step_label(state.profile, command.step)
        return Refusal(f"{label} asks for no second person", "write a note instead", "no_second_asked")
    return rp.no_second_person(state, command, command.step)


def countersigned(state: RunState, command: c.Countersign) -> tuple[e.Body, ...]:
    return (e.StepCountersigned(step=command.step, attempt=state.steps[command.step].attempt),)


def may_waive(state: RunState, command: c.WaiveSecond) -> Refusal | None:
    refusal = may_act(state, command) or r.not_current(state, command, command.step) or r.held(state)
    if refusal is not None:
        return refusal
    if not needs_second(state, command.step, command.now):
        label = step_label(state.profile, command.step)
        who = visible(state.steps[command.step].countersigned_by)
        why = f"{who} agreed to {label}" if who else f"{label} asks for no second person"
        return Refusal(why, "go on", "no_second_asked")
    return None


def waived(state: RunState, command: c.WaiveSecond) -> tuple[e.Body, ...]:
    attempt = state.steps[command.step].attempt
    return (e.SecondWaived(step=command.step, attempt=attempt, reason=said(command.reason)),)
