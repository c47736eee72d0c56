"""Calling people when nobody looks: a trigger fired, a step became due, a wait stopped, and no screen is open.

A trigger that fired before somebody's eyes waits for its answer: if the last screen closes without one, people are
called then. So they are for what asks for somebody as long as it lasts (`asking`).

Invariant: each of these is sent at most once, through the profile's alert channel, and what became of it is told
(`alert.sent`). A rehearsal calls nobody. Nothing here delays the keeper, and nothing is tried again: what is sent twice
is soon read by no one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from cockpit.audit.layout import locks_dir, seat_lock
from cockpit.audit.locks import holder_alive
from cockpit.errors import CockpitError
from cockpit.profile.model import Channel, Profile
from cockpit.run.events import AlertSent, Body, StepDue, TriggerFired, WaitStopped
from cockpit.run.numbering import step_label
from cockpit.text import shortened

TIMEOUT_S = 30.0
_LIMIT = 300


class Sent(Protocol):
    """What became of a message."""

    @property
    def ok(self) -> bool:
        """Whether the other side took it."""
        ...

    @property
    def detail(self) -> str:
        """One line."""
        ...


class Send(Protocol):
    """Sends a text through a channel whose references are filled in. May raise CockpitError."""

    async def __call__(self, channel: Channel, title: str, text: str, extra: dict[str, str]) -> Sent: ...


def is_attended(run_dir: Path) -> bool:
    """Whether any screen is open at the run, on this host: by the locks of its seats, which die with them."""
    prefix = seat_lock(run_dir, "").name
    for path in locks_dir(run_dir).glob(f"{prefix}*"):
        try:
            if holder_alive(path):
                return True
        except OSError:
            continue  # a seat that cannot be looked at vouches for nobody
    return False


class Alerts:
    """The calls of one run."""

    def __init__(
        self,
        profile: Profile,
        run: str,
        resolve: Callable[[Channel], Channel],
        send: Send,
        is_attended: Callable[[], bool],
        masked: Callable[[str], str],
        tell: Callable[[AlertSent], None],
    ) -> None:
        """`resolve` fills in a channel's references, and may raise CockpitError."""
        self._profile, self._run = profile, run
        self._channel = next((one for one in profile.channels if one.id == profile.alerts), None)
        self._resolve, self._send, self._is_attended = resolve, send, is_attended
        self._masked, self._tell = masked, tell
        self._tasks: set[asyncio.Task[None]] = set()
        self._unanswered: dict[str, str] = {}
        """Triggers that fired while a screen was open, with what to call people for."""
        self._waiting: frozenset[str] = frozenset()
        self._called: frozenset[str] = frozenset()
        """What people were called for and lasts, by name."""

    def notice(self, bodies: Iterable[Body]) -> None:
        """These were just told: call people where that is needed."""
        if self._channel is None:
            return
        for body in bodies:
            about = _about(body, self._profile)
            if about and not self._is_attended():
                self._begin(self._channel, about)
            elif about and isinstance(body, TriggerFired):
                self._unanswered[body.trigger] = about

    def look(self, waiting: frozenset[str], asks: Mapping[str, str] | None = None) -> None:
        """Time has passed: `waiting` are the triggers that wait for an answer, by the log; `asks`: see `asking`."""
        asks = asks or {}
        self._called &= asks.keys()
        if self._channel is not None and asks.keys() - self._called and not self._is_attended():
            for name in sorted(asks.keys() - self._called):
                self._begin(self._channel, asks[name])
            self._called = frozenset(asks)
        for trigger in self._waiting - waiting:
            self._unanswered.pop(trigger, None)
        self._waiting = waiting
        if self._channel is not None and self._unanswered and not self._is_attended():
            for about in self._unanswered.values():
                self._begin(self._channel, f"{about} (not answered)")
            self._unanswered.clear()

    def _begin(self, channel: Channel, about: str) -> None:
        task = asyncio.get_running_loop().create_task(self._call(channel, about))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Call nobody any more."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _call(self, channel: Channel, about: str) -> None:
        name = f"{self._profile.id} {self._profile.environment}"
        extra = {"run": self._run, "profile": self._profile.id, "environment": self._profile.environment}
        ok, detail = False, ""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                sent = await self._send(self._resolve(channel), f"{name}: {about}", self._text(about), extra)
            ok, detail = sent.ok, sent.detail
        except TimeoutError:
            detail = f"no answer within {TIMEOUT_S:g} s"
        except CockpitError as error:
            detail = str(error)
        except Exception as error:  # noqa: BLE001 - a channel's library may raise anything; that nobody was called is told
            detail = f"{type(error).__name__}: {error}"
        self._tell(AlertSent(about=about, channel=channel.id, ok=ok, detail=shortened(self._masked(detail), _LIMIT)))

    def _text(self, about: str) -> str:
        return f"{about}\nNobody has a screen open. Resume the run with: cockpit resume {self._run}"


def _about(body: Body, profile: Profile) -> str:
    """What people are called for, one line; empty for everything else."""
    if isinstance(body, TriggerFired):
        trigger = next((one for one in profile.triggers if one.id == body.trigger), None)
        title, severity = (trigger.title, trigger.severity) if trigger else (body.trigger, "consider")
        return shortened(f"trigger ({severity}): {title or body.trigger}", _LIMIT)
    if isinstance(body, StepDue):
        return shortened(f"{step_label(profile, body.step)} is due", _LIMIT)
    if isinstance(body, WaitStopped):
        return shortened(f"{step_label(profile, body.step)} stopped: {body.detail}", _LIMIT)
    return ""
