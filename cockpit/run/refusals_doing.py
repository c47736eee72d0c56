"""The rules about actions, waits, set times and people, each alone; as `refusals`, of which this is the other half."""

from __future__ import annotations

import math

from cockpit.errors import VariableError
from cockpit.profile.model import Step, Variable
from cockpit.profile.steps import (
    DecisionSettings,
    MessageSettings,
    RecordSettings,
    record_name,
    settings_of,
)
from cockpit.profile.variables import check_value
from cockpit.run.commands import Refusal
from cockpit.run.due import has_set_time
from cockpit.run.messages import template_of
from cockpit.run.numbering import find_step, gate_conditions, step_label
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState, StepState
from cockpit.text import shortened, visible

VALUE_LIMIT = 500
"""Characters of a recorded value."""
ACTS = ("action", "message")


def under_way(state: RunState) -> Refusal | None:
    """While something is being done, the plan does not move."""
    action = running_action(state)
    if action is None:
        return None
    what = "is asked for" if action.status == "requested" else "is running"
    why = f"{step_label(state.profile, action.step)} {what}"
    return Refusal(why, "wait for its end, or cancel it", "under_way")


def running_action(state: RunState) -> ActionState | None:
    """What was asked for or runs, and has not ended."""
    for step in state.steps.values():
        if step.action is not None and step.action.is_under_way:
            return step.action
    return None


def considering(state: RunState) -> Refusal | None:
    """Nobody does or confirms what may not apply."""
    if state.cursor is None or not state.cursor.is_considering:
        return None
    label = step_label(state.profile, state.cursor.step or "")
    return Refusal(
        f"it is not known yet whether {label} applies", "wait, or override with a reason to do it", "considering"
    )


def not_a_kind(state: RunState, step_id: str, behaviours: tuple[str, ...], what: str) -> Refusal | None:
    """A key that means nothing for this kind of step says so."""
    found = find_step(state.profile, step_id)
    if found is not None and found[1].behaviour in behaviours:
        return None
    return Refusal(f"{step_label(state.profile, step_id)} {what}", "press ? for the keys", "wrong_kind")


def not_done(state: RunState, step: Step, known: StepState) -> Refusal | None:
    """An action is confirmed once it ended well; what is unknown, once its gate vouches for it."""
    label = step_label(state.profile, step.id)
    if step.behaviour == "signoff":
        return Refusal(f"{label} is a sign-off", "approve it with the approve key, from a seat that may", "signoff")
    if step.behaviour not in ACTS:
        return None
    action = known.action
    if action is None:
        if step.behaviour == "message":
            return _unread_gate(state, step, label)  # sent by hand
        return Refusal(f"{label} has not been run", "run it, or record that it was done outside", "not_run")
    if action.status == "succeeded":
        return None
    if action.status == "unknown":
        if gate_conditions(state.profile, f"step:{step.id}"):
            return None  # the gate, on readings taken since, says that it was done
        why = f"it is not known how {label} ended, and no gate can tell"
        return Refusal(why, "look, and say how it ended, with a reason", "unknown")
    if step.behaviour == "message":
        return _unread_gate(state, step, label)
    how = {"timed_out": "timed out", "cancelled": "was cancelled", "refused": "was not begun"}.get(
        action.status, "did not succeed"
    )
    why = f"{label} {how}: {shortened(action.detail, 120)}" if action.detail else f"{label} {how}"
    return Refusal(why, "run it again, skip it, or go back", "not_succeeded")


def _unread_gate(state: RunState, step: Step, label: str) -> Refusal | None:
    """Of a message with conditions before and after it, sending is what leads from the one gate to the other."""
    if state.is_rehearsal or not (step.requires and step.gate):
        return None
    return Refusal(f"{label} has not been sent", "send it, or record that it was sent outside", "not_run")


def not_over(state: RunState, step: Step, known: StepState) -> Refusal | None:
    """A wait is confirmed when it is over, a checkpoint or message when it is due."""
    label = step_label(state.profile, step.id)
    if step.behaviour == "wait":
        if known.wait is None:
            return Refusal(f"{label} has not begun: the keeper begins it", "wait for the keeper", "waiting")
        if known.wait.status == "running":
            until = f"{known.wait.until:%H:%M:%S} UTC"
            return Refusal(f"{label} lasts until {until}", "wait, or end it early with a reason", "waiting")
        if known.wait.status == "stopped":
            why = f"{label} was stopped: {shortened(known.wait.detail, 120)}"
            return Refusal(why, "begin it again, or end it early with a reason", "wait_stopped")
        return None
    if has_set_time(step) and known.due is None:
        return Refusal(f"{label} is not due yet", "wait, or go ahead early with a reason", "not_due")
    return None


def no_channel(state: RunState, step: Step) -> Refusal | None:
    """A message goes out by a channel, or by hand."""
    template = template_of(state, step)
    if template is None or template.channel:
        return None
    why = f"{step_label(state.profile, step.id)} has no channel to be sent through"
    return Refusal(why, "copy it, send it by hand, and confirm that", "no_channel")


def may_not_be_cut_short(state: RunState, step: Step, known: StepState) -> Refusal | None:
    """Only what still lasts can be ended early."""
    label = step_label(state.profile, step.id)
    if step.behaviour == "wait":
        if known.wait is not None and known.wait.status in ("completed", "ended_early"):
            return Refusal(f"{label} is over", "confirm it", "over_already")
        return None
    if not has_set_time(step):
        return Refusal(f"{label} waits for nothing", "press ? for the keys", "wrong_kind")
    if known.due is not None:
        return Refusal(f"{label} is due already", "go on with it", "over_already")
    return None


def wrong_value(state: RunState, step: Step, value: str) -> Refusal | None:
    """What is recorded fits its pattern; what is decided is one of the choices."""
    if step.behaviour == "record":
        return _wrong_record(step, value)
    if step.behaviour == "decision":
        choices = settings_of(step, DecisionSettings).choices
        if any(choice.id == value for choice in choices):
            return None
        names = ", ".join(choice.id for choice in choices)
        return Refusal(f"{shortened(value, 60) or 'nothing'} is no choice here", f"choose one of: {names}", "no_choice")
    return None


def _wrong_record(step: Step, value: str) -> Refusal | None:
    settings = settings_of(step, RecordSettings)
    text = value.strip()
    if not text:
        return Refusal("a value is needed", "type it", "no_value")
    if len(text) > VALUE_LIMIT or visible(text) != text:
        return Refusal(
            "the value is too long or holds invisible characters", f"at most {VALUE_LIMIT} characters", "bad_value"
        )
    if settings.type == "number" and not _is_number(text):
        return Refusal(f"{shortened(text, 60)} is no number", "type digits, with a point if need be", "bad_value")
    if settings.pattern:
        try:
            check_value(Variable(name=settings.name or step.id, value=text, pattern=settings.pattern), text)
        except VariableError as error:
            return Refusal(shortened(error.message, 300), "type it as the pattern has it", "bad_value")
    return None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False


# ---- what a confirmation carries ---------------------------------------------------------------------------------


def values_of(step: Step, value: str) -> dict[str, str]:
    """What confirming records, by name; empty for steps that record nothing."""
    return {record_name(step): visible(value.strip())} if step.behaviour in ("record", "decision") else {}


def sent_by_hand(state: RunState, step: Step, known: StepState, digest: str) -> dict[str, str]:
    """To whom a message went that no channel sent, and what it said; in a rehearsal nobody sends one."""
    if state.is_rehearsal or step.behaviour != "message":
        return {}
    if known.action is not None and known.action.status == "succeeded":
        return {}
    name = settings_of(step, MessageSettings).template
    template = next((each for each in state.profile.templates if each.id == name), None)
    to = visible(template.to) if template else ""
    return {"to": to, "digest": digest[:64]} if digest else {"to": to}
