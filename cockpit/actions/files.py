"""The files that a step names: their digests, fixed when the run begins and compared before anything is done.

Paths are relative to the profile's folder; see `contents` for what counts as a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cockpit.errors import ActionError
from cockpit.profile.contents import CURE, Unreadable, differs, digest_of
from cockpit.profile.named_files import files_of as files_of
from cockpit.text import shortened


def digests(files: Iterable[str], base_dir: Path) -> dict[str, str]:
    """The SHA-256 (hex) of each file, by its name as written. Raises ActionError for the first that is unreadable."""
    try:
        return {name: digest_of(name, base_dir) for name in files}
    except Unreadable as error:
        raise ActionError(str(error)) from error


def changed(files: Iterable[str], base_dir: Path, frozen: Mapping[str, str]) -> str:
    """Which files are not what they were when `frozen` was made, and what to do; an empty text if all are."""
    said = []
    for name in files:
        if name not in frozen:
            said.append(f"`{shortened(name, 120)}` was not fixed when the run began")
        elif difference := differs(name, base_dir, frozen[name]):
            said.append(difference)
    return "; ".join((*said, CURE)) if said else ""
