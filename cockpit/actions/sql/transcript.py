"""What SQL says while it runs: whole in the output file, in portions to the screen.

Invariant: everything is masked, then made visible, before it leaves here; what the screen does not get is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cockpit.actions.runner import OnOutput, Output
from cockpit.actions.shim.capture import LogFile, Written
from cockpit.audit.opening import make_folder
from cockpit.masking.mask import Mask
from cockpit.text import shortened, visible

_HEAD_BYTES = 8 * 1024 * 1024
_TAIL_BYTES = 1024 * 1024
_PORTION_BYTES = 4096
_SCREEN_BYTES = 256 * 1024
"""In all."""
_LINE = 300


class Transcript:
    """The output of one action."""

    def __init__(self, path: Path, mask: Mask, on_output: OnOutput) -> None:
        """Raises OSError if the file cannot be made."""
        make_folder(path.parent)
        self._file = LogFile(str(path), _HEAD_BYTES, _TAIL_BYTES)
        self._mask = mask
        self._on_output = on_output
        self._unsaid = ""
        self._pending = ""
        self._skipped_bytes = 0
        self._room_bytes = _SCREEN_BYTES
        self._progress: tuple[str, ...] = ()
        self._told: tuple[str, ...] = ()

    def clean(self, text: str) -> str:
        """Text without secrets, for what is cut afterwards."""
        return self._mask.text(text)

    def clean_lines(self, texts: Sequence[str]) -> list[str]:
        """The same of texts one below the other, of which a secret may take several."""
        return self._mask.lines(texts)

    def clean_value(self, value: object) -> object:
        """The same of what conditions take."""
        return self._mask.value(value)

    def say(self, text: str) -> None:
        """One or more whole lines, each ending in a newline. A private key is waited for until it ends."""
        self._unsaid += text
        if not self._mask.ends_in_key(self._unsaid):
            self._let_go()

    def _let_go(self) -> None:
        safe, self._unsaid = visible(self._mask.text(self._unsaid), multiline=True), ""
        self._file.write(safe.encode())
        self._pending += safe
        if len(self._pending) > 2 * _PORTION_BYTES:  # bounded between two looks
            self._cut_pending()

    def progress(self, lines: Sequence[str]) -> None:
        """What stands in place of the last progress."""
        self._progress = tuple(shortened(self._mask.text(line), _LINE) for line in lines)

    def flush(self) -> None:
        """Hand on what was said since the last time; at most 4 KiB of text, the latest."""
        self._cut_pending()
        if self._pending or self._progress != self._told or self._skipped_bytes:
            progress = self._progress if self._progress != self._told else None
            self._on_output(Output(text=self._pending, skipped_bytes=self._skipped_bytes, progress=progress))
        self._room_bytes -= len(self._pending.encode())
        self._pending, self._skipped_bytes, self._told = "", 0, self._progress

    def close(self) -> Written:
        """Hand on the rest, and close the file."""
        self._let_go()
        self._progress = ()
        self.flush()
        return self._file.close()

    def _cut_pending(self) -> None:
        content = self._pending.encode()
        room = min(_PORTION_BYTES, self._room_bytes)
        if len(content) > room:
            kept = content[len(content) - room :]
            line_start = kept.find(b"\n") + 1  # a portion begins with a whole line, if there is one
            kept = kept[line_start:] if 0 < line_start < len(kept) else kept
            self._pending = kept.decode(errors="ignore")
            self._skipped_bytes += len(content) - len(self._pending.encode())
