"""A time as people type it, within a run: the one moment that is meant, or a sentence that says why it is not one.

Pure. A time of day is one of those that the run went through, by the zone's rules: where it came twice (on two days, or
as the clocks were put back), that is said.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from cockpit.patterns import late

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = late(
    r"(?:(?P<date>\d{4}-\d\d-\d\d)(?:[ T]|$))?(?:(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]* )?"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?)? ?(?P<zone>z|utc|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_LIKE_A_TIME = late(r"\d{1,2}:\d{1,2}(:|$)|\d{4}-\d|[+-]\d")
_AWAY = late(r"([+-])\s*((?:\d+(?:\.\d+)?\s*[dhms]\s*)+)")
_PART = late(r"(\d+(?:\.\d+)?)\s*([dhms])")
_SECONDS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_LONGEST = timedelta(days=4000)


def moments(text: str, *, begin: datetime, end: datetime, now: datetime, zone: tzinfo) -> datetime | str:
    """The moment that is meant, aware in UTC and within the run; or what is wrong with it; empty if it is no time.

    `begin` and `end` are the run's, `now` is what `-5m` counts from; `zone` is the one that times are read in.
    """
    if away := _AWAY.fullmatch(text.lower()):
        return _away(away, begin, end, now)
    found = _TIME.fullmatch(text)
    if found is None or not (found["date"] or found["hour"]):
        return f"`{text}` is no time such as 22:41, 2026-11-21 22:41 or -5m" if _LIKE_A_TIME.match(text) else ""
    try:
        at = time(int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0))
        on = date.fromisoformat(found["date"]) if found["date"] else None
    except ValueError:
        return f"there is no such time as `{text}`"
    read_in = _zone(found["zone"]) or zone
    if begin.year > 9000 or begin.year < 2 or end - begin > _LONGEST:
        return "the times of this log are too far apart for a time of day; write a line's number, #1234"
    fitting = _fitting(at, on, (found["day"] or "").lower(), begin, end, read_in, is_rough=found["second"] is None)
    if len(fitting) == 1:
        return max(begin, fitting[0])
    if not fitting:
        return f"`{text}` is not within this log: {_span(begin, end, read_in)} {_name(read_in, begin)}"
    days = {each.astimezone(read_in).date() for each in fitting}
    if len(days) == 1:
        both = " and ".join(f"{each.astimezone(read_in):%Y-%m-%d %H:%M%z}" for each in fitting)
        return f"`{text}` came twice as the clocks were put back: {both}; write which"
    shown = ", ".join(f"{day}" for day in sorted(days)[:3])
    return f"`{text}` was on {len(days)} days ({shown}{', …' if len(days) > 3 else ''}); write the date before it"


def _away(away: re.Match[str], begin: datetime, end: datetime, now: datetime) -> datetime | str:
    seconds = sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(away[2]))
    try:
        at = now + timedelta(seconds=seconds if away[1] == "+" else -seconds)
    except OverflowError:
        at = datetime.max.replace(tzinfo=UTC) if away[1] == "+" else datetime.min.replace(tzinfo=UTC)
    return min(max(at, begin), end)


def _fitting(
    at: time, on: date | None, day: str, begin: datetime, end: datetime, zone: tzinfo, *, is_rough: bool
) -> list[datetime]:
    """The moments within the run that this time can be; a minute counts from its first second to its last."""
    slack = timedelta(seconds=59 if is_rough else 0)
    first, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    days = [on] if on is not None else [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found: list[datetime] = []
    for each in days:
        if day and _DAYS[each.weekday()] != day:
            continue
        for fold in (0, 1):
            local = datetime.combine(each, at, zone).replace(fold=fold)
            moment = local.astimezone(UTC)
            is_real = moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
            if is_real and begin - slack <= moment <= end and moment not in found:
                found.append(moment)
    if on is not None and not found and at == time(0) and on in (first, last):
        return [begin]  # a date alone is the beginning of what the log holds of it
    return found


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text.lower() in ("z", "utc"):
        return UTC
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo


def _span(begin: datetime, end: datetime, zone: tzinfo) -> str:
    """The date once if it is the same: all of the sentence has to fit a small terminal."""
    first, last = begin.astimezone(zone), end.astimezone(zone)
    form = "%H:%M" if first.date() == last.date() else "%Y-%m-%d %H:%M"
    return f"{first:%Y-%m-%d %H:%M} to {last.strftime(form)}"


def _name(zone: tzinfo, at: datetime) -> str:
    return getattr(zone, "key", "") or at.astimezone(zone).tzname() or "UTC"
