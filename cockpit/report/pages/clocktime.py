"""Times and durations as a report writes them. Never raises: a time beyond a zone's calendar is in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def local(at: datetime, zone: tzinfo) -> datetime:
    """The time in a zone; in UTC where the zone's calendar does not reach."""
    try:
        return at.astimezone(zone)
    except (OverflowError, ValueError):
        return at.astimezone(UTC)


def zone_name(zone: tzinfo, at: datetime) -> str:
    """`Europe/Rome, UTC+01:00` at a time; `UTC`."""
    if zone is UTC:
        return "UTC"
    here = local(at, zone)
    offset = here.strftime("%z")
    name = str(zone) if "/" in str(zone) or str(zone).isalnum() else here.tzname() or "local"
    return f"{name}, UTC{offset[:3]}:{offset[3:5]}" if offset else name


def duration(seconds: float) -> str:
    """`26m 30s`, `1h 05m`, `2d 03h`, `4 s`, `0.4 s`: two units at most."""
    sign, s = ("−", -seconds) if seconds < 0 else ("", seconds)
    if s < 10:
        return f"{sign}{s:.1f} s" if s % 1 >= 0.05 else f"{sign}{s:.0f} s"
    whole = round(s)
    if whole < 60:
        return f"{sign}{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{sign}{minutes}m {rest:02d}s" if rest else f"{sign}{minutes}m"
    if whole < 86400:
        hours, rest = divmod(whole // 60, 60)
        return f"{sign}{hours}h {rest:02d}m" if rest else f"{sign}{hours}h"
    days, rest = divmod(whole // 3600, 24)
    return f"{sign}{days}d {rest:02d}h" if rest else f"{sign}{days}d"
