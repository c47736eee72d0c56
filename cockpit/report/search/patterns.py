"""Patterns that people search logs with.

Invariant: no pattern and no text makes a search take longer than the text is long: RE2 knows no backtracking, and its
syntax is that of conditions' `matches`. Memory of a pattern is bounded.
"""

from __future__ import annotations

from cockpit.text import shortened

MEMORY_BYTES = 8 << 20


class Pattern:
    """A regular expression in RE2's syntax, or a text as it is."""

    def __init__(self, text: str, *, ignore_case: bool = False, is_fixed: bool = False) -> None:
        """Raises ValueError, whose text is a sentence, for what is no regular expression."""
        import re2  # few commands search

        options = re2.Options()
        options.max_mem = MEMORY_BYTES
        options.log_errors = False
        options.literal = is_fixed
        options.case_sensitive = not ignore_case
        try:
            self._regexp = re2.compile(text.encode(), options)
        except UnicodeEncodeError as error:
            raise ValueError("the pattern is not UTF-8") from error
        except re2.error as error:
            raise ValueError(
                f"`{shortened(text, 60)}` is no regular expression as RE2 has them: {_why(error)}"
            ) from error

    def place(self, raw: bytes) -> tuple[int, int] | None:
        """Where it is first found in UTF-8 text, as byte offsets from and to; None if it is not there."""
        found = self._regexp.search(raw)
        return None if found is None else found.span()

    def is_in(self, text: str) -> bool:
        """Whether it is found in a text."""
        return self._regexp.search(text.encode(errors="replace")) is not None


def _why(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return shortened(told.decode(errors="replace") if isinstance(told, bytes) else str(told), 200)
