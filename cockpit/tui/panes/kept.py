"""What is wrong with where a run is kept: its log, the database that it is written to, the branch that left one.

Part of the banner: every sentence stands alone, and what a person can do about it comes first.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.audit.rewritten import APART, CHANGED, MERGED
from cockpit.audit.rewritten import SAID as REWRITTEN
from cockpit.run.people import name_of
from cockpit.text import counted, shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.lines import without_folders
from cockpit.tui.panes.seen import Seen


def shouts(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """The worst first, also of a run that is over: what is not kept is not known."""
    yield from _of_log(seen)
    yield from _of_doubts(seen)
    yield from _of_store(seen)
    yield from _of_branch(seen)
    if seen.state.unknown_types:
        yield "a newer cockpit wrote to this log: reading only; update cockpit", "alarm"


def _of_log(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """What this seat may not write, and what is wrong with what was written."""
    if seen.view.read_only:
        yield f"READING ONLY, nobody sees you here: {visible(seen.view.read_only)}", "warn"
    if seen.view.trouble.startswith((REWRITTEN, CHANGED, MERGED)):
        yield visible(without_folders(seen.view.trouble)), "alarm"
    elif seen.view.trouble:
        way_on = "W GOES ON ELSEWHERE   " if seen.mode == "LIVE" else ""
        yield f"{way_on}THE LOG: {visible(without_folders(seen.view.trouble))}", "alarm"


def _of_doubts(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """What was written, perhaps."""
    for doubt in seen.view.doubts:
        if doubt.fate == "open":
            now = ", DATABASE AWAY" if seen.view.away else ", being looked up"
            yield f"NOT KNOWN WHETHER IT WAS WRITTEN{now}: {shortened(doubt.what, 160)}", "alarm"


def _of_store(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """A database that does not answer, or not to the keeper."""
    if seen.view.away.startswith(APART):
        yield visible(without_folders(seen.view.away)), "alarm"
    elif seen.view.away:
        live = ", readings not in the log yet" if seen.view.ahead is not None else ""
        yield f"THE DATABASE IS AWAY, nothing can be confirmed{live}: {visible(seen.view.away)}", "alarm"
    elif seen.view.ahead is not None:
        waits = counted(len(seen.view.waiting), "fact waits", "facts wait")
        yield f"THE KEEPER CANNOT WRITE, nothing can be confirmed: {waits}, readings are not in the log yet", "warn"


def _of_branch(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """Since when, by whom and why; and whether it could return. On every screen of this host, while that is so."""
    offline = seen.state.offline
    if offline is None:
        return
    by, reason = shortened(name_of(offline.by), 20), shortened(offline.reason, 120)
    since = f"since {seen.local(offline.since.at)}"
    if seen.view.answers and seen.state.status == "live":
        how = "W RETURNS TO IT" if seen.acts else f"{by} returns to it"
        yield f"THE DATABASE ANSWERS AGAIN, {how}   OFFLINE {since}, others may have acted", "alarm"
        return
    yield f"OFFLINE {since}, others may act and nobody here knows   {by}: {reason}", "alarm"
