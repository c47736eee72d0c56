"""Virtue's night for tests: its fast profile, and what its operators enter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from systems.dumping import dumped
from systems.night import Night

from cockpit.demo.virtue.app import OLD_IMAGE
from cockpit.demo.virtue.system import FLAGS, System
from cockpit.run.state import RunState

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


def is_as_before(system: System, before: str) -> None:
    """The database, the cluster and the application are as they were before the night."""
    assert dumped(system.dsn) == before
    assert (system.cluster.image, system.cluster.replicas) == (OLD_IMAGE, 3)
    assert set(system.cluster.pods().values()) == {OLD_IMAGE}
    assert system.cluster.data("feature-flags") == dict.fromkeys(FLAGS, "false")
    assert system.cluster.data("app-config") == {"MAINTENANCE_MODE": "false"}


def failed(step: str) -> Callable[[RunState], bool]:
    """Whether a step is current whose action failed."""

    def is_so(state: RunState) -> bool:
        at = state.cursor is not None and state.cursor.step == step
        return at and state.action is not None and state.action.status == "failed"

    return is_so
