"""A shipped profile laid out for a test: a copy of its folder, the fast file, a window that has just begun."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

PROFILES = Path(__file__).parents[2] / "profiles"


def laid_out(profile: str, folder: Path, fast: Path, more: str = "", *, window_h: float = 6.0) -> Path:
    """Path of the file to run: `tonight.toml`, which extends `fast` in a copy of profiles/PROFILE under `folder`.

    `more` is TOML laid over it: keys first, then tables. If it has a `[window]`, none is added.
    """
    copy = folder / profile
    shutil.copytree(PROFILES / profile, copy)
    shutil.copyfile(fast, copy / "fast.toml")
    start = datetime.now(UTC) - timedelta(minutes=1)
    times = (f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in (start, start + timedelta(hours=window_h)))
    window = "" if "[window]" in more else '\n[window]\ndays = []\nstart = "{}"\nend = "{}"\n'.format(*times)
    (copy / "tonight.toml").write_text(f'extends = "fast.toml"\n{more}\n{window}')
    return copy / "tonight.toml"
