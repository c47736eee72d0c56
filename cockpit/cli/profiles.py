"""`cockpit check`, `cockpit show`, `cockpit schema`: profiles, without a run and without a network."""

from __future__ import annotations

import click

from cockpit.exits import Exit
from cockpit.profile.kinds import installed


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print them.")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
def check(files: tuple[str, ...], format_: str, strict: bool) -> int:
    """Report every problem of every FILE, each as `file:line:column: what is wrong`.

    Exit status 1 if there is an error. Warnings alone do not fail, but with --strict.
    """
    from cockpit.profile.check import check as checked
    from cockpit.profile.check import check_exit, check_json, check_summary, check_text

    problems = checked(files, installed())
    click.echo(check_json(problems) if format_ == "json" else check_text(problems), nl=False)
    click.echo(check_summary(len(files), problems), err=True)
    return check_exit(problems, strict=strict)


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--format", "format_", type=click.Choice(["toml", "md"]), default="toml", help="How to print it.")
def show(file: str, format_: str) -> int:
    """Print the profile in FILE, resolved: nothing inherited, secrets as references.

    As TOML that stands alone; with `--format md` as a runbook in Markdown for reviewers and wikis, which `cockpit
    import` reads again.
    """
    from cockpit.profile.load import examine
    from cockpit.profile.show import show as shown

    loaded, problems = examine(file, installed(), advice=False)
    for problem in problems:
        click.echo(str(problem), err=True)
    if loaded is None:
        return Exit.PROBLEMS
    if format_ == "md":
        from cockpit.profile.markdown.document import markdown

        click.echo(markdown(loaded.profile, partial=loaded.partial), nl=False)
    else:
        click.echo(shown(loaded.profile, partial=loaded.partial), nl=False)
    return Exit.OK


@click.command()
def schema() -> int:
    """Print the JSON Schema of profiles, so that editors complete and check them."""
    from cockpit.profile.schema import schema_json

    click.echo(schema_json(installed()).rstrip())
    return Exit.OK
