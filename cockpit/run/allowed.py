"""What can be done now, for the screen's hints: asks the very rules that `decide` asks, so the two cannot disagree.

A hint is no promise: a reason and a typed word are still asked for, and the state may have moved on before the append.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cockpit.run import commands as c
from cockpit.run.commands import KeeperSight, Refusal
from cockpit.run.decide import permission
from cockpit.run.events import Actor, Instant
from cockpit.run.state import RunState


class Allowed(Struct, frozen=True, kw_only=True):
    """For each action, None if it can be done now, else why not. Jump and reopen depend on a step: ask `permission`."""

    enter: Refusal | None
    confirm: Refusal | None
    done_outside: Refusal | None
    skip: Refusal | None
    override: Refusal | None
    note: Refusal | None
    hold: Refusal | None
    release: Refusal | None
    take_pen: Refusal | None
    finish: Refusal | None
    abort: Refusal | None


def allowed(
    state: RunState, actor: Actor, role: Literal["acting", "watching"], keeper: KeeperSight, now: Instant
) -> Allowed:
    """What `actor` can do at the cursor as it stands in `state`."""
    cursor = state.cursor
    step = cursor.step or "" if cursor else ""
    phase = cursor.phase if cursor else ""
    gate = cursor.gate if cursor else ""
    painted_seq = cursor.opened_seq if cursor else 0

    def ask(command: c.Command) -> Refusal | None:
        return permission(state, command)

    return Allowed(
        enter=ask(c.EnterPhase(actor=actor, now=now, role=role, keeper=keeper, painted_seq=painted_seq, phase=phase)),
        confirm=ask(c.ConfirmStep(actor=actor, now=now, role=role, keeper=keeper, painted_seq=painted_seq, step=step)),
        done_outside=ask(
            c.RecordDoneOutside(
                actor=actor, now=now, role=role, keeper=keeper, painted_seq=painted_seq, step=step, reason=""
            )
        ),
        skip=ask(
            c.SkipStep(actor=actor, now=now, role=role, keeper=keeper, painted_seq=painted_seq, step=step, reason="")
        ),
        override=ask(
            c.OverrideGate(
                actor=actor, now=now, role=role, keeper=keeper, painted_seq=painted_seq, gate=gate, reason=""
            )
        ),
        note=ask(c.AddNote(actor=actor, now=now, role=role, text="")),
        hold=ask(c.PlaceHold(actor=actor, now=now, role=role, reason="")),
        release=ask(c.ReleaseHold(actor=actor, now=now, role=role, reason="")),
        take_pen=ask(c.TakePen(actor=actor, now=now, role=role, reason="")),
        finish=ask(c.FinishRun(actor=actor, now=now, role=role)),
        abort=ask(c.AbortRun(actor=actor, now=now, role=role, reason="")),
    )
