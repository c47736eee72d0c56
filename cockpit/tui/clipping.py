"""What is copied: what stands on the screen, no more, and what is to be known of it before it is pasted.

A shell runs each line of a paste as it comes, and a program may read its other characters as keys. Invariant: what is
sent to the clipboard holds no control but newline and tab, ends in no newline, and is whole, or is not sent at all.
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.patterns import late
from cockpit.text import counted, visible
from cockpit.tui.outgoing import MOST_COPIED_BYTES

LINES_SHOWN = 200
"""Lines of a copy that are shown before it is sent; what is longer says how much more there is."""
_MADE_VISIBLE = late("[\u2400-\u2421]|‹(?:U\\+[0-9A-F]{4,6}|tags [^›]*|[0-9]+ more marks?)›")
"""What stands where `visible` found something that acts."""
_SECRET = late("‹secret [^›]{1,80}›")


class Clip(Struct, frozen=True):
    """One text to be copied."""

    text: str
    """As it is sent."""
    made_visible: tuple[str, ...] = ()
    """Pictures in it of characters that act, each once: the text that was meant has the characters."""
    secrets: tuple[str, ...] = ()
    """Names that stand in it for values."""

    @staticmethod
    def of(text: str) -> Clip:
        """What of `text` is sent."""
        lines = text.replace("\r\n", "\n").strip("\n").split("\n")
        safe = "\n".join("\t".join(visible(cell) for cell in line.split("\t")) for line in lines)
        once = (tuple(dict.fromkeys(kind.findall(safe))) for kind in (_MADE_VISIBLE, _SECRET))
        return Clip(safe, *once)

    @property
    def lines(self) -> tuple[str, ...]:
        """Its lines."""
        return tuple(self.text.split("\n"))

    @property
    def is_too_long(self) -> bool:
        """Whether terminals would cut it, or drop it."""
        return len(self.text.encode(errors="replace")) > MOST_COPIED_BYTES

    @property
    def is_plain(self) -> bool:
        """Whether a paste of it is one line, and the one that is meant."""
        return len(self.lines) == 1 and not self.made_visible and not self.secrets

    def warnings(self) -> tuple[str, ...]:
        """What is to be known before it is pasted."""
        told: list[str] = []
        if (count := len(self.lines)) > 1:
            told.append(f"{count} lines (␊): pasted into a shell, each runs as it comes.")
        if self.made_visible:
            found = counted(len(self.made_visible), "kind")
            told.append(f"It has {found} of characters that act or hide ({' '.join(self.made_visible[:8])}): what is")
            told[-1] += " sent has their pictures, as here, and does something else than what is meant."
        if self.secrets:
            told.append(f"{', '.join(self.secrets[:8])} stands for its value, which is not sent.")
        return tuple(told)

    def shown(self) -> tuple[str, ...]:
        """Its lines, each newline to be seen."""
        *rest, last = self.lines
        lines = [*(f"{line}␊" for line in rest), last]
        more = len(lines) - LINES_SHOWN
        return (*lines[:LINES_SHOWN], f"… {counted(more, 'more line')}") if more > 0 else tuple(lines)
