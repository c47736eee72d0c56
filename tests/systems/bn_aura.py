"""BN-Aura's night for tests: its fast profile, what its operators enter, and its database as text to be compared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from systems.dumping import dumped
from systems.night import Night

from cockpit.demo.bn_aura.system import System

FAST = Path(__file__).with_name("bn_aura_fast.toml")
VALUES = {
    "load_p95": "640",
    "backup_digest": "3f9a0c51d2e8",
    "issues": "none",
    "ab_column": "goes",
}
"""By step."""
SOON = "".join(
    f'[[phases]]\nid = "{phase}"\nremove = true\n\n'
    for phase in (
        "announcement",
        "database_verification",
        "authentication",
        "performance",
        "environment",
        "certification",
    )
)
"""Without the steps of the days before."""
_BESIDES = re.compile(r"^(?:INSERT INTO (?:auth\.(?:users|sessions)|public\.audit_logs) .*)\n", re.MULTILINE)


def bn_aura_night(system: System, folder: Path, *, values: dict[str, str] | None = None, **options: Any) -> Night:
    """A night of BN-Aura's."""
    return Night(system, folder, profile="bn-aura", fast=FAST, values={**VALUES, **(values or {})}, **options)


def clinics_data(system: System) -> str:
    """Schema, settings and rows of the database, but who logged in and what the audit log noted about it."""
    return _BESIDES.sub("", dumped(system.dsn))
