"""The zones in which a replay can show times: UTC, the window's, and the reader's own."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

_LOCALTIME = Path("/etc/localtime")


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of this IANA name; None if there is none, or the name is not one."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError: no such zone; the others: hostile names
        return None


def own_zone() -> ZoneInfo:
    """The reader's: of the variable TZ, else of the host; UTC if neither says."""
    if named := zone_named(os.environ.get("TZ", "").lstrip(":")):
        return named
    try:
        target = str(_LOCALTIME.resolve())
        if named := zone_named(target.partition("/zoneinfo/")[2]):
            return named
        with _LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file, key="local time")
    except (OSError, ValueError):
        return ZoneInfo("UTC")


def zones(window: str | None, asked: str = "") -> tuple[ZoneInfo, ...]:
    """The zone that was asked for, the window's, UTC and one's own, each once; a screen begins with the first.

    `asked` is `utc`, `local`, the name of a zone, or, like `window`, nothing: then the window's is the first.
    """
    found: list[ZoneInfo] = []
    for zone in (_asked(asked), zone_named(window) if window else None, ZoneInfo("UTC"), own_zone()):
        if zone is not None and zone.key not in [each.key for each in found]:
            found.append(zone)
    return tuple(found)


def _asked(word: str) -> ZoneInfo | None:
    match word:
        case "" | "window":
            return None
        case "utc":
            return ZoneInfo("UTC")
        case "local":
            return own_zone()
    return zone_named(word)
