"""The profiles that come with cockpit: in the wheel beside the package's code, in a checkout at its top.

Each is a folder of TOML and the files that it names; a copy of the folder is a start for one's own.
"""

from __future__ import annotations

from pathlib import Path

import cockpit
from cockpit.errors import RunError
from cockpit.text import visible

_PACKAGE = Path(cockpit.__file__).parent
_PLACES = (_PACKAGE / "profiles", _PACKAGE.parent / "profiles")
"""In the wheel, and in a checkout."""


def names() -> list[str]:
    """Every shipped profile, by the name of its folder."""
    top = _top()
    return sorted(path.name for path in top.iterdir() if any(path.glob("*.toml"))) if top else []


def folder_of(name: str) -> Path:
    """The folder of a shipped profile. Raises RunError, which lists the known ones."""
    top = _top()
    if top is None or name not in names():
        known = ", ".join(names()) or "none: this installation is without them"
        raise RunError(f"no profile `{visible(name)}` comes with cockpit", hint=f"there are: {known}")
    return top / name


def described(name: str) -> str:
    """What a shipped profile is about: the first line of its base file, without what every such line has."""
    for file in ("base.toml", "production.toml"):
        path = folder_of(name) / file
        if path.exists():
            first = path.read_text().split("\n", 1)[0]
            return first.removeprefix("#").strip().rstrip(".")
    return ""


def _top() -> Path | None:
    return next((place for place in _PLACES if place.is_dir()), None)
