"""The profile of a demo's night: shipped files, and over them where the system listens and a window around now.

All of it is written into the demo's folder, which is gone when the demo is.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tomli_w

from cockpit.demo.standing import Kind
from cockpit.demo.system import System
from cockpit.profile.shipped import folder_of

SHOP = Path(__file__).parent / "profile"
"""The shop's profile as shipped: `shop.toml`, and `shop_postgres.toml` which extends it."""
_TONIGHT = "tonight.toml"


def of_shop(folder: Path, system: System) -> Path:
    """The shop's profile with tonight's addresses."""
    for shipped in SHOP.glob("*.toml"):
        shutil.copyfile(shipped, folder / shipped.name)
    where = {
        "service": system.service,
        "service_port": str(system.service_port),
        "platform": system.platform,
        "folder": str(folder),
        **({"database": system.postgres} if system.postgres else {}),
    }
    tonight: dict[str, object] = {
        "extends": "shop_postgres.toml" if system.postgres else "shop.toml",
        "window": _window(before_min=10, length_min=60),
        "variables": {name: {"value": text} for name, text in where.items()},
    }
    return _written(folder, tonight)


def of_standing(folder: Path, kind: Kind) -> Path:
    """A stand-in's profile: its shipped folder, `demo.toml` beside it, tonight's window over that.

    Where the system is comes from the environment, as it does in earnest.
    """
    copy = folder / "profile" / kind.name
    shutil.copytree(folder_of(kind.name), copy)
    shutil.copyfile(kind.folder / "demo.toml", copy / "demo.toml")
    # Long enough for a way back and a reserve that are meant for a real night.
    window = {**_window(before_min=10, length_min=360), "days": []}
    return _written(copy, {"extends": "demo.toml", "window": window})


def _window(*, before_min: int, length_min: int) -> dict[str, object]:
    start = datetime.now(UTC).replace(microsecond=0, second=0) - timedelta(minutes=before_min)
    return {"start": start.isoformat(), "end": (start + timedelta(minutes=length_min)).isoformat()}


def _written(folder: Path, tonight: dict[str, object]) -> Path:
    path = folder / _TONIGHT
    path.write_text("# Made by `cockpit demo`: where the system is, a window around now.\n" + tomli_w.dumps(tonight))
    return path
