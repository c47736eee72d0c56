"""Text from outside, made visible: the one place where control characters lose their power. And counts with nouns.

Invariant: what `visible` returns contains no C0, C1 or DEL control, no escape sequence, no bidirectional control, no
zero-width or tag character, and no lone surrogate; so a terminal can do nothing with it but show it. Applying it twice
changes nothing. Everything that came from a server, a row, a command, a file, a profile or another person's log passes
through here before it enters an event, a widget or plain output.
"""

from __future__ import annotations

import re

_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_ACTING_BUT_NEWLINE = re.compile("(?!\n)" + _ACTING.pattern)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's own control pictures: ␀ to ␟
    if code == 0x7F:
        return "␡"
    return f"‹U+{code:04X}›"


def visible(text: str, *, multiline: bool = False) -> str:
    """Return `text` with every character that could act replaced by one that can only be seen.

    Tabs become four spaces. Newlines stay if `multiline`, else they show as `␊`.
    """
    if text.isascii() and text.isprintable():
        return text  # nearly all of it, and every screen asks for hundreds
    text = text.replace("\t", "    ")
    if multiline:
        return _ACTING_BUT_NEWLINE.sub(_picture, text.replace("\r\n", "\n"))
    return _ACTING.sub(_picture, text)


def shortened(text: str, limit: int) -> str:
    """Return one visible line of at most `limit` characters, ending in `…` where something was cut off."""
    line = visible(text)
    return line if len(line) <= limit else line[: max(0, limit - 1)] + "…"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 fact`, `3 facts`, `0 facts`; `many` where that is more than an `s`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
