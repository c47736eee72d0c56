"""What may go to the terminal: the sequences that Textual and this program send themselves, and text that only shows.

The second line of defence. The first is `cockpit.text.visible`, where text enters; this looks at what leaves, whoever
wrote it. Invariant: what `harmless` returns holds no control character outside of the sequences listed here, and
nothing that reads as something else. Titles and the clipboard are written here and nowhere else.
"""

from __future__ import annotations

import re
from base64 import b64encode

from cockpit.patterns import late
from cockpit.text import inert, shortened, visible

_STYLE = r"(?:[34]8;(?:2;\d+;\d+;\d+|5;\d+)|[0-479]|2[1-57-9]|[34][0-79]|9[0-7]|10[0-7])"
"""Colours and weight (ECMA-48, SGR), but for what blinks (5, 6) or is not seen (8)."""
SENT = late(
    r"\x1b(?:\[0m|"  # a reset alone is half of them
    rf"\[(?:{_STYLE}(?:;{_STYLE})*)?m"
    r"|\[[0-9]+;[0-9]+H"  # the cursor to a cell
    r"|\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"  # modes of a full screen (xterm; mode 2026)
    r"|\[\?(?:2026|2048)\$p"  # whether frames come whole, whether resizes are told in band
    r"|\[>25u|\[<u"  # kitty's keyboard, on and off
    r"|\[2[23];2t"  # the title, saved and given back
    r"|\]2;cockpit [^\x00-\x1f\x7f-\x9f]*\x1b\\"  # the title
    r"|\]52;c;[A-Za-z0-9+/]*={0,2}\x07"  # the clipboard, written; never read (`?`)
    r"|\]22;[a-z-]*\x07"  # the pointer's shape
    r")",
    re.ASCII,
)
"""Every sequence that a screen of ours sends. What is not here is shown, and does nothing."""
BELL = "\x07"
TITLE_SAVED, TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"
"""xterm's stack of titles (CSI 22 and 23 t)."""
MOST_COPIED_BYTES = 74_994
"""What terminals take at once: 100,000 characters with their frame, in base64 (hterm and others; tmux and kitty take
more)."""
_TITLE = 80


def harmless(written: str) -> str:
    """Return what was to be written, with all that is no sequence of ours made visible."""
    if written == BELL:
        return written
    rest = SENT.sub("", written)
    if visible(rest, multiline=True) == rest or inert(rest) == rest:  # the first is quicker, and mostly so
        return written
    parts: list[str] = []
    at = 0
    for match in SENT.finditer(written):
        parts += [inert(written[at : match.start()]), match[0]]
        at = match.end()
    return "".join([*parts, inert(written[at:])])


def title(text: str, *, is_first: bool = False) -> str:
    """The sequence that shows a title (xterm, OSC 2); the `is_first` saves the one before."""
    return f"{TITLE_SAVED if is_first else ''}\x1b]2;cockpit {shortened(text, _TITLE)}\x1b\\"


def clipboard(text: str) -> str:
    """The sequence that puts a text into the clipboard of the operator's terminal (xterm, OSC 52)."""
    return f"\x1b]52;c;{b64encode(text.encode(errors='replace')).decode()}\x07"
