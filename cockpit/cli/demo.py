"""`cockpit demo`: a small real system, a run that deploys it, and its screen."""

from __future__ import annotations

from typing import cast

import click

from cockpit.cli.ending import say
from cockpit.cli.terminal import require_screen
from cockpit.demo.faults import FAULTS, FaultName, described
from cockpit.exits import Exit

LIST = "list"


@click.command()
@click.option(
    "--fault",
    type=click.Choice([*FAULTS, LIST]),
    metavar="NAME",
    help="Break the system at some step; `--fault list` names the ways.",
)
@click.option("--speed", type=click.FloatRange(0.1, 100), default=1.0, help="How fast the crew works; 2 is twice.")
@click.option("--stop", "stop_", is_flag=True, help="Abort the runs of all your demos and end their systems.")
def demo(fault: str | None, speed: float, stop_: bool) -> int:
    """Start a small real system on this host and open the screen of a run that deploys it.

    Nothing needs to be installed. Closing the screen leaves the demo running; `cockpit resume` comes back to it.
    """
    if fault == LIST:
        click.echo(described())
        return Exit.OK
    from cockpit.demo.launch import start, stop

    if stop_:
        stopped = stop()
        for run_dir in stopped:
            say(f"stopped {run_dir.name}")
        say("no demo is running" if not stopped else "all demos are stopped")
        return Exit.OK
    require_screen()
    from cockpit.cli.screens import open_screen
    from cockpit.session.runs import summary

    started = start(fault=cast("FaultName | None", fault), speed=speed)
    if started.remark:
        say(started.remark)
    status = open_screen(started.run_dir, "acting")
    if summary(started.run_dir).status == "live":
        say("the demo's system goes on too, for at most two hours; to end both: cockpit demo --stop")
    return status
