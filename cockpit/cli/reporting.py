"""`cockpit report`: a run told after the night, as a page, a document, or data."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from cockpit.audit import clock
from cockpit.audit.line import Head
from cockpit.cli.ending import Refused, say
from cockpit.cli.output import print_document, written
from cockpit.cli.reading import named, reading
from cockpit.errors import LogUnreadable
from cockpit.exits import Exit
from cockpit.patterns import late
from cockpit.report.pages.summary import FEW, cut_in_a_line
from cockpit.report.pages.tabular import TABLES
from cockpit.text import counted, shortened

if TYPE_CHECKING:
    from cockpit.report.pages.account import Account

FORMATS = ("html", "md", "json", "csv")
_HEAD = late(r"(?:([1-9][0-9]{0,17}):)?([0-9a-fA-F]{8,64})")
_PLAIN = late(r"[^a-z0-9._-]+")


@click.command()
@click.argument("log_", metavar="LOG")
@click.option("-o", "--output", metavar="FILE", help="Where to; `-`: to standard output.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="html", help="What to write.  [default: html]")
@click.option("--table", type=click.Choice(list(TABLES)), help="Which table, as CSV.  [default: events]")
@click.option("--zone", default="window", metavar="ZONE", help="Of times: utc, window, local or an IANA name.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--head", "heads", multiple=True, metavar="CODE",
    help="A head that was noted elsewhere, as for `verify`. May be given several times.")  # fmt: skip
def report(
    log_: str, output: str | None, format_: str, table: str | None, zone: str, force: bool, heads: tuple[str, ...]
) -> int:
    """Tell the run in LOG (a file, a run's folder or its id): HTML to a file, or md, json and csv.

    The page is one file that needs no network and no script, and prints well; without -o it is named after the profile,
    the environment and the date, in this folder. The other formats go to standard output without -o. JSON and CSV have
    their times in UTC. What is wrong with the log is said, and stands in the report; the exit status is 1 then.
    """
    if table and format_ != "csv":
        raise click.UsageError("--table is for --format csv")
    noted = [_head(text) for text in heads]
    if output not in (None, "-") and not force and Path(output or "").exists():
        raise Refused(f"{output} exists already", hint="name another file, or write over it with --force")
    with reading(log_) as found:
        from cockpit.report.pages.account import read_account, without_folders

        account = read_account(
            found.path,
            clock.now().at,
            anchors=[each for each in noted if each.seq],
            codes=[each.digest for each in noted if not each.seq],
        )
        if found.is_copy:
            troubles = [named(each, found) for each in account.troubles] + ([found.trouble] if found.trouble else [])
            shown = tuple(named(each, found) for each in account.shown)
            account = replace(account, path=found.given, troubles=tuple(troubles), shown=shown)
        if account.told.began is None:
            why = f": {account.troubles[0]}" if account.troubles else ""
            raise LogUnreadable(f"no run began in {account.path}{why}")
        account, given = without_folders(account), found.given
        text = _told(account, format_, table or "events", _zone(zone, account), found.path)
    for trouble in account.troubles[:FEW]:
        say(trouble)
    if not account.verification.ok and not account.troubles:
        say(f"the log does not verify: {account.verification.problem}; the report says so")
    if account.verification.torn_bytes and not account.troubles:
        say(cut_in_a_line(account))
    if account.went_on:
        say(f"this log was left behind: the run goes on in {account.went_on}")
    if len(account.troubles) > FEW:
        more = counted(len(account.troubles) - FEW, "more place is", "more places are")
        say(f"{more} out of order; the report names them")
    if output == "-" or (output is None and format_ != "html"):
        print_document(text)
    else:
        path = Path(output) if output else Path(name_of(account))
        with written(path, force=force, read=[given]) as file:
            file.write(text.encode())
        click.echo(str(path))
    return Exit.OK if not account.troubles and account.verification.ok else Exit.PROBLEMS


def _head(text: str) -> Head:
    """A head as it was noted: `17:7f3a91c2`, or the digits alone (then `seq` is 0)."""
    match = _HEAD.fullmatch(text.replace("·", ""))
    if match is None:
        raise click.BadParameter(
            f"`{shortened(text, 80)}` is no head such as 7f3a91c2 or 17:7f3a91c2", param_hint="--head"
        )
    return Head(seq=int(match[1] or 0), digest=match[2].lower())


def _zone(name: str, account: Account) -> tzinfo:
    from cockpit.report.search.moments import zone_called

    window = account.told.window
    try:
        return zone_called(window.timezone if window and name.strip().lower() == "window" else name, None)
    except ValueError as error:
        if name.strip().lower() == "window":
            return zone_called("utc", None)  # the log is from a host that knew the zone; this one does not
        raise click.BadParameter(str(error), param_hint="--zone") from error


def _told(account: Account, format_: str, table: str, zone: tzinfo, path: Path) -> str:
    from cockpit.report.pages.phrasing import Phrasing

    if format_ == "html":
        from cockpit.report.pages.html import html  # the templates, and the charts' engine

        return html(account, Phrasing(account.told, zone))
    if format_ == "md":
        from cockpit.report.pages.markdown import markdown

        return markdown(account, Phrasing(account.told, zone))
    if format_ == "json":
        from cockpit.report.pages.data import as_json

        return as_json(account)
    from cockpit.report.pages.tabular import as_csv

    return as_csv(account, table, path)


def name_of(account: Account) -> str:
    """`virtue-production-2026-11-21.html`: letters that every file system takes."""
    told = account.told
    parts = [told.profile, told.environment, *(("rehearsal",) if told.rehearsal else ())]
    words = [_PLAIN.sub("-", part.lower()).strip("-.")[:60] or "run" for part in parts]
    return f"{'-'.join(words)}-{told.began:%Y-%m-%d}.html"
