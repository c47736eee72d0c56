"""Actions and waits, each try and each beginning by itself: a part of the chronicle.

Invariant: of an action's output only its last lines are kept, at most `TAIL_BYTES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cockpit.report.chronicle.happened import who
from cockpit.report.chronicle.records import ActionRecord, WaitRecord
from cockpit.run import events as e
from cockpit.run.elapsed import elapsed_s
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState

TAIL_BYTES = 16 * 1024
"""Of the last lines of each action's output."""


class Doings:
    """What was done and waited for."""

    def __init__(self) -> None:
        self.waits: list[WaitRecord] = []
        self._actions: dict[str, ActionRecord] = {}
        self._begun: dict[str, e.Instant] = {}
        """By action: when it was started, for those that have not ended."""
        self._tails: dict[str, tuple[str, ...]] = {}
        """By action that wrote lately: its last lines, not cut yet."""

    def actions(self, end: e.Instant) -> tuple[ActionRecord, ...]:
        """Every try; what is under way has taken the time until `end`."""
        self._cut_tails()
        return tuple(
            replace(record, duration_s=elapsed_s(self._begun[record.id], end)) if record.id in self._begun else record
            for record in self._actions.values()
        )

    def take(self, event: e.Event, before: RunState, after: RunState) -> None:
        """One event and what it changed."""
        keep = _KEEPING.get(type(event.body))
        if keep is not None:
            keep(self, event, event.body, after)

    # ---- actions -------------------------------------------------------------------------------------------------

    def _requested(self, event: e.Event, body: e.ActionRequested, state: RunState) -> None:
        self._actions.setdefault(
            body.action,
            ActionRecord(
                id=body.action, step=body.step, attempt=body.attempt, by=who(event), requested=event.instant.at,
                outcome="requested", digest=body.digest,
            ),
        )  # fmt: skip

    def _started(self, event: e.Event, body: e.ActionStarted, state: RunState) -> None:
        known = self._actions.get(body.action)
        if known is None:
            return
        self._begun[body.action] = event.instant
        self._actions[body.action] = replace(
            known, started=event.instant.at, outcome="running", mode=body.mode, shown=body.shown, runs_as=body.runs_as,
            target=body.target, timeout_s=body.timeout_s, output=body.output,
        )  # fmt: skip

    def _wrote(self, event: e.Event, body: e.ActionOutput, state: RunState) -> None:
        action = _of(state, body.action)
        if action is None or body.action not in self._actions:
            return
        if body.action not in self._tails:
            self._cut_tails()
        self._tails[body.action] = action.tail

    def _cut_tails(self) -> None:
        """Keep no more of them than is told: at most one is whole."""
        for action, lines in self._tails.items():
            tail, left_out = _last(lines)
            self._actions[action] = replace(self._actions[action], tail=tail, left_out=left_out)
        self._tails.clear()

    def _ended(self, event: e.Event, body: e.ActionEnded, state: RunState) -> None:
        known = self._actions.get(body.action)
        if known is None:
            return
        began = self._begun.pop(body.action, None)
        took_s = body.duration_s or (elapsed_s(began, event.instant) if began else 0.0)
        self._actions[body.action] = replace(
            known, ended=event.instant.at, outcome=body.outcome, exit_code=body.exit_code, detail=body.detail,
            duration_s=took_s, conditions=body.conditions, output=body.output or known.output,
            output_bytes=body.output_bytes, output_sha256=body.output_sha256, sent=body.sent,
            nothing_done=body.nothing_done,
        )  # fmt: skip

    def _cancelled(self, event: e.Event, body: e.ActionCancelled, state: RunState) -> None:
        known = self._actions.get(body.action)
        if known is not None:
            self._actions[body.action] = replace(known, cancelled_by=who(event), cancel_reason=body.reason)

    def _settled(self, event: e.Event, body: e.ActionSettled, state: RunState) -> None:
        known = self._actions.get(body.action)
        if known is not None and known.outcome == "unknown":
            self._actions[body.action] = replace(
                known, outcome=body.outcome, settled_by=who(event), settle_reason=body.reason
            )

    # ---- waits ---------------------------------------------------------------------------------------------------

    def _began(self, event: e.Event, body: e.WaitBegan, state: RunState) -> None:
        if body.detail:
            self._close(event, body.step, "restarted", body.detail)
        self._close(event, body.step, "left", "")
        self.waits.append(WaitRecord(step=body.step, attempt=body.attempt, began=event.instant.at, until=body.until))

    def _stopped(self, event: e.Event, body: e.WaitStopped, state: RunState) -> None:
        self._close(event, body.step, "stopped", body.detail)

    def _completed(self, event: e.Event, body: e.WaitCompleted, state: RunState) -> None:
        self._close(event, body.step, "completed", "")

    def _early(self, event: e.Event, body: e.WaitEndedEarly, state: RunState) -> None:
        self._close(event, body.step, "ended_early", body.reason, by=who(event), left_s=body.left_s)

    def _close(
        self, event: e.Event, step: str, outcome: Any, detail: str, *, by: str = "", left_s: float = 0.0
    ) -> None:
        """End the step's wait that runs, if one does."""
        for at in range(len(self.waits) - 1, -1, -1):
            known = self.waits[at]
            if known.step == step and known.outcome == "running":
                self.waits[at] = replace(
                    known, ended=event.instant.at, outcome=outcome, detail=detail, by=by, left_s=left_s
                )
                return


def _of(state: RunState, action_id: str) -> ActionState | None:
    return next((s.action for s in state.steps.values() if s.action and s.action.action == action_id), None)


def _last(lines: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """The last lines of at most `TAIL_BYTES`, and how many were left out before them."""
    room = TAIL_BYTES
    for at in range(len(lines) - 1, -1, -1):
        room -= len(lines[at].encode("utf-8", "replace")) + 1
        if room < 0:
            return lines[at + 1 :], at + 1
    return lines, 0


_KEEPING: dict[type[e.Body], Callable[[Doings, e.Event, Any, RunState], None]] = {
    e.ActionRequested: Doings._requested,
    e.ActionStarted: Doings._started,
    e.ActionOutput: Doings._wrote,
    e.ActionEnded: Doings._ended,
    e.ActionCancelled: Doings._cancelled,
    e.ActionSettled: Doings._settled,
    e.WaitBegan: Doings._began,
    e.WaitStopped: Doings._stopped,
    e.WaitCompleted: Doings._completed,
    e.WaitEndedEarly: Doings._early,
}
