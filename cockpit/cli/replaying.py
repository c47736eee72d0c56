"""`cockpit replay`: a log on the run's screen. Its first paint is mostly imports, so it takes only what it needs."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from cockpit.cli.terminal import require_screen
from cockpit.text import visible


@click.command()
@click.argument("log_", metavar="LOG")
@click.option("--at", metavar="WHEN", default="", help="Where to begin: 22:41, -5m, 1.3, @bo, #1234, !hold, /words.")
@click.option(
    "--zone", metavar="ZONE", help="Show times in utc, window (the profile's), local, or Europe/Rome and such."
)
def replay(log_: str, at: str, zone: str | None) -> int:
    """Replay LOG (a file, a run's folder or its id) on the run's screen: play it, step through it, jump to a moment.

    Nothing is changed, and nothing but the file is needed. The log of a live run is followed.
    """
    from cockpit.cli.reading import reading

    with reading(log_) as log:
        require_screen()
        gc.disable()  # until the first paint much is made and nothing dropped: looking for garbage finds none
        from cockpit.tui.replay import run_replay

        trouble = log.trouble or _left_behind(log.given) or _rewritten(log.path)
        return run_replay(log.path, at=at, zone=_zone(zone), trouble=trouble)


def _left_behind(path: Path) -> str:
    """Where a run went on, if this log of it was left behind; empty if it was not."""
    run_dir = path if path.is_dir() else path.parent
    if not (run_dir / "locks").is_dir():
        return ""
    from cockpit.audit.moved import went_on

    where = went_on(run_dir)
    return f"this log was left behind: the run goes on in {where}" if where else ""


def _rewritten(log: Path) -> str:
    """What of the heads that this person's screens noted is not in the log; empty if all are, or none were noted."""
    from cockpit.audit.layout import log_path
    from cockpit.audit.rewritten import first_other, run_named, said
    from cockpit.session.noted import noted, noted_as

    log = log_path(log) if log.is_dir() else log
    heads = noted(noted_as(run_named(log), log))
    other = first_other(log, heads) if heads else None
    return said(*other, "as your screens noted it") if other is not None else ""


def _zone(name: str | None) -> str:
    """`utc`, `window`, `local`, or a zone that there is; empty: as the screen has it. Raises BadParameter."""
    if name is None or name.lower() in ("utc", "window", "local"):
        return (name or "").lower()
    from cockpit.tui.zones import zone_named

    if zone_named(name) is None:
        raise click.BadParameter(
            f"there is no time zone `{visible(name)}`: utc, window, local, or one such as Europe/Rome",
            param_hint="--zone",
        )
    return name
