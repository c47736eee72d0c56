"""Go-live for tests: its fast profile, what its operators enter, and its database as text to be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from systems.dumping import dumped
from systems.night import Night

from cockpit.demo.go_live.system import System

FAST = Path(__file__).with_name("go_live_fast.toml")
VALUES = {
    "gdpr_review": "DPIA-2025-11",
    "restored": "38",
    "compliance_applies": "applies",
    "go": "go",
}
"""By step."""
_BESIDES = re.compile(
    r"^INSERT INTO public\.(?:audit_logs|payments|reconciliations|webhook_events) .*(?:\n|\Z)", re.MULTILINE
)


def go_live_night(system: System, folder: Path, *, values: dict[str, str] | None = None, **options: Any) -> Night:
    """A walk of go-live's."""
    return Night(system, folder, profile="go-live", fast=FAST, values={**VALUES, **(values or {})}, **options)


def platform_data(system: System) -> str:
    """Schema, settings and rows of the database, but what tests and tenants left of themselves, which is kept."""
    return _BESIDES.sub("", dumped(system.dsn))


def without(areas: Iterable[str]) -> str:
    """What is laid over the profile to leave areas out."""
    return "".join(f'[[phases]]\nid = "{area}"\nremove = true\n' for area in areas)
