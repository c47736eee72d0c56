"""`cockpit tasks`: the work of later weeks, to be kept where work is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

import click
from msgspec import Struct

import cockpit
from cockpit.cli.beginning import runnable
from cockpit.cli.ending import Refused, say
from cockpit.cli.output import print_document
from cockpit.cli.reading import named, reading
from cockpit.cli.variables import environment
from cockpit.errors import LogUnreadable
from cockpit.exits import Exit
from cockpit.profile.model import Profile
from cockpit.run.naming import shown_values, zone_of
from cockpit.run.tasks import DueTask, as_markdown, due_tasks
from cockpit.text import visible

if TYPE_CHECKING:  # only one of the formats needs it
    from icalendar import Event, Todo


class _Source(Struct, frozen=True):
    """Where tasks are from."""

    profile: Profile
    values: Mapping[str, str]
    over: datetime | None
    """When the work was over, or will be; aware."""
    name: str
    """A run's id, or the environment: it makes the entries of a calendar the same ones at the next export."""
    troubles: tuple[str, ...] = ()
    """What is wrong with its log: when the work was over may be among what is lost."""


@click.command()
@click.argument("what", metavar="FILE|RUN")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["md", "ics"]),
    default="md",
    help="A checklist in Markdown, or to-dos in iCalendar.",
)
@click.option("--events", is_flag=True, help="In iCalendar as events of a day, for calendars without to-dos.")
def tasks(what: str, format_: str, events: bool) -> int:
    """Print the tasks of the profile in FILE, or of RUN, with their due times.

    These count from the run's end, else from the end of the window.
    """
    if events and format_ != "ics":
        raise click.UsageError("`--events` is for `--format ics`")
    source = _of_file(what) if what.endswith(".toml") else _of_run(what)
    if source is None:
        return Exit.PROBLEMS
    listed = due_tasks(source.profile, source.values, source.over)
    for trouble in source.troubles:
        say(trouble)
    if not listed:
        click.echo("the profile has no tasks", err=True)
    if format_ == "md":
        click.echo(as_markdown(source.profile, listed), nl=False)
    else:
        print_document(_calendar(source, listed, events=events))
    return Exit.PROBLEMS if source.troubles else Exit.OK


def _of_file(file: str) -> _Source | None:
    from cockpit.profile.window import resolve_window
    from cockpit.session.readiness import known_values

    loaded = runnable(file)
    if loaded is None:
        return None
    profile = loaded.profile
    over = resolve_window(profile.window, datetime.now(UTC))[1] if profile.window else None
    return _Source(profile, known_values(profile, environment()).shown, over, profile.environment)


def _of_run(token: str) -> _Source:
    """Of a damaged log, what counts says what the tasks are."""
    from cockpit.report.paper.outside import read_log

    with reading(token) as log:
        read = read_log(log.path)
        troubles = [named(trouble, log) for trouble in read.troubles] + ([log.trouble] if log.trouble else [])
        state = read.state
        if state.started is None:
            why = f": {troubles[0]}" if troubles else ""
            raise LogUnreadable(f"no run began in {read.path}{why}")
    over = state.ended.at if state.ended else state.started.window_end
    return _Source(state.profile, shown_values(state), over, state.run, tuple(troubles))


# ---- iCalendar ---------------------------------------------------------------------------------------------------


def _calendar(source: _Source, listed: tuple[DueTask, ...], *, events: bool) -> str:
    """RFC 5545; the library folds and escapes, but for controls, which are visible before it gets them."""
    from icalendar import Calendar

    if events and any(task.due is None for task in listed):
        raise Refused("events need a day, and no window says when the work is over", hint="leave out --events")
    calendar = Calendar()
    calendar.add("prodid", f"-//cockpit//cockpit {cockpit.__version__}//EN")
    calendar.add("version", "2.0")
    zone = zone_of(source.profile)
    for task in listed:
        calendar.add_component(_entry(source, task, zone, events=events))
    return str(calendar.to_ical(), "utf-8")


def _entry(source: _Source, task: DueTask, zone: tzinfo, *, events: bool) -> Event | Todo:
    from icalendar import Event, Todo  # as above

    entry = Event() if events else Todo()
    entry.add("uid", visible(f"{task.id}.{source.profile.id}.{source.name}@cockpit"))
    entry.add("dtstamp", datetime.now(UTC).replace(microsecond=0))
    entry.add("summary", visible(task.title))
    said = [f"Owner: {visible(task.owner)}"] if task.owner else []
    said.append(visible(f"After {source.profile.title or source.profile.id} ({source.profile.environment})"))
    entry.add("description", "\n".join(said))
    if task.group:
        entry.add("categories", [visible(task.group)])
    if task.due is None:
        return entry
    if events:
        day = task.due.astimezone(zone).date()
        entry.add("dtstart", day)
        entry.add("dtend", day + timedelta(days=1))
        entry.add("transp", "TRANSPARENT")  # nobody is busy all day because of it
    else:
        entry.add("due", task.due.replace(microsecond=0))
        entry.add("status", "NEEDS-ACTION")
    return entry
