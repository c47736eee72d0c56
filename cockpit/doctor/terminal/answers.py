"""What a terminal is asked, and what its answers say. Pure.

Sources: ctlseqs of xterm (DA1, DSR, CPR, DECRQM, XTVERSION, XTGETTCAP, OSC 11), the kitty keyboard protocol, and
"Synchronized Output" (mode 2026).
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.patterns import late
from cockpit.text import shortened

GLYPHS = "·»–—“”‡…←↑→↓↷⇧─━│┃┊┤╋═▁▂▃▄▅▆▇█▌▐░■□▶◂◆○●◔⚑✔✖‹›⏎␊"
"""What cockpit's screens draw with beside letters: each has to take one cell."""
SYNC, PASTE, FOCUS, MOUSE = 2026, 2004, 1004, 1006
_MODES = (SYNC, PASTE, FOCUS, MOUSE)
_CLIPBOARD_ATTRIBUTE = 52
_ERASE = b"\r\x1b[2K"
_TOKEN = late(
    rb"\x1b\[(?P<row>\d{1,9});(?P<column>\d{1,9})R"
    rb"|(?P<ok>\x1b\[0n)"
    rb"|\x1b\[\?(?P<attributes>(?:\d{0,9};){0,99}\d{0,9})c"
    rb"|\x1b\[\?(?P<mode>\d{1,9});(?P<value>\d)\$y"
    rb"|\x1b\[\?(?P<kitty>\d{1,9})u"
    rb"|\x1bP>\|(?P<name>[^\x1b\x07]{0,200})\x1b\\"
    rb"|\x1b\]11;rgb:(?P<rgb>[0-9a-fA-F/]{5,14})(?:\x1b\\|\x07)"
    rb"|\x1bP(?P<has>[01])\+r(?P<capability>[0-9a-fA-F]*)[^\x1b]*\x1b\\"
)


class Answers(Struct, frozen=True, kw_only=True):
    """What a terminal said; None: it did not say."""

    round_trip_s: float
    name: str = ""
    """With its version: `xterm(390)`, `tmux 3.4`."""
    attributes: tuple[int, ...] | None = None
    """Of DA1, its class among them."""
    modes: dict[int, int] = {}
    """By mode: 0 it does not know it, 1 and 2 it can be set, 3 always on, 4 never on."""
    kitty: bool | None = None
    background: tuple[int, int, int] | None = None
    """Red, green and blue, 0 to 255."""
    has_ms: bool | None = None
    """Whether it says that it takes what is to be copied (terminfo's Ms)."""
    widths: dict[str, int] = {}
    """By glyph: how many columns it took."""
    obeys_c1: bool = False
    """U+009B, as UTF-8, is the beginning of a sequence to it."""
    obeys_raw_c1: bool = False
    """So is the bare byte 0x9B."""

    @property
    def takes_clipboard(self) -> bool | None:
        """Whether it says that OSC 52 copies; None: it says nothing of it."""
        if self.attributes is not None and _CLIPBOARD_ATTRIBUTE in self.attributes[1:]:
            return True
        return True if self.has_ms else None

    def mode(self, number: int) -> bool | None:
        """Whether it can be set; None: it did not say."""
        value = self.modes.get(number)
        return None if value is None else value in (1, 2, 3)

    @property
    def is_light(self) -> bool | None:
        """Whether the background is nearer to white."""
        if self.background is None:
            return None
        red, green, blue = self.background
        return 0.299 * red + 0.587 * green + 0.114 * blue > 127.5


def questions(*, is_plain: bool = False) -> bytes:
    """The bytes to send. `is_plain`: to a terminal that would print what it does not know (the Linux console)."""
    asked = b"".join(b"\r" + glyph.encode() + b"\x1b[6n" for glyph in GLYPHS) + _ERASE
    if not is_plain:
        asked += b"\x1b[>0q"
        asked += b"".join(b"\x1b[?%d$p" % mode for mode in _MODES) + _ERASE
        asked += b"\x1b[?u\x1b]11;?\x1b\\\x1bP+q4d73\x1b\\" + _ERASE
    # An answer before the next place of the cursor is one to U+009B, one behind it to the byte.
    return asked + b"\xc2\x9b5n" + _ERASE + b"\x1b[6n" + b"\x9b5n" + _ERASE


def understood(raw: bytes, round_trip_s: float) -> Answers:
    """What the bytes that came back say; what is none of the answers (keys) is passed over."""
    columns: list[int] = []
    modes: dict[int, int] = {}
    found: dict[str, bytes] = {}
    c1 = {"utf8": False, "raw": False}
    for token in _TOKEN.finditer(raw):
        if token["column"] is not None:
            columns.append(int(token["column"]))
        elif token["ok"] is not None:
            c1["utf8" if len(columns) <= len(GLYPHS) else "raw"] = True
        elif token["mode"] is not None:
            modes[int(token["mode"])] = int(token["value"])
        else:
            found |= {name: text for name, text in token.groupdict().items() if text is not None}
    attributes = found.get("attributes")
    return Answers(
        round_trip_s=round_trip_s,
        name=shortened(found.get("name", b"").decode("utf-8", "replace"), 60),
        attributes=None if attributes is None else tuple(int(each) for each in attributes.split(b";") if each),
        modes=modes,
        kitty=True if "kitty" in found else None,
        background=_colour(found.get("rgb", b"")),
        has_ms=None if "has" not in found else found["has"] == b"1",
        widths=dict(zip(GLYPHS, (column - 1 for column in columns), strict=False))
        if len(columns) > len(GLYPHS)
        else {},
        obeys_c1=c1["utf8"],
        obeys_raw_c1=c1["raw"],
    )


def _colour(text: bytes) -> tuple[int, int, int] | None:
    parts = text.split(b"/")
    if len(parts) != 3 or not all(parts):
        return None
    red, green, blue = (int(part, 16) * 255 // (16 ** len(part) - 1) for part in parts)
    return red, green, blue
