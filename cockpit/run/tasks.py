"""The work of later weeks, as a list that leaves with the run: nothing has to stay alive to remember it.

Pure. A due time counts from when the work was over; where that is not known, a task says how long after it is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from cockpit.patterns import late
from cockpit.profile.durations import written
from cockpit.profile.model import Profile
from cockpit.profile.references import fill
from cockpit.profile.variables import secret_names
from cockpit.run.naming import zone_of
from cockpit.text import visible

_MARKDOWN = late(r"([\\`*_\[\]<>#|~&])")


class DueTask(Struct, frozen=True):
    """A task with its time. Texts are visible lines, filled in."""

    id: str
    title: str
    owner: str
    """The title of a role, or as the profile names them."""
    group: str
    after_s: float
    """After the work was over."""
    due: datetime | None
    """Aware, UTC; None: it is not known when the work is over."""


def due_tasks(profile: Profile, values: Mapping[str, str], over: datetime | None) -> tuple[DueTask, ...]:
    """The tasks, group by group as the profile first names them, within one by their time.

    `values` may be shown; `over` (aware) is the run's end, or that of its window.
    """
    secrets = secret_names(profile)

    def line(text: str) -> str:
        return visible(fill(text, values, secrets=secrets))

    roles = {role.id: role.title for role in profile.roles if role.title}
    groups = list(dict.fromkeys(task.group for task in profile.tasks))
    ordered = sorted(profile.tasks, key=lambda task: (groups.index(task.group), task.due_s))
    return tuple(
        DueTask(
            id=task.id,
            title=line(task.title or task.id),
            owner=line(roles.get(task.owner, task.owner)),
            group=line(task.group),
            after_s=task.due_s,
            due=_later(over, task.due_s),
        )
        for task in ordered
    )


def as_markdown(profile: Profile, tasks: tuple[DueTask, ...]) -> str:
    """A checklist, a heading for each group; ends with a newline."""
    zone = zone_of(profile)
    lines = [f"# {_escaped(f'{profile.title or profile.id} ({profile.environment})')}: tasks"]
    group: str | None = None
    for task in tasks:
        if task.group != group:
            group = task.group
            lines += ["", f"## {_escaped(group)}"] if group else []
            lines.append("")
        elif len(lines) == 1:
            lines.append("")
        notes = [_escaped(task.owner)] if task.owner else []
        notes.append(_due(task, zone))
        lines.append(f"- [ ] {_escaped(task.title)} ({', '.join(notes)})")
    return "\n".join(lines) + "\n"


def _due(task: DueTask, zone: tzinfo) -> str:
    if task.due is not None:
        return f"due {task.due.astimezone(zone):%Y-%m-%d (%A)}"
    return f"due {written(task.after_s)} after the end" if task.after_s else "due at the end"


def _later(over: datetime | None, after_s: float) -> datetime | None:
    if over is None:
        return None
    try:
        return over + timedelta(seconds=after_s)
    except OverflowError:  # a window at the end of all time
        return None


def _escaped(text: str) -> str:
    """Literal in Markdown, and one line."""
    return _MARKDOWN.sub(r"\\\1", visible(text))
