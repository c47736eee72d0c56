"""The line that shouts: what is wrong with the run as a whole. The worst one stands there, the others are counted."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from cockpit.run.conflicts import both, label
from cockpit.run.elapsed import elapsed_s
from cockpit.run.numbering import step_label
from cockpit.run.people import is_nobody_known, name_of
from cockpit.run.state_line import FiredTrigger
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.layout import ACTING
from cockpit.tui.lines import Line, cut, duration, padded
from cockpit.tui.panes import kept, pen, signing, watched
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
    is_live = state.status == "live"
    if seen.view.went_on:
        # Nothing else that is wrong here is worth a person's time.
        how = "resume" if seen.mode == "LIVE" else "join"
        yield f"WENT ON ELSEWHERE   q, cockpit {how} {visible(seen.view.went_on)}", "alarm"
        return
    yield from kept.shouts(seen)
    if is_live:
        yield from ((_fired(seen, each), "alarm") for each in _by_severity(state.fired))
        yield from signing.shouts(seen)
        yield from pen.shouts(seen)
        yield from _of_hold(seen)
    yield from watched.shouts(seen, width)
    if is_live:
        yield from _of_conflicts(seen)
        yield from _of_steps(seen)
        yield from _of_hosts(seen)
        yield from signing.murmurs(seen)
        yield from pen.murmurs(seen)
        yield from _of_me(seen)
        yield from _of_clocks(seen)
        yield from _of_log(seen)
    if (width < ACTING[0] or height < ACTING[1]) and seen.acts:
        yield f"too small to act: {ACTING[0]}x{ACTING[1]} are needed", "warn"


def _of_hold(seen: Seen) -> Iterator[tuple[str, Ink]]:
    hold = seen.state.hold
    if hold is not None:
        by, reason = shortened(name_of(hold.by), 20), shortened(hold.reason, 200)
        how = ", h releases" if seen.may_release else ""
        yield f"HELD by {by}{how}: {reason}", "alarm"


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


def _of_log(seen: Seen) -> Iterator[tuple[str, Ink]]:
    if seen.state.filled == "full":
        yield "THE LOG IS FULL: only what somebody waits for is probed; every key works; end this run soon", "alarm"
    elif seen.state.filled == "near":
        yield "THE LOG IS HALF FULL: plan how this run ends, or go on in a new one", "warn"


def _of_clocks(seen: Seen) -> Iterator[tuple[str, Ink]]:
    if seen.view.skew is not None:
        yield f"CLOCKS DIFFER: {clocks(seen.view.skew)}; do not compare times", "warn"
