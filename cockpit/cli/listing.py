"""`cockpit runs`: what there is to come back to, and which runs were like this one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from importlib import import_module
from itertools import islice
from typing import Any

import click
import msgspec

from cockpit.cli.filters import MomentType, ZoneType
from cockpit.cli.output import print_json
from cockpit.cli.run_rows import Row, row_of
from cockpit.cli.run_table import table
from cockpit.cli.several import short_ids
from cockpit.cli.table import room
from cockpit.exits import Exit
from cockpit.report.search.moments import BEFORE_START, Moment, zone_called
from cockpit.session.catalog import OUTCOMES, Catalog, RunsAsked
from cockpit.session.elsewhere import Glances
from cockpit.text import counted

NEWEST = 20
_ORDERS: dict[str, Callable[[Row], tuple[Any, str]]] = {
    "started": lambda row: (row.started or datetime.min.replace(tzinfo=UTC), row.run),
    "duration": lambda row: (row.duration_s or 0.0, row.run),
    "deviations": lambda row: (row.deviations, row.run),
}
"""The greatest first."""
_MOMENT = MomentType(backwards=True)
_COMMANDS = {"init": ("cockpit.cli.runs_init", "Make a folder of runs that a group shares.")}
"""By name: the module that holds the command, and its line in the help."""


class _Group(click.Group):
    """`runs` lists; what is done to the folder of runs is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, but without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does; what is no command of this group is answered with what is."""
        if args and args[0] not in _COMMANDS:
            from cockpit.cli.ending import no_such_command

            raise no_such_command(f"runs {args[0]}", [f"runs {name}" for name in _COMMANDS], ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, invoke_without_command=True, subcommand_metavar="[init …]")
@click.option("--profile", "profiles", metavar="ID", multiple=True, help="Of this profile; globs too.")
@click.option("--environment", "environments", metavar="NAME", multiple=True, help="On this environment; globs too.")
@click.option("--outcome", "outcomes", type=click.Choice(OUTCOMES), multiple=True, help="That ended so.")
@click.option("--by", metavar="NAME", multiple=True, help="In which this person decided, noted or held something.")
@click.option("--since", metavar="MOMENT", type=_MOMENT, help="Not over by then: 2026-11-21, 22:41, -2w (ago).")
@click.option("--until", metavar="MOMENT", type=_MOMENT, help="Begun by its end.")
@click.option("--zone", metavar="ZONE", type=ZoneType(), default="utc", help="Of moments and times.  [default: utc]")
@click.option("--rehearsal/--no-rehearsal", default=None, help="Only rehearsals, or only those that are none.")
@click.option(
    "--sort", type=click.Choice(list(_ORDERS)), default="started", help="The greatest first.  [default: started]"
)
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text", help="How to print them."
)
@click.option("--all", "all_", is_flag=True, help=f"All of them, not the first {NEWEST} only.")
@click.pass_context
def runs(ctx: click.Context, /, zone: str, sort: str, format_: str, all_: bool, **given: Any) -> int:
    """List the runs on this host, the newest first.

    What is asked for in several ways has to fit all of them; an option that is given several times is fitted by any.
    """
    if ctx.invoked_subcommand is not None:
        return Exit.OK
    here = zone_called(zone, None)
    catalog = Catalog(_asked(given, here))
    # The newest are found first: only another order needs all of them.
    found = islice(catalog.found(), None if all_ or sort != "started" else NEWEST)
    glances = Glances()
    rows = sorted((row_of(each, glances.of(each.about.run_dir)) for each in found), key=_ORDERS[sort], reverse=True)
    left = len(catalog.names) - catalog.looked_at + (0 if all_ else max(0, len(rows) - NEWEST))
    rows = rows if all_ else rows[:NEWEST]
    if format_ == "json":
        print_json(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
    elif format_ == "csv":
        click.echo(_csv(rows), nl=False)
    elif rows:
        click.echo("\n".join(table(rows, here, short_ids(catalog.names), room())))
    if format_ == "text":
        _say_beside(catalog, rows, left=left)
    return Exit.OK


def _csv(rows: list[Row]) -> str:
    from cockpit.report.pages.tabular import table_of  # brings all that a report is made of

    return table_of(Row.__struct_fields__, (msgspec.structs.asdict(row) for row in rows))


def _asked(given: dict[str, Any], zone: tzinfo) -> RunsAsked:
    since, until = given["since"], given["until"]
    return RunsAsked(
        profiles=given["profiles"],
        environments=given["environments"],
        outcomes=given["outcomes"],
        by=given["by"],
        since=_span(since, zone)[0] if since else None,
        before=_span(until, zone)[1] if until else None,
        rehearsal=given["rehearsal"],
    )


def _span(moment: Moment, zone: tzinfo) -> tuple[datetime, datetime]:
    """A time of day is the last one there was; what is relative counts from now."""
    now = datetime.now(UTC)
    a_day_ago = now - timedelta(days=1) + BEFORE_START
    return moment.span(a_day_ago if moment.clock is not None else now, zone)


def _say_beside(catalog: Catalog, rows: list[Row], *, left: int) -> None:
    """What is not in the table, on stderr."""
    for row in rows:
        if row.problem:
            click.echo(f"{row.run}: {row.problem}", err=True)
    if not catalog.names:
        click.echo(f"no runs in {catalog.folder}; start one with: cockpit run FILE", err=True)
    elif not rows:
        click.echo(f"none of {counted(len(catalog.names), 'run')} is like that", err=True)
    if catalog.asks_for_damaged:
        click.echo(
            "only beginnings and ends are looked at here; the whole chain of a log: cockpit verify RUN", err=True
        )
    if left:
        click.echo(
            f"{left} more to look at: --all" if catalog.is_filtered else f"{left} older: cockpit runs --all", err=True
        )
    if catalog.damaged:
        told = f"{len(catalog.damaged)} damaged run{'s' * (len(catalog.damaged) != 1)} left out"
        click.echo(f"{told}: cockpit runs --outcome damaged", err=True)
