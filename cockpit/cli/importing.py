"""`cockpit import`: a runbook in Markdown as a profile."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.cli.ending import Refused
from cockpit.cli.output import output_options, written
from cockpit.exits import Exit
from cockpit.text import visible


@click.command("import")
@click.argument("files", nargs=-1, metavar="RUNBOOK…")
@output_options
@click.option(
    "--update", type=click.Path(path_type=Path), metavar="PROFILE", help="Merge what the runbook changed into PROFILE."
)
@click.option("--dry-run", is_flag=True, help="With --update: only show what it would do.")
@click.option("--id", "profile_id", default="", metavar="ID", help="The system's id.  [default: after the title]")
@click.option("--environment", default="production", show_default=True, metavar="NAME", help="What it is for.")
@click.option("--production", is_flag=True, help="Production's friction for an environment of another name.")
@click.option("--preview", is_flag=True, help="Show the runbook and the profile side by side on a screen.")
@click.option("--report", is_flag=True, help="Print what became of every line, instead of the profile.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), help="Of the report.  [default: text]")
def import_(
    files: tuple[str, ...],
    output: Path | None,
    force: bool,
    update: Path | None,
    dry_run: bool,
    profile_id: str,
    environment: str,
    production: bool,
    preview: bool,
    report: bool,
    format_: str | None,
) -> int:
    """Turn a RUNBOOK in Markdown (or several, or `-` for standard input) into a profile.

    Nothing in it is trusted: what was ticked is a claim, and commands are shown, never run, until you turn them on.
    What became of the lines is said on stderr.

    With --update PROFILE, what a changed runbook says now is merged into the profile that was imported from it and
    edited since; no edit is lost. Exit status 1 if something is left for you to look at.
    """
    if update is not None:
        if output or force or report or profile_id or production:
            raise click.UsageError("--update takes runbooks, --dry-run and --preview: all else is as it was imported")
        from cockpit.cli.import_updating import update as updated

        return updated(update, files, dry_run=dry_run, preview=preview)
    if dry_run:
        raise click.UsageError("--dry-run goes with --update; without --output nothing is written anyway")
    if format_ and not report:
        raise click.UsageError("--format is of the report: add --report")
    if preview and (report or output == Path("-")):
        raise click.UsageError("a preview fills the screen; print the report or the profile by itself")
    from cockpit.cli.import_sources import read_sources
    from cockpit.cli.import_telling import print_profile, print_report, say_account, show_preview
    from cockpit.importing.imported import imported

    if output is not None and output.is_file() and not force:
        raise Refused(
            f"{visible(str(output))} exists already",
            hint="merge the runbook into it with --update, name another file, or write over it with --force",
        )
    sources = read_sources(files)
    made = imported(sources, profile_id=profile_id, environment=environment, production=production)
    if output is not None and output != Path("-"):
        with written(output, force=force, read=[Path(name) for name in files if name != "-"]) as out:
            out.write(made.toml.encode())
        from cockpit.cli.import_updating import keep

        keep(output, sources, files, made.toml, production=made.profile.production)
    elif not (report or preview):
        print_profile(made)
    if preview:
        show_preview(made)
    elif report:
        print_report(made, "json" if format_ == "json" else "text")
    say_account(made, files, output, is_seen=preview)
    return Exit.OK
