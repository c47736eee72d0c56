"""Asking the keeper to read probes now: a file that appears in a folder it watches, and that it takes away.

Nothing else may be asked this way: a request to read is no decision and leaves no trace in the log but the readings. A
request that no keeper takes is taken by the next one, which reads everything anyway.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from cockpit.audit import ids
from cockpit.audit.layout import probe_requests
from cockpit.audit.opening import make_folder, opened
from cockpit.errors import KeeperError

PART = ".part"
"""The end of a request's name while it is being written."""


def probe_now(run_dir: Path, probes: Collection[str] = ()) -> None:
    """Have these probes read at once; without any, all regular ones and those that the current gate needs.

    Raises KeeperError if the request cannot be left.
    """
    folder = probe_requests(run_dir)
    try:
        make_folder(folder)
        request = folder / ids.new_id()
        part = request.with_suffix(PART)
        fd = opened(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write("\n".join(probes))
        part.rename(request)
    except OSError as error:
        raise KeeperError(f"the keeper could not be asked to probe: {error.strerror}") from error
