"""The lists that are read on a screen of their own: all probes, the log, an output, contacts, readiness, the keys."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.tui import keymap
from cockpit.tui.lines import Line
from cockpit.tui.panes import action, company, contacts, helping, probes, ready, tail
from cockpit.tui.panes.seen import Seen
from cockpit.tui.playing import Player
from cockpit.tui.screens.reading import ReadingScreen
from cockpit.tui.screens.run import RunScreen

_Text = Callable[[Seen, int], list[Line]]


def opened(screen: RunScreen, name: str) -> ReadingScreen | None:
    """The list of this name; None if there is nothing to be read."""
    match name:
        case "probes":
            return _list(screen, "Probes", probes.every)
        case "log":
            return _list(screen, "Log", tail.whole, at_end=True)
        case "company":
            return _list(screen, "Who is here", company.company)
        case "contacts":
            return _list(screen, "Contacts", contacts.contacts)
        case "ready":
            return _list(screen, "Readiness", ready.ready)
        case "output":
            return _output(screen)
        case _:
            if screen.source.mode == "REPLAY":
                read = (key for key in keymap.READING.values() if key.name != "home")
                every = helping.replaying((*keymap.REPLAY.values(), *read))
            else:
                every = helping.keys((*keymap.LIVE.values(), *keymap.READING.values()))
            return _list(screen, "Keys", lambda seen, width: every)


def told_difference(screen: RunScreen, player: Player) -> ReadingScreen:
    """What is otherwise at the moment that is shown than at the one that was noted; it goes on as that one moves."""
    from cockpit.tui.panes.differing import differing

    def text(seen: Seen, width: int) -> list[Line]:
        assert player.noted is not None
        place, state = player.noted
        return differing((place.at.at, state), (seen.now.at, seen.state), seen.zone, width)

    return _list(screen, "Difference", text)


def _output(screen: RunScreen) -> ReadingScreen | None:
    """Of the step on show; it stays with that one when the run moves on."""
    step = screen.seen().step()
    if step is None or step.behaviour not in ("action", "message"):
        return None

    def text(seen: Seen, width: int) -> list[Line]:
        return action.whole(seen, step, width)

    return _list(screen, f"Output of {step.title or step.id}", text, at_end=True)


def _list(screen: RunScreen, title: str, text: _Text, *, at_end: bool = False) -> ReadingScreen:
    return ReadingScreen(screen.titled(title), lambda width: text(screen.seen(), width), at_end=at_end)
