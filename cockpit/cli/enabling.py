"""`cockpit enable`: turn on what an import only shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.ending import Refused, say
from cockpit.exits import Exit
from cockpit.text import shortened, visible

if TYPE_CHECKING:
    from cockpit.importing.enabling import Enabling
    from cockpit.importing.saving import ProfileText
    from cockpit.profile.model import Profile


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.argument("steps", nargs=-1, metavar="STEP…")
@click.option("--list", "list_", is_flag=True, help="List the steps that could be turned on.")
@click.option("--target", default="", metavar="ID", help="The target that they act on.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
def enable(file: Path, steps: tuple[str, ...], list_: bool, target: str, yes: bool) -> int:
    """Turn each STEP of the profile in FILE, which only shows a command, into one that runs it at a key press.

    Shows what would run, and as whom, and asks. Nothing is run by this, and nothing else in FILE changes; what would
    not pass `cockpit check` is not written.
    """
    from cockpit.importing.enabling import enabled, enabling
    from cockpit.importing.saving import read_profile, replace_text

    profile = read_profile(file)
    loaded = _examined(profile, profile.text)
    if list_:
        return _list(loaded)
    if not steps:
        raise click.UsageError(f"name the steps to turn on; `cockpit enable {visible(str(file))} --list` lists them")
    if not yes and not sys.stdin.isatty():
        raise Refused("turning steps on asks, and this is no terminal", hint="say it with --yes")
    agreed = []
    for each in [enabling(loaded, step, target) for step in dict.fromkeys(steps)]:
        _show(each)
        if yes or click.confirm(f"turn on {each.step.id}?", default=False, err=True):
            agreed.append(each)
    if not agreed:
        say("nothing was turned on")
        return Exit.OK
    text = enabled(profile.text, agreed)
    _examined(profile, text, what="was not written, since it would not pass")
    replace_text(profile, text)
    say(f"turned on in {visible(str(file))}: {', '.join(each.step.id for each in agreed)}; r runs a step, in a run")
    return Exit.OK


def _examined(profile: ProfileText, text: str, *, what: str = "does not pass") -> Profile:
    """The profile that a text is. Raises Refused with its errors if it is none."""
    from cockpit.importing.saving import tried
    from cockpit.profile.kinds import installed
    from cockpit.profile.load import examine

    with tried(profile, text) as path:
        loaded, problems = examine(path, installed(), advice=False)
    if loaded is None:
        errors = [problem for problem in problems if problem.severity == "error"]
        told = "\n".join(f"  line {problem.line}: {problem.sentence}" for problem in errors[:10])
        raise Refused(f"{visible(str(profile.path))} {what} `cockpit check`:\n{told}")
    return loaded.profile


def _list(profile: Profile) -> int:
    from cockpit.importing.enabling import enableable

    steps = enableable(profile)
    wide = max((len(step.id) for step in steps), default=0)
    for step in steps:
        click.echo(f"{step.id:<{wide}}  {step.language:<4}  {shortened(step.command.strip(), 100)}")
    say(f"{len(steps)} step{'' if len(steps) == 1 else 's'} could be turned on")
    return Exit.OK


def _show(each: Enabling) -> None:
    """What would run, and as whom, on stderr."""
    source = f" ({each.step.source})" if each.step.source else ""
    lines = [f"step {each.step.id}{source}: {each.step.title}"]
    if each.kind == "sql":
        how = "in one transaction" if each.transaction else "each statement by itself"
        lines.append(f"  sql, sent to target {each.target}, {how}:")
    else:
        on = f", against target {each.target}" if each.target else ""
        lines.append(f"  command, run by bash -euo pipefail as whoever starts the keeper{on}:")
    lines += [f"    {line}" for line in each.text.strip("\n").split("\n")]
    if each.reads:
        given = "as parameters" if each.kind == "sql" else "in its environment"
        lines.append(f"  it is given {given}: {', '.join(each.reads)}")
    lines += [f"  note: {caution}" for caution in each.cautions]
    click.echo("\n".join(visible(line) for line in lines), err=True)
