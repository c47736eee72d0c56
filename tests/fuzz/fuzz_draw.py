"""Values drawn from bytes, so that one function serves two engines: one invents bytes by coverage, the other by chance.

Invariant: the same bytes give the same values, whatever is asked for. Where the bytes end, everything is zero, empty or
the first; so a shorter input is a simpler one, and nothing ever raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attacks import ATTACKS

T = TypeVar("T")

TEXTS = (
    "", "a", "0", "-1", "1e400", "null", "${secret}", "$$", "a b", "'", '"', "\\", "\n", "é", "\U0001f4a9", "\ud800",
    "--help", "../../etc/passwd", "/dev/stdin", "x" * 300, "[click](javascript:1)", "[@click=app.quit]x[/]", "%s",
    *(text if isinstance(text, str) else str(text) for text in ATTACKS.values()),
)  # fmt: skip
"""What is often asked about: values that mean something to a shell, a template, a terminal, a parser."""
NUMBERS = (0, 1, -1, 2, 7, 60, 100, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 2**64, 10**40)
DOUBLES = (0.0, -0.0, 1.5, -1.0, 1e308, 5e-324, 1e15, 0.1)


class Draw:
    """A place in some bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        """Whether there is anything left."""
        return self._at < len(self._data)

    def byte(self) -> int:
        """0 to 255."""
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1]

    def number(self, most: int) -> int:
        """0 to `most`, both of them."""
        if most < 256:
            return self.byte() % (most + 1)
        return (self.byte() << 16 | self.byte() << 8 | self.byte()) % (most + 1)

    def chance(self, of: int = 2) -> bool:
        """True once in `of` times; false once the bytes are over."""
        return self.byte() % of == 1

    def pick(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[self.number(len(options) - 1)]

    def bytes(self, most: int) -> bytes:
        """Up to `most` bytes as they are."""
        length = self.number(min(most, 65535))
        taken = self._data[self._at : self._at + length]
        self._at += len(taken)
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        taken, self._at = self._data[self._at :], len(self._data)
        return taken

    def text(self, most: int = 200, *, surrogates: bool = False) -> str:
        """One of `TEXTS`, or text of up to `most` bytes; with `surrogates` perhaps one that is no Unicode."""
        found = self.bytes(most).decode("utf-8", "replace") if self.chance() else self.pick(TEXTS)
        return found if surrogates else found.encode("utf-8", "replace").decode()

    def value(self, depth: int = 3) -> object:
        """Anything JSON has."""
        match self.byte() % (9 if depth else 6):
            case 0:
                return None
            case 1:
                return self.chance()
            case 2:
                return self.pick(NUMBERS)
            case 3:
                return self.number(1 << 20)
            case 4:
                return self.pick(DOUBLES)
            case 5:
                return self.text()
            case 6:
                return [self.value(depth - 1) for _ in range(self.number(4))]
            case _:
                return {self.text(20): self.value(depth - 1) for _ in range(self.number(4))}
