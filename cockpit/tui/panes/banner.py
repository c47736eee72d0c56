"""The line that shouts: what is wrong with the run as a whole. The worst one stands there, the others are counted."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from cockpit.audit.rewritten import APART, CHANGED, MERGED
from cockpit.audit.rewritten import SAID as REWRITTEN
from cockpit.run.conflicts import both, label
from cockpit.run.elapsed import elapsed_s
from cockpit.run.hands import other_hands
from cockpit.run.numbering import step_label
from cockpit.run.people import is_nobody_known, name_of
from cockpit.run.state import FiredTrigger
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.layout import ACTING
from cockpit.tui.lines import Line, cut, duration, padded, without_folders
from cockpit.tui.panes import pen, signing
from cockpit.tui.panes.looking import clocks
from cockpit.tui.panes.seen import Seen

_STEPPED_S = 600.0
"""How long it is said that the clock was set."""


def banner(seen: Seen, width: int, height: int) -> Line:
    """One sentence over the panes; empty while nothing is wrong."""
    wrongs = list(_wrongs(seen, width, height))
    if not wrongs:
        return ()
    text, ink = wrongs[0]
    more = f"  +{len(wrongs) - 1} more " if len(wrongs) > 1 else ""
    text = cut(f" {text}", width - len(more))
    return ((padded(text, width - len(more)) + more, ink),) if cell_len(text) else ()


def _wrongs(seen: Seen, width: int, height: int) -> Iterator[tuple[str, Ink]]:
    """Everything that is wrong, the worst first."""
    state = seen.state
    if seen.view.went_on:
        # Nothing else that is wrong here is worth a person's time.
        how = "resume" if seen.mode == "LIVE" else "join"
        yield f"WENT ON ELSEWHERE   q, cockpit {how} {visible(seen.view.went_on)}", "alarm"
        return
    if seen.view.read_only:
        yield f"READING ONLY, nobody sees you here: {visible(seen.view.read_only)}", "warn"
    if seen.view.trouble.startswith((REWRITTEN, CHANGED, MERGED)):
        yield visible(without_folders(seen.view.trouble)), "alarm"
    elif seen.view.trouble:
        way_on = "W GOES ON ELSEWHERE   " if seen.mode == "LIVE" else ""
        yield f"{way_on}THE LOG: {visible(without_folders(seen.view.trouble))}", "alarm"
    for doubt in seen.view.doubts:
        if doubt.fate == "open":
            now = ", DATABASE AWAY" if seen.view.away else ", being looked up"
            yield f"NOT KNOWN WHETHER IT WAS WRITTEN{now}: {shortened(doubt.what, 160)}", "alarm"
    if seen.view.away.startswith(APART):
        yield visible(without_folders(seen.view.away)), "alarm"
    elif seen.view.away:
        live = ", readings not in the log yet" if seen.view.ahead is not None else ""
        yield f"THE DATABASE IS AWAY, nothing can be confirmed{live}: {visible(seen.view.away)}", "alarm"
    elif seen.view.ahead is not None:
        count = len(seen.view.waiting)
        waits = f"{count} facts wait" if count != 1 else "1 fact waits"
        yield f"THE KEEPER CANNOT WRITE, nothing can be confirmed: {waits}, readings are not in the log yet", "warn"
    if state.offline is not None:
        yield from _offline(seen)
    if state.unknown_types:
        yield "a newer cockpit wrote to this log: reading only; update cockpit", "alarm"
    if state.status == "live":
        yield from ((_fired(seen, each), "alarm") for each in _by_severity(state.fired))
        yield from signing.shouts(seen)
        yield from pen.shouts(seen)
    if state.hold is not None and state.status == "live":
        by, reason = shortened(name_of(state.hold.by), 20), shortened(state.hold.reason, 200)
        how = ", h releases" if seen.may_release else ""
        yield f"HELD by {by}{how}: {reason}", "alarm"
    if trouble := seen.keeper_trouble:
        if state.keeper is None:
            yield trouble, "warn"
        else:
            how = _how_on(seen)
            if state.keeper.stopped_by and not seen.keeper.alive:
                yield _stopped(trouble, how, width), "alarm"
            else:
                yield f"{_shouted(seen, trouble)}   nothing is being probed; {how}", "alarm"
    elif state.status == "live" and (found := other_hands(state)).are_there:
        how = "r shows it" if seen.acts else "nothing is run"
        yield f"KEEPER {found.now} DIFFERS, {how}: {found.brief()}", "alarm"
    if state.status == "live":
        yield from _of_conflicts(seen)
        yield from _of_steps(seen)
        yield from _of_hosts(seen)
        yield from signing.murmurs(seen)
        yield from pen.murmurs(seen)
        yield from _of_me(seen)
        yield from _of_clocks(seen)
    if (width < ACTING[0] or height < ACTING[1]) and seen.mode == "LIVE" and state.status == "live":
        yield f"too small to act: {ACTING[0]}x{ACTING[1]} are needed", "warn"


def _offline(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """Since when, by whom and why; and whether it could return. On every screen of this host, while that is so."""
    offline = seen.state.offline
    assert offline is not None
    by, reason = shortened(name_of(offline.by), 20), shortened(offline.reason, 120)
    since = f"since {seen.local(offline.since.at)}"
    if seen.view.answers and seen.state.status == "live":
        how = "W RETURNS TO IT" if seen.acts else f"{by} returns to it"
        yield f"THE DATABASE ANSWERS AGAIN, {how}   OFFLINE {since}, others may have acted", "alarm"
        return
    yield f"OFFLINE {since}, others may act and nobody here knows   {by}: {reason}", "alarm"


def _shouted(seen: Seen, trouble: str) -> str:
    """In capitals, but for the name of a host."""
    host = visible(seen.state.keeper.host) if seen.state.keeper is not None and seen.keeper.is_elsewhere else ""
    return trouble.upper().replace(f" {host.upper()} ", f" {host} ", 1) if host else trouble.upper()


def _how_on(seen: Seen) -> str:
    """What brings a keeper back."""
    if seen.keeper.is_elsewhere:
        return ". takes over here" if seen.acts and not seen.keeper.alive else "whoever acts takes over: ."
    return ". starts it again" if seen.acts and not seen.keeper.alive else "cockpit resume starts it again"


def _stopped(told: str, how: str, width: int) -> str:
    """Who stopped the keeper and why, in their own words (only what happened is shouted), and the way on beside it."""
    head, by, rest = told.partition(" by ")
    room = max(40, width - len(how) - len("    +9 more "))
    return f"{shortened(f'{head.upper()}{by}{rest}', room)}   {how}"


def _by_severity(fired: tuple[FiredTrigger, ...]) -> list[FiredTrigger]:
    return sorted(fired, key=lambda each: each.severity != "immediate")


def _of_conflicts(seen: Seen) -> Iterator[tuple[str, Ink]]:
    conflicts = seen.state.conflicts
    if conflicts:
        what = shortened(label(seen.state, conflicts[0].subject), 60)
        more = f" and {len(conflicts) - 1} more" if len(conflicts) > 1 else ""
        how = "u says which counts" if seen.acts else "who holds the pen says which counts"
        yield f"CONFLICT over {what}{more}, {how}: {both(conflicts[0])}", "alarm"


def fired_name(seen: Seen, fired: FiredTrigger) -> str:
    """What a fired trigger is called, or what the person said who raised it."""
    trigger = next((each for each in seen.state.profile.triggers if each.id == fired.trigger), None)
    name = shortened(trigger.title or trigger.id, 60) if trigger else shortened(fired.trigger, 40)
    if not fired.reason:
        return name
    return f"{name + ', ' if name else ''}raised by {shortened(name_of(fired.by), 20)}: {shortened(fired.reason, 120)}"


def _fired(seen: Seen, fired: FiredTrigger) -> str:
    since = duration(elapsed_s(fired.since, seen.now) // 60 * 60) if elapsed_s(fired.since, seen.now) >= 60 else ""
    told = f"{fired.severity.upper()} {fired_name(seen, fired)}{f' {since}' if since else ''}"
    told += " (over by now)" if fired.is_cleared else ""
    return f"{told}: b roll back, g go on" if seen.acts else f"{told}: waits for an answer"


def _of_steps(seen: Seen) -> Iterator[tuple[str, Ink]]:
    state = seen.state
    for step_id, step in state.steps.items():
        if step.action is not None and step.action.status == "unknown" and step.status == "open":
            how = "" if seen.mode == "REPLAY" else ": look, u says how"
            yield f"UNKNOWN how {step_label(state.profile, step_id)} ended{how}", "alarm"
    cursor = state.cursor
    wait = state.steps[cursor.step].wait if cursor is not None and cursor.step else None
    if wait is not None and wait.status == "stopped":
        yield f"WAIT STOPPED: {shortened(wait.detail, 160)}", "warn"


def _of_hosts(seen: Seen) -> Iterator[tuple[str, Ink]]:
    state = seen.state
    for name, target in state.targets.items():
        if target.verdict == "mismatch":
            yield f"WRONG TARGET {shortened(name, 40)}: {shortened(target.detail, 160)}", "alarm"
    if not state.clock_steps:
        return
    for recent in reversed(seen.view.recent):
        if recent.event.type == "clock.stepped":
            if elapsed_s(recent.event.instant, seen.now) < _STEPPED_S:
                yield f"THE CLOCK WAS SET: {recent.sentence}", "warn"
            return


def _of_me(seen: Seen) -> Iterator[tuple[str, Ink]]:
    """Whoever sits here at an account that several people use, and proved no name, is told what that means."""
    mine = seen.state.seats.get(seen.me)
    if mine is None or mine.by is None or not is_nobody_known(mine.by, seen.state.profile.shared_accounts):
        return
    who = f"that you are {shortened(mine.by.person, 20)}" if mine.by.person else "who you are"
    yield f"NOT PROVEN {who}: approvals do not count (q, cockpit join --as NAME)", "warn"


def _of_clocks(seen: Seen) -> Iterator[tuple[str, Ink]]:
    if seen.view.skew is not None:
        yield f"CLOCKS DIFFER: {clocks(seen.view.skew)}; do not compare times", "warn"
