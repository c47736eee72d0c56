"""From a frozen profile to probes that can be scheduled, each with its judge and with what opens its runner.

Invariant: every probe of the profile is scheduled. One that cannot work here (no plug-in of its kind, conditions of a
newer version, a secret not typed yet) reads `error` and says why, so that no gate passes by its absence. A driver is
imported only if a probe of its kind exists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from cockpit.errors import CockpitError, ProbeError
from cockpit.keeper.values import RunValues
from cockpit.probes.reading import Judge
from cockpit.probes.runner import Context, OpenRunner, Runner, context_of, find_opener
from cockpit.probes.scheduler import Watched
from cockpit.profile.kinds import Kinds, ProbeKind, Settings
from cockpit.profile.model import Probe
from cockpit.text import shortened


class _Nothing(Settings, frozen=True):
    """Settings of a kind that is not known."""


def watched(
    probe: Probe, kinds: Kinds, values: RunValues, openers: Openers, base_dir: Path, files: Mapping[str, str]
) -> Watched:
    """The probe as the scheduler takes it. `files`: the digests of those that were fixed when the run began."""
    kind = kinds.probes.get(probe.kind)
    if kind is None:
        return _broken(probe, f"no plug-in for kind `{shortened(probe.kind, 60)}` is installed here")
    try:
        judge = Judge(probe, kind)
    except CockpitError as error:
        return _broken(probe, str(error))
    context = context_of(probe, base_dir, files)
    opening = partial(_open, probe, kind, values, openers, context)
    return Watched(probe=probe, judge=judge, open=lambda: asyncio.ensure_future(opening()))


class Openers:
    """What opens runners, by kind; found once, since looking through the installed packages takes 10 ms."""

    def __init__(self) -> None:
        self._found: dict[str, OpenRunner | ProbeError] = {}

    def load(self, kinds: Mapping[str, object]) -> None:
        """Import the runners of these kinds. Never raises: a probe of the kind says what is wrong."""
        for kind in kinds:
            try:
                self._found[kind] = find_opener(kind)
            except ProbeError as error:
                self._found[kind] = error

    def get(self, kind: str) -> OpenRunner:
        """Raises ProbeError."""
        if kind not in self._found:
            self.load({kind: None})
        found = self._found[kind]
        if isinstance(found, ProbeError):
            raise found
        return found


async def _open(probe: Probe, kind: ProbeKind, values: RunValues, openers: Openers, context: Context) -> Runner:
    return await openers.get(kind.name)(values.settings(probe, kind), context)


def _broken(probe: Probe, why: str) -> Watched:
    """A probe that always reads `error`."""
    kind = ProbeKind(name=probe.kind, doc="", settings=_Nothing, facts=(), default_pass=(), default_value="0")
    bare = replace(probe, pass_when=(), warn_when=(), fail_when=(), value="")

    async def refuse() -> Runner:
        raise ProbeError(why)

    return Watched(probe=bare, judge=Judge(bare, kind), open=lambda: asyncio.ensure_future(refuse()))
