"""From what an action says to `action.output`: often enough to be followed, and never more than the log can bear.

Invariant: at most one event every `EVERY_S`, at most `PART_BYTES` of text in each and `ALL_BYTES` of an action; what is
told and what is said to be left out add up to what was taken, in order. Pure: it is told the time. What is left out is
in the output's file.
"""

from __future__ import annotations

from cockpit.actions.runner import Output
from cockpit.run.events import ActionOutput
from cockpit.text import shortened, visible

EVERY_S = 0.5
PART_BYTES = 4096
ALL_BYTES = 256 * 1024
PROGRESS_LINES = 20
"""Of a progress view; each is at most `_LINE_LIMIT` characters."""
_LINE_LIMIT = 300


class Outlet:
    """The output of one action, on its way into the log."""

    def __init__(self, action: str) -> None:
        self._action = action
        self._text = ""
        self._skipped = 0
        self._progress: tuple[str, ...] = ()
        self._end = 0
        self._has_news = False
        self._left = ALL_BYTES
        self._told_mono: float | None = None

    def take(self, output: Output) -> None:
        """The action said something; the newest is kept where it is more than can be told."""
        self._skipped += max(0, output.skipped_bytes) + (_size(self._text) if output.skipped_bytes > 0 else 0)
        kept = "" if output.skipped_bytes > 0 else self._text  # what was left out lies after it: it cannot be told
        self._text, cut = _last(kept + visible(output.text, multiline=True), PART_BYTES)
        self._skipped += cut
        self._end = output.end or self._end
        self._has_news |= bool(self._left and (self._text or self._skipped))
        if output.progress is not None:
            progress = tuple(shortened(line, _LINE_LIMIT) for line in output.progress[:PROGRESS_LINES])
            self._has_news |= progress != self._progress
            self._progress = progress

    def due(self, now_mono: float) -> ActionOutput | None:
        """What to tell now, if anything, and not too soon after the last time."""
        if self._told_mono is not None and now_mono - self._told_mono < EVERY_S:
            return None
        return self._told(now_mono)

    def rest(self, now_mono: float) -> ActionOutput | None:
        """What was not told yet: the action has ended. Of a flood, this tells how much it was."""
        self._has_news |= bool(self._text or self._skipped)
        return self._told(now_mono)

    def _told(self, now_mono: float) -> ActionOutput | None:
        if not self._has_news:
            return None
        text, cut = _last(self._text, min(PART_BYTES, self._left))
        event = ActionOutput(
            action=self._action,
            text=text,
            skipped_bytes=self._skipped + cut,
            progress=self._progress,
            end=self._end,
        )
        self._left -= _size(text)
        self._text, self._skipped, self._has_news = "", 0, False
        self._told_mono = now_mono
        return event


def _size(text: str) -> int:
    return len(text.encode("utf-8"))


def _last(text: str, limit: int) -> tuple[str, int]:
    """The end of `text`, at most `limit` bytes of UTF-8, and how many bytes before it were left out."""
    raw = text.encode("utf-8")
    if len(raw) <= limit:
        return text, 0
    kept = raw[len(raw) - limit :].decode("utf-8", "ignore")
    return kept, len(raw) - _size(kept)
