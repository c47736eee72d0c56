"""Releases as they lie on the application's host: a folder each, and `current`, which points to the one that is served.

releases/
  2026.01.3/   eventBroadcaster.ts  commissions.ts  .env
  2026.02.0/   eventBroadcaster.ts  commissions.ts  .env
  current -> 2026.01.3
  restart.txt  whoever touches it has the services restarted
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

PREVIOUS, RELEASE = "2026.01.3", "2026.02.0"
RESTART = "restart.txt"
_FILES = {
    PREVIOUS: {
        "eventBroadcaster.ts": "export const deliver = (event) => channel.send(event)\n",
        "commissions.ts": "export const commission = (w) => insert({ clinic_id: w.clinic_id, cents: w.cents })\n",
        ".env": "NODE_ENV=production\nLOG_LEVEL=info\nREALTIME_URL=wss://realtime.bn-aura.invalid\n",
    },
    RELEASE: {
        "eventBroadcaster.ts": (
            "export const deliver = (event) => channel.send(event).catch(() => fallback(event))\n"
            "const fallback = (event) => outbox.push(event)  // whoever polls gets it from there\n"
        ),
        "commissions.ts": (
            "export const commission = (w) => insert({ clinic_id: w.clinic_id, cents: w.cents, workflow_id: w.id })\n"
        ),
        ".env": (
            "NODE_ENV=production\nLOG_LEVEL=info\nREALTIME_URL=wss://realtime.bn-aura.invalid\nFALLBACK_POLL_MS=2000\n"
        ),
    },
}


class Served(Struct, frozen=True):
    """What the services read when they started."""

    release: str
    has_fallback: bool
    """Events that realtime does not deliver reach whoever polls."""
    links_commissions: bool
    """Commissions are written with their workflow."""


def lay_out(folder: Path) -> None:
    """Put both releases there, the previous one being served."""
    for release, files in _FILES.items():
        (folder / release).mkdir(parents=True)
        for name, text in files.items():
            (folder / release / name).write_text(text)
    (folder / RESTART).touch()
    (folder / "current").symlink_to(PREVIOUS)


def read(folder: Path) -> Served:
    """What services that start now would serve."""
    current = folder / "current"
    return Served(
        release=current.resolve().name,
        has_fallback="fallback" in (current / "eventBroadcaster.ts").read_text(),
        links_commissions="workflow_id" in (current / "commissions.ts").read_text(),
    )


def restarted_at(folder: Path) -> int:
    """When a restart was asked for last, ns."""
    return (folder / RESTART).stat().st_mtime_ns
