"""From a profile to what the schedule watches: kinds found, conditions compiled, runners opened when first needed.

A probe that cannot be watched here (no such kind, a variable without a value, an unreadable file) is no reason to
stop: it is handed back with the reason, and becomes the reading `error`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cockpit.errors import ProbeError
from cockpit.probes.reading import Judge
from cockpit.probes.runner import Runner, context_of, filled_settings, find_opener
from cockpit.probes.scheduler import Watched
from cockpit.profile.conditions import ConditionError
from cockpit.profile.kinds import Kinds, ProbeKind
from cockpit.profile.model import Probe, Profile


class Watch(Struct, frozen=True):
    """What can be watched, and why the rest cannot."""

    watched: tuple[Watched, ...]
    unwatched: Mapping[str, ProbeError]
    """By probe id."""


def watch(profile: Profile, kinds: Kinds, values: Mapping[str, str], base_dir: Path) -> Watch:
    """Prepare every probe. `values` hold the secrets too; they go to runners and nowhere else."""
    watched: list[Watched] = []
    unwatched: dict[str, ProbeError] = {}
    for probe in profile.probes:
        kind = kinds.probes.get(probe.kind)
        if kind is None:
            unwatched[probe.id] = ProbeError(f"no plug-in for kind `{probe.kind}` is installed here")
            continue
        try:
            watched.append(_watched(probe, kind, values, base_dir))
        except (ProbeError, ConditionError) as error:
            unwatched[probe.id] = error if isinstance(error, ProbeError) else ProbeError(error.message)
    return Watch(tuple(watched), unwatched)


def _watched(probe: Probe, kind: ProbeKind, values: Mapping[str, str], base_dir: Path) -> Watched:
    settings = filled_settings(probe, kind, values)
    context = context_of(probe, base_dir)

    opener = find_opener(probe.kind)  # now: importing a driver must not count as time of the first reading

    def open_it() -> asyncio.Future[Runner]:
        return asyncio.ensure_future(opener(settings, context))

    return Watched(probe, Judge(probe, kind), open_it)


def targets(profile: Profile, kinds: Kinds, values: Mapping[str, str]) -> dict[str, str]:
    """Return what each probe reaches, by id; those that reach nothing outside are left out."""
    found: dict[str, str] = {}
    for probe in profile.probes:
        kind = kinds.probes.get(probe.kind)
        if kind is None:
            continue
        try:
            target = kind.target(filled_settings(probe, kind, values))
        except ProbeError:
            continue  # it is said where the probe is watched
        if target:
            found[probe.id] = target
    return found
