"""`decide(state, command) -> events | Refusal`: what is allowed, and what then is a fact.

Invariant: pure. It reads no clock and does no I/O; time, identity and the sight of the keeper arrive in the command.
What it returns is true only once the log has it: the caller appends it against `state.last_fact_seq` and decides again
if another fact came first. A note, a hold, raising a trigger, going back and giving the run up are never blocked by a
hold, a gate, a keeper or the window.

Each command has three rules, in `deciding_*`: who may when, what it asks of the person, and what it makes true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cockpit.run import commands as c
from cockpit.run import deciding_branch as branch
from cockpit.run import deciding_doing as doing
from cockpit.run import deciding_line as line
from cockpit.run import deciding_pen as pen
from cockpit.run import deciding_people as people
from cockpit.run import deciding_signed as signing
from cockpit.run import deciding_walk as walk
from cockpit.run import events as e
from cockpit.run import refusals as r
from cockpit.run.commands import Refusal
from cockpit.run.passing import credible
from cockpit.run.state import RunState


def decide(state: RunState, command: c.Command) -> tuple[e.Body, ...] | Refusal:
    """The events that carrying `command` out would make, or why it is refused."""
    refusal = permission(state, command)
    if refusal is not None:
        return refusal
    command = _as_known(state, command)
    _, asks, bodies = _RULES[type(command)]
    refusal = asks(state, command)
    return bodies(state, command) if refusal is None else refusal


def permission(state: RunState, command: c.Command) -> Refusal | None:
    """Why `command` is refused whatever its reason, value and typed word; None if only those remain to be asked for."""
    is_also_later = isinstance(command, (*signing.ALSO_AFTER_THE_END, *branch.ALSO_AFTER_THE_END))
    refusal = signing.not_begun(state) if is_also_later else r.not_live(state)
    if refusal is not None:
        return refusal
    command = _as_known(state, command)
    may, _, _ = _RULES[type(command)]
    if (refusal := may(state, command)) is not None or type(command) not in FORWARD:
        return refusal
    return branch.in_conflict(state, command) or signing.awaiting_signature(state)


def _as_known(state: RunState, command: c.Command) -> c.Command:
    """The command by an actor of whom nothing is believed that the log does not show."""
    if "person" not in command.actor.proven or isinstance(command, c.Identify):
        return command
    return replace(command, actor=credible(state, command.actor))


_Rule = Callable[[RunState, Any], Refusal | None]
_RULES: dict[type[c.Command], tuple[_Rule, _Rule, Callable[[RunState, Any], tuple[e.Body, ...]]]] = {
    c.EnterPhase: (walk.may_enter, walk.asks_nothing, walk.entered),
    c.LeavePhase: (walk.may_leave, walk.asks_nothing, walk.left),
    c.ConfirmStep: (walk.may_confirm, walk.asks_value_and_word, walk.confirmed),
    c.RecordDoneOutside: (walk.may_record_outside, walk.asks_reason, walk.done_outside),
    c.SkipStep: (walk.may_skip, walk.asks_reason_and_word("skip"), walk.skipped),
    c.OverrideGate: (walk.may_override, walk.asks_reason_and_word("override"), walk.overridden),
    c.JumpTo: (walk.may_jump, walk.asks_reason_to_jump, walk.jumped),
    c.ReopenStep: (walk.may_reopen, walk.asks_reason, walk.reopened),
    c.RunAction: (doing.may_run, doing.asks_word_to_run, doing.requested),
    c.MoveKeeper: (doing.may_move, doing.asks_reason_to_move, doing.moved),
    c.AcceptKeeper: (doing.may_accept, doing.asks_word_to_accept, doing.accepted),
    c.CancelAction: (doing.may_cancel, walk.asks_reason, doing.cancelled),
    c.SettleAction: (doing.may_settle_action, walk.asks_reason, doing.settled),
    c.EndWait: (doing.may_end_wait, walk.asks_reason_and_word("end_wait"), doing.ended_early),
    c.RestartWait: (doing.may_restart_wait, walk.asks_nothing, doing.restarted),
    c.SignOff: (doing.may_sign_off, walk.asks_nothing, doing.signed_off),
    c.Countersign: (doing.may_countersign, walk.asks_nothing, doing.countersigned),
    c.WaiveSecond: (doing.may_waive, walk.asks_reason_and_word("waive"), doing.waived),
    c.AddNote: (line.anyone, line.asks_text, line.noted),
    c.PlaceHold: (line.may_hold, walk.asks_reason, line.held),
    c.ReleaseHold: (line.may_release, walk.asks_reason, line.released),
    c.OfferPen: (pen.may_offer, walk.asks_nothing, pen.offered),
    c.WithdrawPen: (pen.may_withdraw, walk.asks_nothing, pen.withdrawn),
    c.AskPen: (pen.may_ask, pen.asks_little, pen.asked),
    c.DeclinePen: (pen.may_decline, walk.asks_reason, pen.declined),
    c.AcceptPen: (pen.may_accept, pen.asks_card, pen.passed),
    c.TakePen: (pen.may_take, pen.asks_all, pen.taken),
    c.Identify: (people.may_identify, walk.asks_nothing, people.identified),
    c.StopKeeper: (line.may_stop_keeper, walk.asks_reason, line.stopped_keeper),
    c.RaiseTrigger: (line.may_raise, walk.asks_reason, line.raised),
    c.AnswerTriggers: (line.may_answer, walk.asks_reason_and_word("go_on"), line.answered),
    c.ChooseRollback: (line.may_roll_back, line.asks_reason_and_plan, line.rolled_back),
    c.LeaveRollback: (line.may_go_forward, walk.asks_reason_and_word("forward"), line.went_forward),
    c.RecordSignature: (signing.may_record, walk.asks_nothing, signing.recorded),
    c.RecordSigningFailure: (signing.may_record_failure, walk.asks_nothing, signing.recorded_failure),
    c.WaiveSignature: (signing.may_waive, walk.asks_reason_and_word("unsigned"), signing.waived),
    c.GoOffline: (branch.may_go_offline, branch.asks_reason_and_word, branch.left),
    c.ReturnToStore: (branch.may_return, walk.asks_nothing, branch.returned),
    c.SettleConflict: (branch.may_settle, walk.asks_reason, branch.settled),
    c.FinishRun: (line.may_finish, walk.asks_nothing, line.finished),
    c.AbortRun: (line.may_abort, walk.asks_reason_and_word("abort"), line.aborted),
}
"""For each command: who may when, what it asks for, what it makes true."""
FORWARD = frozenset(
    {c.EnterPhase, c.LeavePhase, c.ConfirmStep, c.SkipStep, c.RunAction, c.SignOff, c.Countersign, c.FinishRun}
)
"""What goes forward: not beyond an approval that was not signed."""
