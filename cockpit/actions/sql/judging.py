"""How a run of SQL ended, in an outcome and one sentence, from what the server answered and how far it had come.

Invariant: `failed` and `cancelled` in a transaction mean that nothing was committed; `succeeded` that the server said
so. Where neither is certain it is `unknown`.
"""

from __future__ import annotations

from typing import Literal

import psycopg
from msgspec import Struct
from psycopg import errors

from cockpit.actions.runner import Outcome
from cockpit.actions.sql.connecting import said
from cockpit.actions.sql.exchange import is_lost
from cockpit.actions.sql.executing import Execution, Stopped
from cockpit.actions.sql.settling import Settled
from cockpit.actions.sql.showing import seconds
from cockpit.errors import ActionError
from cockpit.text import counted

StopReason = Literal["", "cancelled", "timed_out"]
"""Why it was asked to stop; empty: it was not."""
_STOPPED: dict[StopReason, str] = {"": "", "cancelled": "cancelled", "timed_out": "it took longer than `timeout`"}


class Verdict(Struct, frozen=True):
    """How it ended."""

    outcome: Outcome
    detail: str


def succeeded(execution: Execution) -> Verdict:
    """After the last statement, and COMMIT, were answered."""
    if execution.unreplicated and not execution.order.rehearsal:
        return Verdict(
            "unknown",
            f"committed here, but perhaps not on the standby, so it may be lost if this server is: "
            f"{execution.unreplicated}",
        )
    done = f"{counted(execution.rows, 'row')}, {counted(execution.done, 'statement')}"
    return Verdict("succeeded", f"{done}, rolled back" if execution.stage == "rolled_back" else done)


def ended(execution: Execution, error: Exception, reason: StopReason) -> Verdict:
    """After `error`, with the connection alive or with a loss that leaves nothing open (see `needs_settling`)."""
    if execution.stage == "connecting":
        why = said(error) if isinstance(error, psycopg.Error) else str(error)
        outcome: Outcome = reason or "failed"
        return Verdict(outcome, f"nothing was sent: {why or _STOPPED[reason]}")
    if isinstance(error, Stopped):
        return Verdict(reason or "cancelled", f"{_STOPPED[reason]} {_between(execution)}; {_left(execution)}")
    if isinstance(error, ActionError | OSError):
        why = str(error) if isinstance(error, ActionError) else f"nothing could be kept on disk: {error.strerror}"
        return Verdict("failed", f"{why}; {_left(execution)}")
    assert isinstance(error, psycopg.Error)
    if execution.connection is not None and is_lost(execution.connection):
        return _lost(execution, error, reason)
    if isinstance(error, errors.QueryCanceled):
        return _cancelled(execution, error, reason)
    # What went wrong first: on a narrow screen the end of the line is cut.
    detail = f"{_words(error)}{_position(execution, error)}, in {_place(execution)}"
    if isinstance(error, errors.LockNotAvailable) and execution.blockers:
        detail += f"; blocked by {'; '.join(execution.blockers)}"
    return Verdict("failed", f"{detail}; {_left(execution)}")


def needs_settling(execution: Execution) -> bool:
    """Whether COMMIT was sent and not answered: then only looking tells."""
    return execution.stage == "committing" and execution.connection is not None and is_lost(execution.connection)


def settled(found: Settled) -> Verdict:
    """After looking."""
    outcomes: dict[str, Outcome] = {"committed": "succeeded", "aborted": "failed", "unknown": "unknown"}
    return Verdict(outcomes[found.verdict], f"the connection was lost while committing; {found.detail}")


def left_nothing(execution: Execution, verdict: Verdict) -> bool:
    """Whether it is certain that nothing of it is there to be undone. What a sequence gave out is not counted."""
    is_over = verdict.outcome in ("failed", "cancelled", "timed_out")
    return is_over and (execution.in_transaction or execution.stage == "connecting")


def _lost(execution: Execution, error: psycopg.Error, reason: StopReason) -> Verdict:
    why = f"the connection was lost at {_place(execution)}: {_words(error)}"
    if reason:
        why = f"{_STOPPED[reason]}, and the server did not answer in time, at {_place(execution)}"
    if execution.in_transaction:
        # `cancelled` is what the server confirms: one that does not answer may still hold the locks.
        outcome: Outcome = "timed_out" if reason == "timed_out" else "failed"
        return Verdict(outcome, f"{why}; nothing was committed: COMMIT was never sent")
    return Verdict("unknown", f"{why}; {_left(execution)}; whether this one took effect is not known")


def _cancelled(execution: Execution, error: psycopg.Error, reason: StopReason) -> Verdict:
    limit_s = execution.order.statement_timeout_s
    if reason:
        why, outcome = f"{_STOPPED[reason]} at {_place(execution)}", reason
    elif execution.statement_duration_s >= 0.9 * limit_s:
        why, outcome = f"{_place(execution)} took longer than `statement_timeout` ({seconds(limit_s)})", "timed_out"
    else:
        return Verdict(
            "failed", f"{_place(execution)} was cancelled on the server: {_words(error)}; {_left(execution)}"
        )
    return Verdict(outcome, f"{why}; {_left(execution)}")


def _place(execution: Execution) -> str:
    statement = execution.current
    if statement is None:
        return "COMMIT" if execution.in_transaction else "the end"
    return f"statement {statement.number} of {len(execution.order.script)} (`{statement.first_words}`)"


def _between(execution: Execution) -> str:
    return f"after statement {execution.done} of {len(execution.order.script)}"


def _left(execution: Execution) -> str:
    """What stays of it."""
    if execution.in_transaction:
        return "nothing was committed"
    count = len(execution.order.script)
    left = f"{execution.stayed} of {counted(count, 'statement')} took effect" if execution.stayed else ""
    if execution.done > execution.stayed:
        left = f"{left or 'nothing took effect'}; the script's own transaction after that was rolled back"
    started = execution.current
    if started is not None and " INDEX CONCURRENTLY " in f"{started.gist} " and started.number > execution.done:
        invalid = "an invalid index may be left, to be dropped by hand"
        return f"{left}; {invalid}" if left else invalid
    return left or "nothing took effect"


def _words(error: psycopg.Error) -> str:
    parts = [said(error)]
    if error.diag.message_detail:
        parts.append(error.diag.message_detail)
    if error.diag.message_hint:
        parts.append(f"hint: {error.diag.message_hint}")
    words = " · ".join(" ".join(part.split()) for part in parts)
    return f"{words} ({error.sqlstate})" if error.sqlstate else words


def _position(execution: Execution, error: psycopg.Error) -> str:
    """` at file:line:column`, where the server says it."""
    position, statement = error.diag.statement_position, execution.current
    if not position or not position.isdecimal() or statement is None:
        return ""
    bound = next((bound for known, bound in execution.order.script if known is statement), None)
    return f" at {statement.place(bound.written_at(int(position) - 1))}" if bound is not None else ""
