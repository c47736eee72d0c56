"""`${name}`: references to variables inside texts.

`$${` stands for a literal `${`. Filling in is pure; a reference to something unknown stays as it is, which `check` has
reported before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from cockpit.patterns import late

REFERENCE = late(r"(?<!\$)\$\{([^{}\n]*)\}")
_ANY = late(r"\$\$\{|\$\{([^{}\n]*)\}")


def references(text: str) -> Iterator[tuple[str, int]]:
    """Yield each name referred to in `text` with its offset in characters."""
    for match in _ANY.finditer(text):
        if match[1] is not None:
            yield match[1], match.start()


def fill(template: str, values: Mapping[str, str], *, secrets: Collection[str] = ()) -> str:
    """Return `template` for display: references to `values` filled in, secrets shown as `‹secret name›`."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "${"
        if name in secrets:
            return f"‹secret {name}›"
        return values.get(name, match[0])

    return _ANY.sub(replaced, template)


def fill_secret(template: str, values: Mapping[str, str]) -> str:
    """Return `template` for use, with secrets among `values`. The text must never be shown or logged.

    Raises `KeyError` naming the first variable that has no value.
    """
    return _ANY.sub(lambda match: "${" if match[1] is None else values[match[1]], template)


def fill_within(value: object, filled: Callable[[str], str]) -> object:
    """Return a value of settings with each text in it, at any depth, as `filled` gives it; all else as it is."""
    if isinstance(value, str):
        return filled(value)
    if isinstance(value, Mapping):
        return {key: fill_within(below, filled) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [fill_within(below, filled) for below in value]
    return value
