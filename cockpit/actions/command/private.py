"""Where the credentials of a command lie while it runs: with its user, not with the run, which a group may share.

    $XDG_STATE_HOME/cockpit/private/<run>.<action>.kubeconfig   0600, in a folder of this user alone

Invariant: who may write in a run's folder can neither read these nor put others in their place. (A kubeconfig names the
programs that kubectl starts.)
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cockpit.errors import ActionError
from cockpit.text import visible


def private_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_STATE_HOME/cockpit/private`, else `~/.local/state/cockpit/private`."""
    state = environ.get("XDG_STATE_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    home = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    return home / "cockpit" / "private"


def kubeconfig_path(run_dir: Path, action: str) -> Path:
    """Of one action of a run."""
    return private_folder() / f"{run_dir.name}.{action}.kubeconfig"


def make_private_folder() -> None:
    """Make it, or see that it is this user's alone. Raises ActionError."""
    folder = private_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise ActionError(f"{visible(str(folder))} cannot be made: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ActionError(
            f"{visible(str(folder))}, where a kubeconfig is to lie, is not a folder of this user alone",
            hint=f"remove it: rm -r {visible(str(folder))}",
        )
