"""How a keeper ends, and that it does.

Invariant: after its end a keeper is gone within `LAST_S`, whatever a plug-in's threads still wait for; and what it had
begun outside goes on, even where its runner would not let go.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable

from msgspec import Struct

from cockpit.exits import Exit
from cockpit.masking.outputs import drain
from cockpit.run.events import Event, KeeperMoved, KeeperStarted, KeeperStopRequested
from cockpit.run.people import name_of
from cockpit.text import shortened

LAST_S = 15.0


class End(Struct, frozen=True):
    """How it came to an end."""

    reason: str
    exit: Exit = Exit.OK
    is_written: bool = True
    """Whether the log can still be told."""


def stopped_by_person(events: Iterable[Event], epoch: int) -> End | None:
    """The end of the keeper of this epoch, if one of these events asks for it."""
    for event in events:
        if isinstance(event.body, KeeperStopRequested) and event.body.epoch == epoch:
            return End(f"stopped by {shortened(name_of(event.actor), 64)}: {shortened(event.body.reason, 300)}")
    return None


def taken_over(events: Iterable[Event], epoch: int) -> str:
    """Who took over from the keeper of this epoch, if one of these events says so; else an empty text."""
    for event in events:
        body = event.body
        if isinstance(body, KeeperMoved) and body.epoch >= epoch:
            by, host = shortened(name_of(event.actor), 64), shortened(body.host, 64)
            return f"{by} had another keeper begin on {host}: {shortened(body.reason, 300)}"
        if isinstance(body, KeeperStarted) and body.epoch > epoch:
            return f"keeper {body.epoch} began on {shortened(event.actor.host, 64)}"
    return ""


def leave_at_last(status: Exit) -> None:
    """Leave after `LAST_S`; in a thread of its own."""
    time.sleep(LAST_S)
    drain()
    os._exit(status)


def leave_now(status: Exit) -> None:
    """Leave without ending tasks in order: that would stop what has to go on."""
    sys.stdout.flush()
    sys.stderr.flush()
    drain()
    os._exit(status)


def say(sentence: str) -> None:
    """For the keeper's own log: nobody reads it unless a screen shows its last line."""
    print(f"cockpit keeper: {sentence}", file=sys.stderr, flush=True)
