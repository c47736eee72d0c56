"""What is wrong with who watches a run: a keeper that is gone, silent, stopped, not heard of yet, or another one.

Part of the banner. What is wrong is shouted; a person's own words and names are not.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.run.hands import other_hands
from cockpit.text import shortened, visible
from cockpit.tui.ink import Ink
from cockpit.tui.panes.seen import Seen


def shouts(seen: Seen, width: int) -> Iterator[tuple[str, Ink]]:
    """At most one sentence, with what brings a keeper back. `width`: columns that the banner has."""
    state = seen.state
    if trouble := seen.keeper_trouble:
        if state.keeper is None:
            yield trouble, "warn"
        elif seen.keeper.alive and seen.keeper.is_unheard:
            yield f"{_shouted(seen, trouble)}   its first beat is waited for", "warn"
        elif state.keeper.stopped_by and not seen.keeper.alive:
            yield _stopped(trouble, _how_on(seen), width), "alarm"
        else:
            yield f"{_shouted(seen, trouble)}   nothing is being probed; {_how_on(seen)}", "alarm"
    elif state.status == "live" and (found := other_hands(state)).are_there:
        how = "r shows it" if seen.acts else "nothing is run"
        yield f"KEEPER {found.now} DIFFERS, {how}: {found.brief()}", "alarm"


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
