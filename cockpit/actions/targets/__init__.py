"""Targets: the systems that are acted on, and who they prove to be.

Invariant: asking never changes anything, comes back within its time, and no sentence that it gives holds a secret. What
the profile does not declare is not compared, but is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, assert_never

from msgspec import Struct

from cockpit.profile.model import Target

Verdict = Literal["match", "mismatch", "unreachable"]


class Identity(Struct, frozen=True, kw_only=True):
    """Who a target is, compared with what the profile declares."""

    identity: dict[str, str]
    """postgres: `database`, `system_identifier`, …; kubernetes: `context`, `server`, `namespace`, …"""
    verdict: Verdict
    detail: str = ""
    """One visible sentence: what differs, or why it cannot be asked."""


async def identify(target: Target, timeout_s: float, base_dir: Path | None = None) -> Identity:
    """Ask the target who it is. Never raises for what the target says or does not.

    References in it are filled in. A relative path of a kubeconfig starts at `base_dir`, the profile's folder.
    """
    match target.kind:
        case "postgres":
            from cockpit.actions.targets import postgres  # the driver is loaded only where it is needed

            return await postgres.identify(target, timeout_s)
        case "kubernetes":
            from cockpit.actions.targets import kubernetes

            return await kubernetes.identify(target, timeout_s, base_dir)
        case _:
            assert_never(target.kind)
