"""Who the targets prove to be: looked at before the first probe, again before every action, and now and then.

Invariant: an identity counts for an action only if it was looked at after the order came, and only if it is the one
that the last keeper saw or that a person confirmed (`cockpit.run.hands`). What was found is told (`target.seen`) the
first time, since it is this keeper's own word, and whenever it is another than before, never twice the same.

All targets are asked at once when the keeper starts, and probing waits for the answers, so that a run aimed at the
wrong system says so before anything is read from it; but never longer than `FIRST_S`. A target that does not answer is
often the very thing that the probes are there to show (a database that is still down), and a keeper that looks at
nothing helps nobody. Probes only read; actions go on waiting for a match. One that is unreachable is asked again after
`AGAIN_S`, then less and less often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, Protocol

from msgspec import Struct

from cockpit.errors import CockpitError
from cockpit.profile.model import Target
from cockpit.run.events import TargetSeen
from cockpit.text import shortened

FIRST_S = 5.0
"""The longest that probing waits for the targets."""
LOOK_S = 15.0
"""The longest look at one target."""
AGAIN_S = 5.0
"""Before an unreachable target is asked again; doubled each time."""
LONGEST_S = 60.0
"""Between two looks, at whatever target."""
_LIMIT = 300


class Seen(Protocol):
    """What a look at a target found."""

    @property
    def identity(self) -> dict[str, str]:
        """By the names of `TargetSeen.identity`."""
        ...

    @property
    def verdict(self) -> Literal["match", "mismatch", "unreachable"]:
        """Compared with what the profile declares."""
        ...

    @property
    def detail(self) -> str:
        """One sentence."""
        ...


class Found(Struct, frozen=True):
    """What is known of a target."""

    verdict: Literal["match", "mismatch", "unreachable"]
    detail: str = ""
    identity: dict[str, str] = {}


Look = Callable[[Target], Awaitable[Seen]]
"""Looks at a target whose references are filled in. May raise CockpitError."""


class Identities:
    """The targets of a run."""

    def __init__(
        self,
        targets: Iterable[Target],
        look: Look,
        resolve: Callable[[Target], Target],
        masked: Callable[[str], str],
        tell: Callable[[TargetSeen], None],
        rests: Callable[[], bool] = lambda: False,
        other: Callable[[str, dict[str, str]], str] = lambda target, identity: "",
    ) -> None:
        """`resolve` may raise CockpitError: something has no value yet. While the run `rests`, nobody is asked but for
        an action. `other`: why a target of this identity must not be acted on, although it is the declared one.
        """
        self._targets = {target.id: target for target in targets}
        self._told = dict[str, Found]()
        self._look, self._resolve, self._masked, self._tell = look, resolve, masked, tell
        self._rests, self._other = rests, other
        self._looking: dict[str, asyncio.Task[Found]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._asked = {target: asyncio.Event() for target in self._targets}

    async def first(self) -> None:
        """Look at every target, and return when all have answered or `FIRST_S` is over; from then on, keep looking."""
        loop = asyncio.get_running_loop()
        if not self._targets:
            return
        first = [loop.create_task(self._seen(target)) for target in self._targets]
        self._tasks = [loop.create_task(self._keep(target)) for target in self._targets]
        await asyncio.wait(first, timeout=FIRST_S)

    async def objection(self, target: str) -> str:
        """Why the target must not be acted on, by a look that begins now; empty: it is the declared one."""
        if target not in self._targets:
            return f"the profile has no target `{shortened(target, 60)}`"
        under_way = self._looking.get(target)
        if under_way is not None and not under_way.done():
            await asyncio.wait({under_way})  # what began before the order does not count
        found = await self._seen(target)
        if found.verdict == "match":
            return self._other(target, found.identity)
        what = "is not the declared one" if found.verdict == "mismatch" else "cannot be reached"
        return f"target `{target}` {what}: {found.detail}".rstrip(": ")

    def look_again(self) -> None:
        """Something that targets need has come in: look at once."""
        for asked in self._asked.values():
            asked.set()

    async def close(self) -> None:
        """Look no more."""
        tasks = [*self._tasks, *self._looking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, target: str) -> None:
        pause_s = AGAIN_S
        while True:
            asked = self._asked[target]
            try:
                async with asyncio.timeout(pause_s):
                    await asked.wait()
                pause_s = AGAIN_S
            except TimeoutError:
                pause_s = min(2 * pause_s, LONGEST_S)
                if self._rests():
                    continue
            asked.clear()
            found = await self._seen(target)
            if found.verdict != "unreachable":
                pause_s = LONGEST_S

    async def _seen(self, target: str) -> Found:
        """One look, shared by all who ask while it lasts; told if it found something new."""
        task = self._looking.get(target)
        if task is None or task.done():  # one that is over is no look that begins now
            task = self._looking[target] = asyncio.get_running_loop().create_task(self._look_at(target))
        return await asyncio.shield(task)

    async def _look_at(self, target: str) -> Found:
        found = await self._answer(self._targets[target])
        if found != self._told.get(target):
            self._told[target] = found
            self._tell(TargetSeen(target=target, identity=found.identity, verdict=found.verdict, detail=found.detail))
        return found

    async def _answer(self, target: Target) -> Found:
        try:
            async with asyncio.timeout(LOOK_S):
                seen = await self._look(self._resolve(target))
        except TimeoutError:
            return Found("unreachable", f"no answer within {LOOK_S:g} s")
        except CockpitError as error:
            return Found("unreachable", self._shown(str(error)))
        except Exception as error:  # noqa: BLE001 - a driver may raise anything; the target is not known then
            return Found("unreachable", self._shown(f"{type(error).__name__}: {error}"))
        identity = {shortened(name, 60): self._shown(value) for name, value in seen.identity.items()}
        return Found(seen.verdict, self._shown(seen.detail), identity)

    def _shown(self, text: str) -> str:
        return shortened(self._masked(text), _LIMIT)
