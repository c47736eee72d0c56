"""One log, walked once, for the lines that somebody asked for: what `cockpit export` writes.

Invariant: what is handed out are the log's own bytes, in order, of lines that count. Memory does not grow with the log;
bodies are decoded only where what is asked for stands in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cockpit.audit.line import decode
from cockpit.audit.walking import Walk
from cockpit.report.search.filtering import Asked, Filter


class Search:
    """What was asked for, of one log."""

    def __init__(self, walk: Walk, asked: Asked, begins: Callable[[Filter], None] | None = None) -> None:
        """`begins` is told the filter before anything is handed out."""
        self.walk = walk
        self.found = 0
        """Lines handed out so far."""
        self.filter: Filter | None = None
        """Known from the first line on, if anything was asked for."""
        self._asked, self._begins = asked, begins

    def lines(self) -> Iterator[list[bytes]]:
        """Some lines at a time, newlines included.

        Raises ValueError for a zone that is none, and LogDamaged for a first line that does not tell of its run.
        """
        for batch in self.walk.batches():
            if self.filter is None and batch and not self._asked.is_everything:
                self.filter = Filter(self._asked, decode(batch[0][1], line=1))
                if self._begins is not None:
                    self._begins(self.filter)
            if self.filter is None:
                found = [raw + b"\n" for _, raw in batch]
            else:
                found = [raw + b"\n" for line, raw in batch if self.filter.matches(line)]
            self.found += len(found)
            yield found
