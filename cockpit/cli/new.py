"""`cockpit new`: a shipped profile as a start for one's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.ending import Refused
from cockpit.exits import Exit
from cockpit.profile.shipped import described, folder_of, names
from cockpit.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cockpit.profile.model import Profile, Variable

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


@click.command()
@click.argument("folder", required=False, metavar="DIR", type=click.Path(path_type=Path))
@click.option("--from", "name", metavar="NAME", help="The profile to copy; `--list` names them.")
@click.option("--list", "list_", is_flag=True, help="List the profiles that come with cockpit.")
def new(folder: Path | None, name: str | None, list_: bool) -> int:
    """Copy a profile that comes with cockpit into the new folder DIR, as a start for your own.

    Says which environment variables it wants, and what comes next.
    """
    if list_:
        width = max(map(len, names()), default=0)
        for each in names():
            click.echo(f"{each:<{width}}  {described(each)}")
        return Exit.OK
    if folder is None or name is None:
        raise click.UsageError("give a folder and a profile: cockpit new DIR --from NAME; `--list` names the profiles")
    source = folder_of(name)
    _copy(source, folder)
    environments = _environments(folder)
    click.echo(f"copied {name} to {visible(str(folder))}")
    if wanted := _wanted(environments.values()):
        click.echo("\nIt takes from the environment:\n")
        for variable in wanted:
            note = "secret: " if variable.secret else ""
            click.echo(f"  {variable.env}  {note}{variable.description or variable.name}".rstrip())
    first = visible(str(next((path for path in environments if path.stem == "staging"), next(iter(environments)))))
    click.echo(f"\nThen:\n\n  cockpit check {visible(str(folder))}/*.toml\n  cockpit ready {first}")
    click.echo(f"  cockpit rehearse {first}")
    return Exit.OK


def _copy(source: Path, folder: Path) -> None:
    """All or nothing, into a folder that is new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{visible(str(folder))} is there already, and not empty", hint="name a new folder")
    try:
        shutil.copytree(source, folder, ignore=_LEFT_OUT, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")):  # a wheel may have been installed read-only
            path.chmod(path.stat().st_mode | 0o200)
    except OSError as error:
        raise Refused(
            f"{visible(str(folder))} cannot be written: {error.strerror or error}", hint="name a folder of yours"
        ) from error


def _environments(folder: Path) -> dict[Path, Profile]:
    """The files that can be run, with what they hold: not those that others extend."""
    from cockpit.profile.kinds import installed
    from cockpit.profile.load import examine

    examined = {path: examine(path, installed(), advice=False)[0] for path in sorted(folder.glob("*.toml"))}
    return {path: found.profile for path, found in examined.items() if found is not None and not found.partial}


def _wanted(profiles: Iterable[Profile]) -> list[Variable]:
    """The variables without a value of their own, each once, in the order of the files."""
    every = [variable for profile in profiles for variable in profile.variables]
    wanted = {each.env: each for each in reversed(every) if each.env is not None and each.default is None}
    return list(reversed(wanted.values()))
