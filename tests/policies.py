"""The policy of people in tests: what a profile executes is noted at its first use, and nobody is asked."""

from __future__ import annotations

import os
from pathlib import Path


def let_note(config: Path, uid: int | None = None) -> None:
    """Write a user's own policy into a folder such as `~/.config`, for a user other than this one by its id."""
    folder = config / "cockpit"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.toml").write_text('first_use = "note"\n')
    if uid is not None:
        for path in (config, folder, folder / "policy.toml"):
            os.chown(path, uid, uid)
