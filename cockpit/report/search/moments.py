"""Moments as people write them when they ask a log: `2026-11-21T22:41Z`, `2026-11-21 22:41`, `22:41`, `+1h20m`.

Invariant: a moment lasts as long as its last digit says (`22:41` a minute, a date a day), so that `since` and `until`
the same one is all of it. What a moment means in one run is found with its zone and start, by `Moment.span`.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from cockpit.patterns import late
from cockpit.profile.durations import seconds
from cockpit.profile.model import Profile
from cockpit.text import shortened

EXPECTED = "a moment such as 2026-11-21T22:41Z, 2026-11-21 22:41, 2026-11-21, 22:41 or 22:41:07"
BEFORE_START = timedelta(hours=1)
"""A time of day means the first one from so long before the run's start on: `21:55` of a run begun at 22:00."""

_DAY, _TIME = r"([0-9]{4})-([0-9]{2})-([0-9]{2})", r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
_CLOCK = late(_TIME)
_DATED = late(rf"{_DAY}(?:[Tt ]{_TIME} ?(Z|z|[+-][0-9]{{2}}:?[0-9]{{2}})?)?")
_SHORTEST = timedelta(microseconds=1)
_YEARS = (1970, 9000)
"""Nothing that is read here lies outside; and every zone can tell these."""


class Moment(Struct, frozen=True):
    """What somebody wrote. Exactly one of `at`, `clock` and `after_s` is given."""

    text: str
    lasts: timedelta
    at: datetime | None = None
    """A date-time; naive: in whichever zone is read."""
    clock: time | None = None
    """A time of day, naive: which day is for the run to say."""
    after_s: float | None = None
    """From the start, seconds; negative: before."""

    @property
    def is_local(self) -> bool:
        """Whether the zone matters."""
        return self.clock is not None or (self.at is not None and self.at.tzinfo is None)

    def span(self, began: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
        """When it begins and when it is over (exclusive), UTC, for what began at `began` (aware).

        A local time that a change of the clocks repeats lasts from the first to the end of the second.
        """
        began = min(max(began, datetime(_YEARS[0], 1, 2, tzinfo=UTC)), datetime(_YEARS[1], 1, 1, tzinfo=UTC))
        if self.after_s is not None:
            begins = began + timedelta(seconds=self.after_s)
            return begins, begins + self.lasts
        naive = self.at if self.clock is None else _first_day(self.clock, began, zone)
        assert naive is not None
        if naive.tzinfo is not None:
            begins = naive.astimezone(UTC)
            return begins, begins + self.lasts
        first = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
        second = (naive + self.lasts - _SHORTEST).replace(tzinfo=zone, fold=1).astimezone(UTC) + _SHORTEST
        return first, max(second, first + _SHORTEST)


def moment(text: str, *, backwards: bool = False) -> Moment:
    """Read what somebody wrote; `backwards` also takes `-2w`. Raises ValueError, whose text is a sentence."""
    written = text.strip()
    if written.startswith("+") or (backwards and written.startswith("-")):
        after_s = seconds(written[1:])
        if after_s is None:
            raise ValueError(f"`{shortened(text, 60)}` is no duration such as {written[:1]}1h20m")
        return Moment(text, _SHORTEST, after_s=after_s if written[0] == "+" else -after_s)
    try:
        if match := _CLOCK.fullmatch(written):
            return Moment(text, _precision(match[3], match[4]), clock=_time(*match.groups()))
        if match := _DATED.fullmatch(written):
            return _dated(text, match)
    except ValueError as error:
        raise ValueError(f"`{shortened(text, 60)}` is no moment: {error}") from error
    relative = "; or from now: -2w, -36h" if backwards else "; or from the start: +1h20m"
    raise ValueError(f"`{shortened(text, 60)}` is not {EXPECTED}{relative}")


def _dated(text: str, match: re.Match[str]) -> Moment:
    day = date(int(match[1]), int(match[2]), int(match[3]))
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise ValueError(f"the year is not between {_YEARS[0]} and {_YEARS[1]}")
    if match[4] is None:
        return Moment(text, timedelta(days=1), at=datetime.combine(day, time()))
    at = datetime.combine(day, _time(match[4], match[5], match[6], match[7]))
    lasts = _precision(match[6], match[7])
    if match[8] is None:
        return Moment(text, lasts, at=at)
    zone = datetime.strptime(match[8].upper(), "%z").tzinfo
    return Moment(text, lasts, at=at.replace(tzinfo=zone))


def _time(hour: str, minute: str, second: str | None, fraction: str | None) -> time:
    return time(int(hour), int(minute), int(second or 0), int((fraction or "").ljust(6, "0")))


def _precision(second: str | None, fraction: str | None) -> timedelta:
    if second is None:
        return timedelta(minutes=1)
    return timedelta(microseconds=10 ** (6 - len(fraction or "")))


def _first_day(clock: time, began: datetime, zone: tzinfo) -> datetime:
    """The first such time of day from a little before the start on, naive, in the zone."""
    earliest = (began - BEFORE_START).astimezone(zone).replace(tzinfo=None)
    found = datetime.combine(earliest.date(), clock)
    return found if found >= earliest else found + timedelta(days=1)


# ---- zones -------------------------------------------------------------------------------------------------------


def zone_called(name: str, profile: Profile | None) -> tzinfo:
    """The zone of an IANA name, of `utc`, `local` (this host's) or `window` (the profile's).

    Without a window that is UTC, and where this host does not know its zone: the log is from one that did.
    Raises ValueError, whose text is a sentence.
    """
    match name.strip().lower():
        case "utc" | "z":
            return UTC
        case "window":
            with suppress(ValueError):
                return _iana(profile.window.timezone) if profile is not None and profile.window is not None else UTC
            return UTC
        case "local":
            return _local()
    return _iana(name.strip())


def _iana(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # KeyError: no such zone; the others: hostile names
        raise ValueError(
            f"there is no time zone `{shortened(name, 60)}`; "
            "expected an IANA name such as Europe/Madrid, or utc, window or local"
        ) from error


def _local() -> tzinfo:
    """As the C library finds it: `TZ`, else /etc/localtime, else UTC."""
    named = os.environ.get("TZ", "").lstrip(":")
    try:
        if named:
            return ZoneInfo(named)
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file, key="local")
    except (OSError, ValueError, KeyError):
        return datetime.now().astimezone().tzinfo or UTC
