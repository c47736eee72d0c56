"""The list of all keys, made from the key map, so that it cannot differ from what they do."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.tui.keymap import Key
from cockpit.tui.lines import Line, padded
from cockpit.tui.panes import timeline


def keys(every: Iterable[Key]) -> list[Line]:
    """One line a key."""
    lines: list[Line] = [((padded(key.label, 6), "key"), (key.does, "plain")) for key in every]
    return [*lines, (), (("ctrl+p finds the keys of a live run by what they do", "dim"),)]


def replaying(every: Iterable[Key]) -> list[Line]:
    """The keys of a replay, a line each, and what the signs on its timeline mean."""
    lines: list[Line] = [((padded(key.label, 7), "key"), (key.does, "plain")) for key in every]
    return [*lines, (), (("On the timeline", "bold"),), *timeline.legend()]
