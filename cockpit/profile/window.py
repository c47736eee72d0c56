"""The agreed times: from what a profile says to two moments in UTC.

A daily window (`HH:MM`) means the occurrence that is open now, else the next one. Local times that a change of the
clocks skips or repeats are read as the `zoneinfo` default (fold 0): the earlier offset.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cockpit.patterns import late
from cockpit.profile.model import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = late(r"([01][0-9]|2[0-3]):([0-5][0-9])")
LONGEST = dt.timedelta(days=31)


def resolve_window(window: Window, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return start and end in UTC: of the occurrence open at `now` (aware), else of the next one.

    For a window given as date-times, these, be they past or not.
    """
    zone = ZoneInfo(window.timezone)
    start_time, end_time = _time(window.start), _time(window.end)
    if start_time is None or end_time is None:
        return _moment(window.start, zone), _moment(window.end, zone)
    occurrences = _occurrences(window, start_time, end_time, now.astimezone(zone).date(), zone)
    return next(occurrence for occurrence in occurrences if occurrence[1] > now)


def _occurrences(
    window: Window, start: dt.time, end: dt.time, today: dt.date, zone: ZoneInfo
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Yield the occurrences from yesterday's on, in order."""
    over_midnight = dt.timedelta(days=1 if end <= start else 0)
    for offset in range(-1, 16):  # a week, and another where a change of the clocks swallows one
        day = today + dt.timedelta(days=offset)
        if window.days and DAYS[day.weekday()] not in window.days:
            continue
        opens = dt.datetime.combine(day, start, zone).astimezone(dt.UTC)
        closes = dt.datetime.combine(day + over_midnight, end, zone).astimezone(dt.UTC)
        if closes > opens:  # a change of the clocks can swallow a short window whole
            yield opens, closes


def window_problems(window: Window) -> Iterator[tuple[str, str, str]]:
    """Yield, for everything wrong with a window's times: the key, what is wrong, what was expected."""
    zone = ZoneInfo("UTC")
    try:
        zone = ZoneInfo(window.timezone)
    except (OSError, ValueError, KeyError):  # KeyError: no such zone; the others: hostile names
        yield "timezone", f"there is no time zone `{window.timezone}`", "an IANA name such as `Europe/Madrid`"
    times = [_time(window.start), _time(window.end)]
    if None not in times:
        if times[0] == times[1]:
            yield "end", "the window ends when it starts", "an end after the start"
    elif any(times):
        key = "end" if times[0] else "start"
        yield key, "`start` and `end` are of two sorts", 'both "HH:MM", or both date-times'
    else:
        yield from _date_problems(window, zone)


def _date_problems(window: Window, zone: ZoneInfo) -> Iterator[tuple[str, str, str]]:
    wrong = [key for key in ("start", "end") if not _is_moment(getattr(window, key), zone)]
    for key in wrong:
        yield key, f"`{getattr(window, key)}` is no time", '"HH:MM", or a date-time such as "2026-03-01T22:00"'
    if window.days:
        yield "days", "`days` says nothing beside dates", '`days` with "HH:MM" times only'
    if wrong:
        return
    length = _moment(window.end, zone) - _moment(window.start, zone)
    if length <= dt.timedelta(0):
        yield "end", "the window ends before it starts", "an end after the start"
    elif length > LONGEST:
        yield "end", f"the window is {length.days} days long", f"at most {LONGEST.days} days"


def _is_moment(text: str, zone: ZoneInfo) -> bool:
    try:
        _moment(text, zone)
    except (ValueError, OverflowError):
        return False
    return True


def _time(text: str) -> dt.time | None:
    match = _TIME.fullmatch(text)
    return dt.time(int(match[1]), int(match[2])) if match else None


def _moment(text: str, zone: ZoneInfo) -> dt.datetime:
    """Raises `ValueError` for what is no date-time."""
    moment = dt.datetime.fromisoformat(text)
    if len(text) <= 10:
        raise ValueError(text)  # a bare date would silently mean midnight
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
