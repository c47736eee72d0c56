"""The run goes on elsewhere, and its seats with it: in another folder, in a branch without the database, or back there.

Invariant: a seat stays where it is; whoever sits there opens another one where the run went.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from cockpit.audit.moved import is_same_run
from cockpit.run.commands import GoOffline, Refusal, Role
from cockpit.run.events import Actor
from cockpit.session.follower import Follower


class Moving:
    """Of one seat. All but `follow_on` block until what they do is durable, and raise RunError or LogError."""

    def __init__(self, follower: Follower, actor: Callable[[], Actor]) -> None:
        """`actor`: whoever sits here by now."""
        self._run_dir, self._follower, self._actor = follower.run_dir, follower, actor
        self.went_to: Path | None = None
        """Where the run goes on, once this seat let it."""
        self._moving = threading.Lock()
        """Held while this seat itself takes the run offline, or back."""

    def go_on(self, folder: Path) -> Path:
        """Let the run go on in another folder, since its log cannot be written where it is; the run's folder there."""
        from cockpit.session.continuing import go_on  # on almost no night

        self.went_to, _ = go_on(self._run_dir, folder, self._actor(), self._follower)
        return self.went_to

    def go_offline(self, command: GoOffline) -> Path | Refusal:
        """Let the run go on in a branch of its own, since the database is away; its folder.

        Blocks until the keeper has ended, too.
        """
        from cockpit.session.offline import go_offline  # on almost no night

        with self._moving:
            went = go_offline(self._run_dir, self._follower, command)
        self.went_to = went if isinstance(went, Path) else None
        return went

    def come_home(self, role: Role) -> Path | Refusal:
        """Bring what this branch holds into the database; the run's folder. `role`: of the seat."""
        from cockpit.session.offline import come_home

        with self._moving:
            came = come_home(self._run_dir, self._follower, self._actor(), role)
        if isinstance(came, Refusal):
            return came
        self.went_to = came.run_dir
        return came.run_dir

    def follow_on(self) -> bool:
        """Note that the run went on in a branch of this folder, or came back from this one; whether it did.

        The screen ends then, and another opens there.
        """
        where = self._follower.view.went_on
        if where and self.went_to is None and not self._moving.locked() and is_same_run(self._run_dir, Path(where)):
            self.went_to = Path(where)
        return self.went_to is not None
