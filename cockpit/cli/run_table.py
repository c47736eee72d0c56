"""Runs as a table that fits the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from cockpit.cli.run_rows import Row
from cockpit.cli.table import Table, fitting, lines
from cockpit.report.pages.clocktime import duration, local, zone_name
from cockpit.run.refusals import KEEPER_SILENCE_S
from cockpit.text import shortened
from cockpit.text.cells import fitted

_A_DAY = timedelta(hours=20)
"""From then on a time of day alone does not say which day it was."""
_WIDEST = 40
_SHORT = 12
Cell = Callable[[Row], str]


def table(rows: Sequence[Row], zone: tzinfo, short: Mapping[str, str], columns: int | None) -> list[str]:
    """The rows as lines of at most `columns` characters, if that is given; `short`: ids that tell runs apart.

    What gives way, in this order: ids become short; keepers go to lines of their own; pens go; states and days are
    said in fewer words; steps go; people are counted; profile and environment are cut short.
    """
    full: dict[str, Cell] = {
        "run": lambda row: row.run,
        "profile": lambda row: row.profile or "?",
        "environment": lambda row: row.environment or "?",
        "state": _state,
        f"started ({_zone(rows, zone)})": lambda row: (
            f"{local(row.started, zone):%Y-%m-%d %H:%M}" if row.started else "?"
        ),
        "took": lambda row: "" if row.duration_s is None else duration(row.duration_s) + "…" * (row.state == "live"),
        "dev.": lambda row: "" if row.state == "damaged" else str(row.deviations),
        "people": lambda row: ", ".join(row.people),
        "steps": lambda row: "" if row.state == "damaged" else f"{row.steps_settled}/{row.steps}",
        "pen": lambda row: row.pen,
        "keeper": lambda row: shortened(_keeper(row), 80),
    }
    started = next(name for name in full if name.startswith("started"))
    by_id = full | {"run": lambda row: short.get(row.run, row.run)}
    alone = {name: cell for name, cell in by_id.items() if name != "keeper"}
    penless = {name: cell for name, cell in alone.items() if name != "pen"}
    terse = {
        name.partition(" (")[0]: {"state": _brief_state, started: lambda row: _day(row, zone)}.get(name, cell)
        for name, cell in penless.items()
    }
    stepless = {name: cell for name, cell in terse.items() if name != "steps"}
    counted = stepless | {"people": lambda row: _counted(row.people)}
    cut = counted | {name: _cut(counted[name]) for name in ("profile", "environment")}
    unpeopled = {name: cell for name, cell in cut.items() if name != "people"}
    kinds = (full, by_id, alone, penless, terse, stepless, counted, cut, unpeopled)
    chosen = fitting((_made(rows, kind) for kind in kinds), columns)
    told = lines(chosen, columns, right=frozenset({list(chosen[0]).index("dev.")}))
    if "keeper" in chosen[0]:
        return told
    beside = [[f"  {_keeper_alone(row)}"] if row.state == "live" else [] for row in rows]
    return [
        told[0],
        *(line for one, more in zip(told[1:], beside, strict=True) for line in (one, *_shown(more, columns))),
    ]


def _shown(told: list[str], columns: int | None) -> list[str]:
    return told if columns is None else [fitted(line, columns) for line in told]


def _made(rows: Sequence[Row], cells: Mapping[str, Cell]) -> Table:
    return [
        list(cells),
        *([shortened(cell(row), 80 if name == "keeper" else _WIDEST) for name, cell in cells.items()] for row in rows),
    ]


def _zone(rows: Sequence[Row], zone: tzinfo) -> str:
    return (
        "UTC" if zone is UTC else zone_name(zone, next((row.started for row in rows if row.started), datetime.now(UTC)))
    )


def _state(row: Row) -> str:
    back = f"on the way back ({row.rollback})" if row.rollback and row.outcome != "rolled-back" else ""
    offline = "OFFLINE" if row.offline_since is not None else ""
    said = [row.outcome, offline, back, "to be finished" * row.to_finish, "rehearsal" * row.rehearsal]
    return ", ".join(each for each in said if each)


def _brief_state(row: Row) -> str:
    """At most twelve characters."""
    if row.rehearsal and row.outcome in ("live", "finished"):
        return "rehearsing" if row.outcome == "live" else "rehearsed"
    if row.outcome == "live" and (row.to_finish or row.rollback):
        return "to finish" if row.to_finish else "going back"
    return "OFFLINE" if row.offline_since is not None else row.outcome


def _day(row: Row, zone: tzinfo) -> str:
    if row.started is None:
        return "?"
    here = local(row.started, zone)
    is_recent = abs(datetime.now(UTC) - row.started) < timedelta(days=180)
    return f"{here:%m-%d %H:%M}" if is_recent else f"{here:%Y-%m-%d}"


def _counted(people: Sequence[str]) -> str:
    return shortened(people[0], 8) + (f" +{len(people) - 1}" if len(people) > 1 else "") if people else ""


def _cut(cell: Cell) -> Cell:
    return lambda row: shortened(cell(row), _SHORT)


def _keeper_alone(row: Row) -> str:
    told = _keeper(row)
    return f"keeper {told}" if row.keeper in ("alive", "unseen") and not row.went_on else told


def _keeper(row: Row) -> str:
    """`4711, epoch 2, since 22:04`, and for how long it is silent; `no keeper`, and why."""
    if row.state != "live":
        return ""
    if row.went_on:
        return f"went on in {row.went_on}"
    if row.keeper == "unseen" and not row.keeper_stopped:
        return "not to be seen"
    if row.keeper != "alive":
        return f"no keeper ({row.keeper_stopped})" if row.keeper_stopped else "no keeper"
    now = datetime.now(UTC)
    since = row.keeper_since
    began = f", since {since:{'%H:%M' if now - since < _A_DAY else '%m-%d %H:%M'}}" if since else ""
    silence = ", no beat yet"
    if row.keeper_silent_s is not None:
        silence = f", silent {row.keeper_silent_s:.0f} s" if row.keeper_silent_s > KEEPER_SILENCE_S else ""
    where = f"on {row.keeper_host}" if row.keeper_host else f"{row.keeper_pid}"
    return f"{where}, epoch {row.keeper_epoch}{began}{silence}"
