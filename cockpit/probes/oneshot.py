"""Reading a profile's probes without a run: `cockpit probe`.

Each probe is read once, all at the same time; with `watching`, again and again on its own schedule. Nothing is logged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.masking.mask import Mask
from cockpit.probes.masking import masked
from cockpit.probes.reading import Judgement
from cockpit.probes.scheduler import Scheduler
from cockpit.probes.watch import Watch, watch
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Profile
from cockpit.profile.variables import secret_names
from cockpit.run.readings import ConditionVerdict, Reading
from cockpit.text import json_escaped, shortened

_MARKS = {"pass": "✔", "warn": "!", "fail": "✖", "error": "?"}


class Result(Struct, frozen=True):
    """One probe's reading, as `--format json` writes it."""

    probe: str
    title: str
    kind: str
    reading: Reading
    conditions: tuple[ConditionVerdict, ...]

    @property
    def is_good(self) -> bool:
        """Whether it may count as healthy: pass or warn."""
        return self.reading.status in ("pass", "warn")


async def read_once(profile: Profile, kinds: Kinds, values: Mapping[str, str], base_dir: Path) -> list[Result]:
    """Read every probe once, those on demand too, and return the results in the profile's order."""
    seen = watch(profile, kinds, values, base_dir)
    mask = _mask(profile, values)
    found: dict[str, Judgement] = _unwatched(seen)
    done = asyncio.Event()

    def take(judgement: Judgement) -> None:
        found.setdefault(judgement.reading.probe, masked(judgement, mask))
        if len(found) == len(profile.probes):
            done.set()

    # Without an interval of their own: each is asked for once, at once.
    on_demand = tuple(
        msgspec.structs.replace(each, probe=msgspec.structs.replace(each.probe, on_demand=True))
        for each in seen.watched
    )
    schedule = Scheduler(on_demand, take)
    schedule.start()
    schedule.probe_now([each.probe.id for each in on_demand])
    try:
        if seen.watched:
            await done.wait()
    finally:
        await schedule.close()
    return [_result(profile, found[probe.id]) for probe in profile.probes]


async def watching(
    profile: Profile, kinds: Kinds, values: Mapping[str, str], base_dir: Path, show: Callable[[Result], None]
) -> None:
    """Read every probe on its schedule (those on demand once, at the start) until cancelled; `show` each reading.

    What `show` raises, for example since nobody reads its output any more, ends the watching and is raised.
    """
    seen = watch(profile, kinds, values, base_dir)
    mask = _mask(profile, values)
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(judgement: Judgement) -> None:
        if ended.done():
            return
        try:
            show(_result(profile, masked(judgement, mask)))
        except Exception as error:  # noqa: BLE001 - it is handed on; here it would end one probe's schedule in silence
            ended.set_exception(error)

    for judgement in _unwatched(seen).values():
        take(judgement)
    schedule = Scheduler(seen.watched, take)
    schedule.start()
    schedule.probe_now([each.probe.id for each in seen.watched])
    try:
        await ended
    finally:
        await schedule.close()


def line(result: Result) -> str:
    """One line for people: mark, status, probe, value, time, and why if it is not well."""
    reading = result.reading
    value = "" if reading.value is None else f"{_number(reading.value)} {reading.unit}".rstrip()
    took = "" if reading.latency_ms is None or reading.unit == "ms" else f"{reading.latency_ms:.0f} ms"
    why = "".join(f"  {told}" for told in (reading.detail, reading.told_parts()) if told)
    mark = _MARKS[reading.status]
    return f"{mark} {reading.status:<5}  {shortened(result.probe, 28):<28}  {value:>16}  {took:>8}{why}".rstrip()


def exit_is_good(results: list[Result]) -> bool:
    """Whether every probe passes or warns."""
    return all(result.is_good for result in results)


def as_json(result: Result) -> str:
    """The result as one line of JSON."""
    return json_escaped(msgspec.json.encode(result).decode())


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else shortened(str(value), 40)


def _mask(profile: Profile, values: Mapping[str, str]) -> Mask:
    return Mask({name: values[name] for name in secret_names(profile) if name in values})


def _unwatched(seen: Watch) -> dict[str, Judgement]:
    now = time.monotonic()
    return {
        probe_id: Judgement(Reading(probe=probe_id, status="error", detail=str(error), began_mono=now, ended_mono=now))
        for probe_id, error in seen.unwatched.items()
    }


def _result(profile: Profile, judgement: Judgement) -> Result:
    probe = next(probe for probe in profile.probes if probe.id == judgement.reading.probe)
    return Result(probe.id, probe.title, probe.kind, judgement.reading, judgement.conditions)
