"""What people type into the log (notes, reasons, recorded values): without the secrets that slip into it.

Invariant: every command passes here before it is decided on, whatever screen or command line it came from. What is
taken out is told by its name or its shape; whoever typed it is told so in words.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from cockpit.masking import told
from cockpit.patterns import late
from cockpit.run.commands import AddNote, Command

_Asked = TypeVar("_Asked", bound=Command)
_FIELDS = ("reason", "value")
"""Of any command: what a person wrote in their own words."""
_LEAST = 8
"""Characters; no secret is shorter."""
_TAKEN = late("‹secret(:?) ([^›]+)›")


def without_secrets(command: _Asked) -> tuple[_Asked, str]:
    """The command as it may be kept; and a sentence that says what was taken out of it, empty if nothing was."""
    fields = (*_FIELDS, "text") if isinstance(command, AddNote) else _FIELDS
    changed: dict[str, str] = {}
    taken: list[str] = []
    for name in fields:
        typed = getattr(command, name, "")
        if isinstance(typed, str) and len(typed) >= _LEAST and (kept := told.masked(typed)) != typed:
            changed[name] = kept
            there = _TAKEN.findall(typed)
            taken += [_called(*found) for found in _TAKEN.findall(kept) if found not in there]
    if not changed:
        return command, ""
    what = ", ".join(dict.fromkeys(taken)) or "a secret"
    return replace(command, **changed), f"taken out of what you wrote, and not kept: {what}"


def _called(colon: str, what: str) -> str:
    """By shape or by name."""
    return what if colon else f"the secret {what}"
