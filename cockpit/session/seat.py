"""One operator's seat at a run: what they see, and what they ask for.

What is asked for goes down (decide, append) and comes back up from the log like everything else: `Done` means durable,
and the view then holds it. How it gets there is `Submitting`, how it comes back `Tailing`; a seat puts them together,
says who sits there and whether they may act. Invariant: a seat never changes state itself.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import cockpit
from cockpit.audit import clock, ids
from cockpit.audit.keeping import dsn_of
from cockpit.audit.line import draft
from cockpit.errors import LogError, StoreAway
from cockpit.run.commands import Command, KeeperSight, PenCommand, PlanCommand, Role
from cockpit.run.events import Actor, OperatorAttached, ProbesAsked
from cockpit.run.holding import holds
from cockpit.session.afar import Afar
from cockpit.session.follower import Follower
from cockpit.session.moving import Moving
from cockpit.session.outcomes import Outcome
from cockpit.session.outputs import Bringing, told_outputs
from cockpit.session.presence import Presence
from cockpit.session.sight import keeper_sight, why_not_here
from cockpit.session.signer import Signer
from cockpit.session.submitting import Submitting
from cockpit.session.tailing import Tailing
from cockpit.session.view import View
from cockpit.session.witness import Witness

_ANSWERED_S = 0.6
"""How long closing waits for the answer to the last key."""
_SHUT_S = 0.2

_Asked = TypeVar("_Asked", bound=Command)


class Seat:
    """Opened by `Seat.open`. Any thread may call; `submit` and `close` block on the disk."""

    def __init__(self, run_dir: Path, actor: Actor, role: Role, follower: Follower) -> None:
        """Use `open`."""
        self.run_dir = run_dir
        self.actor = actor
        self.id = ids.new_id()
        self._follower = follower
        pen = follower.view.state.pen
        self._up_under = pen.epoch if role == "acting" and pen is not None else 0
        """The epoch of the pen that was taken up here without its having moved; 0: none was."""
        self._bringing: Bringing | None = None
        self._keeper_met = (0, -math.inf)
        """The epoch of the last keeper, and when it was first asked for here."""
        self._witness = Witness(follower)
        self.submitting = Submitting(follower, self._witness, self.keeper_sight, lambda: self.actor)
        self.afar = Afar(run_dir, self.id, self.submitting.opened, follower.tell_away, self.submitting.give_up)
        follower.look_beyond(self.afar)
        self.presence = Presence(run_dir, self.id, follower, self.submitting.opened, self.afar)
        self.signer = Signer(self, follower)
        self.moving = Moving(follower, lambda: self.actor)
        self._tailing = Tailing(self.id, follower, self.presence, self.signer)
        self._leaving = threading.Lock()
        self._is_closed = False

    @classmethod
    def open(cls, run_dir: Path, actor: Actor, role: Role = "acting") -> Seat:
        """Read the whole log and sit down; nothing is written yet. Raises LogUnreadable if there is no log."""
        return cls(run_dir, actor, role, Follower(run_dir))

    @property
    def view(self) -> View:
        """The run as last read."""
        return self._follower.view

    @property
    def has_pen(self) -> bool:
        """Whether the pen is of whoever sits here, at this seat or another one."""
        return holds(self.view.state, self.actor)

    @property
    def role(self) -> Role:
        """`acting` while the pen is of whoever sits here, and came to this seat or was taken up at it; else `watching`.

        What is taken up counts for one epoch: whoever lost the pen and got it back at another seat acts there.
        """
        pen = self.view.state.pen
        is_up = pen is not None and (pen.seat == self.id or pen.epoch == self._up_under)
        return "acting" if is_up and self.has_pen else "watching"

    def keeper_sight(self) -> KeeperSight:
        """Whether the keeper lives and how long it has been silent, now."""
        keeper = self.view.state.keeper
        epoch = keeper.epoch if keeper is not None else 0
        if epoch != self._keeper_met[0]:
            self._keeper_met = (epoch, time.monotonic())
        return keeper_sight(self.run_dir, clock.now(), self.afar, *self._keeper_met)

    def glance(self) -> None:
        """Look once at who is here and whether a keeper lives, on other hosts too, while this seat is not followed yet.

        Blocks for as long as the run's database takes, at most seconds.
        """
        if self.afar.is_there:
            self.afar.glance()
        self._follower.who_is_here()

    def keeper_objection(self) -> str:
        """Why no keeper is to be started from here now; empty: one may be, and its locks settle races."""
        if self.keeper_sight().alive:
            return "a keeper lives"
        return why_not_here(self.run_dir, self.view.state, self.actor.host) if self.afar.is_there else ""

    def ask_probes(self) -> None:
        """Have the keeper, which is on another host, read the probes now. Blocks. Raises LogError."""
        if away := self.view.away:
            raise StoreAway(away)
        self.submitting.opened().append(None, draft(ProbesAsked(), self.actor))

    # ---- following -----------------------------------------------------------------------------------------------

    def follow(self, callback: Callable[[View], None]) -> None:
        """Say in the log that this seat is here, then call back with every new view, from a thread of its own.

        Views may be skipped, never reordered. The callback must not block and must not close the seat.
        """
        self._tailing.begin(callback)
        self.afar.begin()
        if self.afar.is_there:
            self._bringing = Bringing(self.run_dir, dsn_of(self.run_dir), lambda: told_outputs(self.view.state))
            self._bringing.begin()
        self._witness.begin()
        self.signer.begin()
        self.submitting.prepare()
        self._tailing.await_store()
        if self.view.state.status == "live":
            body = OperatorAttached(seat=self.id, role=self.role, version=cockpit.__version__, at="")
            self.presence.begin(body, lambda: self.actor)

    # ---- acting --------------------------------------------------------------------------------------------------

    def command(self, kind: type[_Asked], **fields: Any) -> _Asked:
        """A command of this seat: actor, time, role and the sight of the keeper, or of who is here, are filled in."""
        fields = {"actor": self.actor, "now": clock.now(), "role": self.role} | fields
        if issubclass(kind, PlanCommand):
            fields.setdefault("keeper", self.keeper_sight())
        if issubclass(kind, PenCommand):
            fields = {"seat": self.id, "here": tuple(seat.seat for seat in self.view.here)} | fields
        return kind(**fields)

    def take_up(self, at: str = "") -> bool:
        """Act here, where the pen is of whoever sits here; whether it is. Blocks on the disk.

        The pen does not move, and no other seat stops acting. `at`: the step that is looked at, for the others.
        """
        pen = self.view.state.pen
        if pen is None or not self.has_pen:
            return False
        self._up_under = pen.epoch
        body = OperatorAttached(seat=self.id, role="acting", version=cockpit.__version__, at=at)
        with contextlib.suppress(LogError):  # that others are not told of it keeps nobody from acting
            self.submitting.opened().append(None, draft(body, self.actor))
        return True

    def submit(self, command: Command) -> Outcome:
        """Decide and append, again whenever another fact came first. Blocks until it is durable: see `Submitting`."""
        return self.submitting.submit(command)

    # ---- leaving -------------------------------------------------------------------------------------------------

    def close(self, reason: str = "") -> None:
        """Get up: say so in the log while the run lives, end the threads, let go of everything. The run goes on.

        A second call waits for the first one and does nothing else.
        """
        with self._leaving:
            if not self._is_closed:
                self._is_closed = True
                self._close(reason)

    def _close(self, reason: str) -> None:
        self._tailing.stop()
        self.submitting.leave()
        if self.view.away:
            self._wait_no_longer()
        self._tailing.close()
        is_hanging = not self.submitting.has_answered(_ANSWERED_S)
        if is_hanging:
            self._wait_no_longer()
            self.submitting.has_answered(_SHUT_S)
        self.signer.close()
        self._witness.close()
        if self._bringing is not None:
            self._bringing.close()
        self.afar.close()
        # Else it still waits for a writer that stands still, and lets go by itself.
        if self.presence.close(reason, is_hanging=is_hanging):
            self.submitting.close()
        self._wait_no_longer()
        self._follower.close()

    def _wait_no_longer(self) -> None:
        """For a database; a file is written to its end."""
        if self.afar.is_there:
            self.submitting.close()
