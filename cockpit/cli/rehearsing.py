"""`cockpit rehearse`: the same walk, changing nothing outside; what cannot be rehearsed is named beforehand."""

from __future__ import annotations

import click

from cockpit.actions.foretelling import ONLY_SHOWN, Foretold, foretell
from cockpit.cli.beginning import begin, runnable
from cockpit.cli.ending import Refused, say
from cockpit.cli.naming import as_option
from cockpit.cli.options import despite_place_option, store_option, unreviewed_option
from cockpit.cli.terminal import require_screen
from cockpit.cli.variables import environment, unprompted
from cockpit.exits import Exit
from cockpit.profile.model import Profile
from cockpit.run.numbering import step_label
from cockpit.text import shortened, visible


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--despite", metavar="REASON", help="Rehearse against production, and why.")
@click.option("--another", metavar="REASON", help="Start it although the same profile has a live run, and why.")
@click.option("--yes", is_flag=True, help="Begin at once, without asking for Enter.")
@as_option
@despite_place_option
@store_option
@unreviewed_option
def rehearse(
    file: str,
    despite: str | None,
    another: str | None,
    yes: bool,
    as_name: str | None,
    despite_place: str | None,
    dsn: str | None,
    unreviewed: str | None,
) -> int:
    """Rehearse the profile in FILE: the same screens, and nothing outside is changed.

    Commands run their `dry_run` or are shown, SQL is rolled back at the end of its step, messages are shown. What
    cannot be rehearsed so is named first. How long steps took is kept for the forecast of later runs.
    """
    loaded = runnable(file)
    if loaded is None:
        return Exit.PROBLEMS
    profile = loaded.profile
    reason = _reason(profile, despite)
    unprompted(profile, environment())  # what is missing is said before anything is asked
    require_screen()
    for line in told(profile, foretell(profile, loaded.path.absolute().parent)):
        click.echo(line, err=True)
    if not yes:
        click.prompt("Enter begins the rehearsal, Ctrl+C leaves", default="", show_default=False, err=True)
    return begin(
        loaded,
        another,
        rehearsal=True,
        rehearsal_reason=reason,
        as_name=as_name,
        despite_place=despite_place,
        dsn=dsn or "",
        unreviewed=unreviewed,
    )


def _reason(profile: Profile, despite: str | None) -> str:
    """Why a production target is rehearsed against; empty elsewhere. Raises Refused."""
    if not profile.production:
        if despite is not None:
            say(f"`--despite` says nothing here: {visible(profile.environment)} is no production")
        return ""
    if despite is None:
        raise Refused(
            f"{visible(profile.id)} {visible(profile.environment)} is production, which is not rehearsed against",
            hint="rehearse another environment, or say why: --despite REASON",
        )
    if not despite.strip():
        raise Refused("rehearsing against production needs a reason", hint="give it: --despite REASON")
    return despite


def told(profile: Profile, found: tuple[Foretold, ...]) -> list[str]:
    """The lines to be read before a rehearsal begins."""
    where = f"{profile.title or profile.id} on {profile.environment}"
    lines = [f"REHEARSAL of {shortened(where, 100)}: nothing outside is changed, but for what is named here."]
    shown = [step_label(profile, each.step) for each in found if each.sentence == ONLY_SHOWN]
    if shown:
        lines.append(f"Only shown, since they have no `dry_run`: {', '.join(shown)}.")
    others = [each for each in found if each.sentence != ONLY_SHOWN]
    lines += [f"  {step_label(profile, each.step)}: {shortened(each.sentence, 300)}" for each in others]
    if not found:
        lines.append("All of it can be rehearsed.")
    return lines
