"""One reading of one probe, the way the keeper takes it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from pathlib import Path

from cockpit.probes.oneshot import Result, read_once
from cockpit.probes.runner import Context, Runner, filled_settings, find_opener
from cockpit.profile.kinds import installed
from cockpit.profile.model import Probe, Profile

KINDS = installed()


def opened(kind: str, settings: Mapping[str, object], *, timeout_s: float = 5.0) -> Awaitable[Runner]:
    """Open a runner of `kind`, to be read several times."""
    declared = Probe(id="it", kind=kind, settings=dict(settings))
    return find_opener(kind)(filled_settings(declared, KINDS.probes[kind], {}), Context(Path(), timeout_s))


async def read(
    kind: str,
    settings: Mapping[str, object],
    *,
    values: Mapping[str, str] | None = None,
    base_dir: Path = Path(),
    timeout_s: float = 5.0,
    **probe: object,
) -> Result:
    """Read a probe of `kind` once."""
    declared = Probe(id="it", kind=kind, settings=dict(settings), timeout_s=timeout_s, **probe)  # type: ignore[arg-type]
    profile = Profile(id="x", environment="test", probes=(declared,))
    return (await read_once(profile, KINDS, values or {}, base_dir))[0]
