"""The list of all keys, made from the key map, so that it cannot differ from what they do."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.tui.keymap import Key
from cockpit.tui.lines import Line, padded


def keys(every: Iterable[Key]) -> list[Line]:
    """One line a key."""
    lines: list[Line] = [((padded(key.label, 6), "key"), (key.does, "plain")) for key in every]
    return [*lines, (), (("ctrl+p finds the keys of a live run by what they do", "dim"),)]
