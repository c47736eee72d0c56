"""`cockpit check`, `cockpit show`, `cockpit schema`: profiles, without a run and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from cockpit.exits import Exit
from cockpit.profile.kinds import installed
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.profile.load import Loaded


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print them.")
@click.option("--strict", is_flag=True, help="Let warnings fail too.")
@click.option("--executes", is_flag=True, help="Of several files too, list all that each may execute.")
def check(files: tuple[str, ...], format_: str, strict: bool, executes: bool) -> int:
    """Report every problem of every FILE, each as `file:line:column: what is wrong`, and what each may execute.

    Of one FILE everything is listed that a run of it may execute, send or read, and where secrets go; nothing else is
    done. Of several there is a line each, but with --executes. Exit status 1 if there is an error. Warnings alone do
    not fail, but with --strict.
    """
    from cockpit.profile.check import check_exit, check_json, check_summary, check_text, examined

    problems, right = examined(files, installed())
    if format_ == "json":
        click.echo(check_json(problems, told(right)), nl=False)
    else:
        click.echo(check_text(problems), nl=False)
        click.echo("".join(f"{line}\n" for line in what_executes(right, whole=executes or len(files) == 1)), nl=False)
    click.echo(check_summary(len(files), problems), err=True)
    return check_exit(problems, strict=strict)


def what_executes(right: list[Loaded], *, whole: bool) -> Iterator[str]:
    """What each profile may execute: a line each, or all of it. Of a base that is never run, nothing."""
    from cockpit.profile.executing import listing, summary
    from cockpit.session.trust_digest import executed

    for loaded in right:
        if loaded.partial:
            continue
        done, name = executed(loaded), visible(loaded.sources[-1].name)
        if not whole:
            yield f"{name}: {summary(done.executions)}; digest {done.digest[:12]}"
        elif done.executions:
            yield f"{name} may execute:"
            yield from (f"  {line}" for line in (*listing(done.executions), *done.file_lines))
            yield f"  {summary(done.executions)}"
            yield f"  digest {done.digest}"
        else:
            yield f"{name} executes nothing; digest {done.digest}"


def told(right: list[Loaded]) -> list[dict[str, object]]:
    """The same as objects, beside the problems: `severity` is `note`, and `executes` says what."""
    from cockpit.session.trust_digest import executed

    found: list[dict[str, object]] = []
    for loaded in right:
        if loaded.partial:
            continue
        done, name = executed(loaded), visible(loaded.sources[-1].name)
        place = {"file": name, "line": 1, "column": 1, "severity": "note"}
        found += [
            {**place, "message": " ".join(each.lines[0].split()), "expected": "", "nearest": "",
             "executes": {"when": each.when, "who": each.who, "what": each.what, "text": each.text}}
            for each in done.executions
        ]  # fmt: skip
        files = {visible(name): said for name, said in done.files.items()}
        found.append(
            {**place, "message": f"digest {done.digest}", "expected": "", "nearest": "", "digest": done.digest,
             "files": files}
        )  # fmt: skip
    return found


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
