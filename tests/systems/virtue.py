"""Virtue's night for tests: its fast profile, and what its operators enter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from systems.night import Night

from cockpit.demo.virtue.system import System

FAST = Path(__file__).with_name("virtue_fast.toml")
VALUES = {
    "backup_id": "backup-2026-11-21",
    "rollback_backup_id": "backup-before-rollback",
    "former_limit": "40",
    "baseline_response": "240",
    "baseline_users": "118",
    "baseline_tickets": "3",
    "baseline_progress": "480",
    "go": "go",
}
"""By step."""


def virtue_night(system: System, folder: Path, *, values: dict[str, str] | None = None, **options: Any) -> Night:
    """A night of virtue's."""
    return Night(system, folder, profile="virtue", fast=FAST, values={**VALUES, **(values or {})}, **options)
