"""The list of all keys, made from the bindings, so that it cannot differ from what they do."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from cockpit.tui.lines import Line, padded

_NAMES = {"full_stop": ".", "question_mark": "?", "pagedown": "PgDn", "pageup": "PgUp", "up": "↑", "down": "↓",
          "home": "Home", "end": "End", "left": "←", "right": "→"}  # fmt: skip


def keys(bindings: Iterable[BindingType]) -> list[Line]:
    """One line a key; keys without a description are left out."""
    lines: list[Line] = []
    for binding in bindings:
        if isinstance(binding, Binding) and binding.description:
            name = " ".join(_NAMES.get(key, key) for key in binding.key.split(","))
            lines.append(((padded(name, 10), "key"), (binding.description, "plain")))
    return [*lines, (), (("ctrl+p finds all of them by name", "dim"),)]
