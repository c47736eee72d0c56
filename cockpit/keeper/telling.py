"""The beginning and the end of an action as the log keeps them: masked, visible, and short enough for a line."""

from __future__ import annotations

from cockpit.actions.runner import Ending, Planned
from cockpit.keeper.acting import Doing
from cockpit.masking.mask import Mask
from cockpit.run.events import ActionEnded, ActionRequested, ActionStarted, Actor
from cockpit.run.readings import ConditionVerdict
from cockpit.text import shortened, visible

_SHOWN_BYTES = 4096
_LINE_LIMIT = 300


def intent(order: ActionRequested, doing: Doing, planned: Planned, actor: Actor) -> ActionStarted:
    """What is about to be done, and as whom."""
    context = doing.context
    has_output = planned.mode != "shown" and doing.step.behaviour != "message"
    return ActionStarted(
        action=order.action,
        step=order.step,
        attempt=order.attempt,
        shown=_cut(visible(context.mask.text(planned.shown), multiline=True)),
        runs_as=f"{actor.user}@{actor.host}",
        target=context.target.id if context.target is not None else "",
        mode=planned.mode,
        timeout_s=context.timeout_s,
        output=f"{order.action}.log" if has_output else "",
    )


def ended(action: str, step: str, ending: Ending, conditions: tuple[ConditionVerdict, ...], mask: Mask) -> ActionEnded:
    """How it ended; `conditions` are masked already."""
    return ActionEnded(
        action=action,
        step=step,
        outcome=ending.outcome,
        exit_code=ending.exit_code,
        detail=shortened(mask.text(ending.detail), _LINE_LIMIT),
        duration_s=round(ending.duration_s, 3),
        conditions=conditions,
        output=ending.output,
        output_bytes=ending.output_bytes,
        output_sha256=ending.output_sha256,
        sent={name: shortened(mask.text(text), _LINE_LIMIT) for name, text in ending.sent.items()},
        nothing_done=ending.nothing_done,
    )


def _cut(text: str) -> str:
    raw = text.encode("utf-8")
    return text if len(raw) <= _SHOWN_BYTES else raw[: _SHOWN_BYTES - 3].decode("utf-8", "ignore") + "…"
