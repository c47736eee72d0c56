"""The names that texts of a running profile may use: its variables, what was recorded, and what the run itself knows.

Pure. A name that has no value yet (a window that does not exist) is left out, so that the reference stays visible.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from cockpit.profile.model import Profile
from cockpit.run.people import name_of
from cockpit.run.state import RunState
from cockpit.text import visible


def run_values(state: RunState) -> dict[str, str]:
    """What the run knows of itself: `run.window_start` as `22:00`, `run.window_date` as `2026-11-21 (Saturday)`.

    Times are in the window's zone, else UTC.
    """
    if state.started is None or state.began is None:
        return {}
    profile = state.profile
    zone = zone_of(profile)
    names = {
        "run.id": state.run,
        "run.title": visible(profile.title or profile.id),
        "run.environment": visible(profile.environment),
        "run.operator": _operator(state),
        "run.started": f"{state.began.at.astimezone(zone):%H:%M}",
        "run.timezone": str(zone),
    }
    start, end = state.started.window_start, state.started.window_end
    if start is not None and end is not None:
        names["run.window_date"] = f"{start.astimezone(zone):%Y-%m-%d (%A)}"
        names["run.window_start"] = f"{start.astimezone(zone):%H:%M}"
        names["run.window_end"] = f"{end.astimezone(zone):%H:%M}"
    return {name: value for name, value in names.items() if value}


def _operator(state: RunState) -> str:
    """The person who acts, by the name that is proven to be theirs."""
    if state.pen is None:
        return ""
    return visible(name_of(state.pen.by) if state.pen.by is not None else state.pen.user)


def zone_of(profile: Profile) -> tzinfo:
    """The window's zone; UTC without one, and for one that this host does not know (the log is from another)."""
    if profile.window is None:
        return UTC
    try:
        return ZoneInfo(profile.window.timezone)
    except (OSError, ValueError, KeyError):  # KeyError: no such zone; the others: hostile names
        return UTC


def shown_values(state: RunState) -> Mapping[str, str]:
    """Every value that a text may show: variables that are not secret, recorded values, and the run's own names."""
    variables = state.started.variables if state.started else {}
    return {**variables, **state.values, **run_values(state)}
