"""`cockpit demo`: a system, a run that deploys it, and its screen."""

from __future__ import annotations

from typing import cast

import click

from cockpit.cli.ending import Refused, say
from cockpit.cli.terminal import require_screen
from cockpit.demo.faults import FAULTS, FaultName, described
from cockpit.exits import Exit

LIST, SHOP = "list", "shop"
_SHOP_DOC = "an order service with a database and customers, and five ways to break it"


@click.command()
@click.argument("name", required=False, default=SHOP, metavar="[NAME]")
@click.option("--list", "list_", is_flag=True, help="List the systems by name.")
@click.option(
    "--fault",
    type=click.Choice([*FAULTS, LIST]),
    metavar="NAME",
    help="Break the shop at some step; `--fault list` names the ways.",
)
@click.option("--speed", type=click.FloatRange(0.1, 100), help="How fast the shop's crew works; 2 is twice.")
@click.option("--stop", "stop_", is_flag=True, help="Abort the runs of all your demos and end their systems.")
def demo(name: str, list_: bool, fault: str | None, speed: float | None, stop_: bool) -> int:
    """Start the system NAME on this host and open the screen of a run that deploys it.

    Without NAME it is a small shop, for which nothing needs to be installed. Closing the screen leaves the demo
    running; `cockpit resume` comes back to it.
    """
    if list_:
        return _list()
    if fault == LIST:
        click.echo(described())
        return Exit.OK
    if stop_:
        return _stop()
    from cockpit.demo.standing import kinds

    kind = kinds().get(name)
    if name != SHOP and kind is None:
        known = ", ".join((SHOP, *kinds()))
        raise click.BadParameter(f"there is no demo {name!r}; there are: {known}", param_hint="NAME")
    if kind is not None and (fault or speed is not None):
        raise Refused(f"the demo {name} has no crew and no faults", hint="`--fault` and `--speed` are for the shop")
    require_screen()
    from cockpit.cli.screens import open_screen
    from cockpit.demo.launch import start, start_standing
    from cockpit.session.runs import summary

    if kind is not None:
        started = start_standing(kind)
    else:
        started = start(fault=cast("FaultName | None", fault), speed=speed or 1.0)
    if started.remark:
        say(started.remark)
    status = open_screen(started.run_dir, "acting")
    if summary(started.run_dir).status == "live":
        say("the demo's system goes on too, for at most two hours; to end both: cockpit demo --stop")
    return status


def _list() -> int:
    from cockpit.demo.standing import kinds

    docs = {SHOP: _SHOP_DOC, **{kind.name: kind.doc for kind in kinds().values()}}
    width = max(map(len, docs))
    for name, doc in docs.items():
        click.echo(f"{name:<{width}}  {doc}")
    return Exit.OK


def _stop() -> int:
    from cockpit.demo.launch import stop

    stopped = stop()
    for run_dir in stopped:
        say(f"stopped {run_dir.name}")
    say("no demo is running" if not stopped else "all demos are stopped")
    return Exit.OK
