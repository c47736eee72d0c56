"""What became of actions, waits and set times: a part of `evolve`.

Invariant: as `evolve`. What an earlier try of a step says changes nothing any more; the end of a try is a new opening
of its gate, since only readings taken after it count.
"""

from __future__ import annotations

from msgspec.structs import replace

from cockpit.run import events as e
from cockpit.run.numbering import find_step, step_label
from cockpit.run.people import name_of
from cockpit.run.settled import deviate, with_actor, with_step
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState, StepState, WaitState
from cockpit.run.walk import open_again

TAIL_LINES = 200
"""Lines of an action's output that the state holds."""
_LINE_LIMIT = 2000


def action_requested(state: RunState, event: e.Event, body: e.ActionRequested) -> RunState:
    step = state.steps.get(body.step)
    if step is None or step.status != "open" or (step.action is not None and step.action.is_under_way):
        return state
    action = ActionState(
        action=body.action,
        step=body.step,
        attempt=body.attempt,
        status="requested",
        by=event.actor,
        requested=event.instant,
    )
    step = replace(with_actor(step, event.actor), action=action, attempt=max(step.attempt, body.attempt))
    return with_step(state, body.step, step)


def _its_step(state: RunState, action: str) -> tuple[str, StepState, ActionState] | None:
    """The step whose latest try has this id."""
    for step_id, step in state.steps.items():
        if step.action is not None and step.action.action == action:
            return step_id, step, step.action
    return None


def _replaced(state: RunState, step_id: str, step: StepState, action: ActionState) -> RunState:
    return with_step(state, step_id, replace(step, action=action))


def action_started(state: RunState, event: e.Event, body: e.ActionStarted) -> RunState:
    found = _its_step(state, body.action)
    if found is None or not found[2].is_under_way:
        return state
    step_id, step, action = found
    action = replace(
        action,
        status="running",
        started=event.instant,
        shown=body.shown,
        runs_as=body.runs_as,
        target=body.target,
        mode=body.mode,
        timeout_s=body.timeout_s,
        output=body.output,
        touched_before=step.touched_seq,
        last_touched=step.touched,
    )
    if body.mode != "shown":
        step = replace(step, touched_seq=event.seq, touched=event.instant)
    return _replaced(state, step_id, step, action)


def action_output(state: RunState, event: e.Event, body: e.ActionOutput) -> RunState:
    found = _its_step(state, body.action)
    if found is None:
        return state
    step_id, step, action = found
    return _replaced(state, step_id, step, wrote(action, body))


def wrote(action: ActionState, body: e.ActionOutput) -> ActionState:
    """The action after it wrote this."""
    return replace(
        action,
        tail=_appended(action.tail, body),
        skipped_bytes=action.skipped_bytes + max(0, body.skipped_bytes),
        told_bytes=max(action.told_bytes, body.end),
        progress=body.progress,
    )


def _appended(tail: tuple[str, ...], body: e.ActionOutput) -> tuple[str, ...]:
    """The lines so far and the new text; the last line of each may be the beginning of the next."""
    if not body.text and not body.skipped_bytes:
        return tail
    lines = list(tail)
    if body.skipped_bytes:
        lines = [
            *lines[:-1],
            *([lines[-1]] if lines and lines[-1] else []),
            f"… {body.skipped_bytes} bytes left out",
            "",
        ]
    first, *rest = body.text.split("\n")
    lines = [*lines[:-1], (lines[-1] if lines else "") + first, *rest]
    return tuple(line[:_LINE_LIMIT] for line in lines[-TAIL_LINES - 1 :])


def action_cancelled(state: RunState, event: e.Event, body: e.ActionCancelled) -> RunState:
    found = _its_step(state, body.action)
    if found is None or not found[2].is_under_way:
        return state
    return _replaced(state, found[0], found[1], replace(found[2], cancel_reason=body.reason or "asked for"))


def action_ended(state: RunState, event: e.Event, body: e.ActionEnded) -> RunState:
    found = _its_step(state, body.action)
    if found is None or not (found[2].is_under_way or found[2].status == "unknown"):
        return state
    step_id, step, action = found
    action = replace(
        action,
        status=body.outcome,
        ended=event.instant,
        exit_code=body.exit_code,
        detail=body.detail,
        conditions=body.conditions,
        progress=(),
        output=body.output or action.output,
        output_bytes=body.output_bytes,
        output_sha256=body.output_sha256,
        sent=body.sent,
    )
    step = replace(
        step, action=action, sent=body.sent or step.sent, countersigned_by="", countersigner=None, waived_reason=""
    )
    if body.outcome == "unknown":
        step = replace(step, touched_seq=event.seq, touched=action.started or event.instant)
    elif found[2].started is not None and (body.nothing_done or body.outcome in ("refused", "lapsed")):
        step = replace(step, touched_seq=action.touched_before, touched=action.last_touched)
    elif found[2].started is not None and action.mode != "shown":
        step = replace(step, touched=event.instant)
    return _judged_again(with_step(state, step_id, step), event, step_id)


def action_settled(state: RunState, event: e.Event, body: e.ActionSettled) -> RunState:
    found = _its_step(state, body.action)
    if found is None or found[2].status != "unknown":
        return state
    step_id, step, action = found
    action = replace(action, status=body.outcome, settled_by=name_of(event.actor), detail=body.reason)
    state = with_step(state, step_id, replace(with_actor(step, event.actor), action=action))
    state = deviate(state, event, "settled", step_label(state.profile, step_id), body.reason)
    return _judged_again(state, event, step_id)


def _judged_again(state: RunState, event: e.Event, step_id: str) -> RunState:
    """A new opening, if the step is the one at the cursor."""
    if state.cursor is None or state.cursor.step != step_id or state.steps[step_id].status != "open":
        return state
    return open_again(state, event, step_id)


# ---- time --------------------------------------------------------------------------------------------------------


def wait_began(state: RunState, event: e.Event, body: e.WaitBegan) -> RunState:
    step = _open(state, body.step, body.attempt)
    if step is None:
        return state
    breaches = (step.wait.breaches if step.wait else 0) + (1 if body.detail else 0)
    wait = WaitState(status="running", began=event.instant, until=body.until, breaches=breaches, detail=body.detail)
    return with_step(state, body.step, replace(step, wait=wait))


def wait_stopped(state: RunState, event: e.Event, body: e.WaitStopped) -> RunState:
    step = _open(state, body.step, body.attempt)
    if step is None or step.wait is None or step.wait.status != "running":
        return state
    wait = replace(step.wait, status="stopped", detail=body.detail, breaches=step.wait.breaches + 1)
    return with_step(state, body.step, replace(step, wait=wait))


def wait_completed(state: RunState, event: e.Event, body: e.WaitCompleted) -> RunState:
    step = _open(state, body.step, body.attempt)
    if step is None or step.wait is None or step.wait.status != "running":
        return state
    return with_step(state, body.step, replace(step, wait=replace(step.wait, status="completed")))


def wait_ended_early(state: RunState, event: e.Event, body: e.WaitEndedEarly) -> RunState:
    step = _open(state, body.step, body.attempt)
    found = find_step(state.profile, body.step)
    if step is None or found is None:
        return state
    if found[1].behaviour == "wait":
        before = step.wait or WaitState(status="running", began=event.instant, until=event.instant.at)
        step = replace(step, wait=replace(before, status="ended_early"))
    else:
        step = replace(step, due=event.instant)
    state = with_step(state, body.step, step)
    return deviate(state, event, "wait_early", step_label(state.profile, body.step), body.reason)


def wait_restarted(state: RunState, event: e.Event, body: e.WaitRestarted) -> RunState:
    """The keeper sees a wait without a clock and begins it."""
    step = _open(state, body.step, body.attempt)
    if step is None or step.wait is None or step.wait.status != "stopped":
        return state
    return with_step(state, body.step, replace(step, wait=None))


def step_due(state: RunState, event: e.Event, body: e.StepDue) -> RunState:
    step = state.steps.get(body.step)
    if step is None or step.status != "open" or step.due is not None:
        return state
    state = with_step(state, body.step, replace(step, due=event.instant))
    return _judged_again(state, event, body.step)


def _open(state: RunState, step_id: str, attempt: int) -> StepState | None:
    step = state.steps.get(step_id)
    return step if step is not None and step.status == "open" and step.attempt == attempt else None
