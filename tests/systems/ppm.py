"""PPM's deployment for tests: its fast profile on any platform, and what its operators enter."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from systems.laying import PROFILES
from systems.night import Night

from cockpit.demo.ppm.host import IMAGE
from cockpit.demo.ppm.hosting import Platform
from cockpit.demo.ppm.system import System

FAST = Path(__file__).with_name("ppm_fast.toml")
TEST_USER = "deploy-test@a.io"
ADMIN_TO_BE = "00000000-0000-4000-8000-000000000001"


def values(system: System) -> dict[str, str]:
    """What is entered, by step."""
    serving = system.hosting.serving
    assert serving is not None
    former = f"{IMAGE}:{serving.release}" if system.hosting.platform == "docker" else serving.id
    return {"backup_id": "backup-1", "former_deployment": former, "test_user": TEST_USER}


@contextmanager
def system_on(platform: Platform, folder: Path, admin_dsn: str) -> Iterator[System]:
    """The stand-in on a platform."""
    system = System(folder, admin_dsn, platform)
    try:
        yield system
    finally:
        system.close()


def fast_maintenance(profile: str, folder: Path) -> Path:
    """A fast file for `daily` or `weekly`, which have what base.toml watches and nothing else."""
    base = tomllib.loads((PROFILES / "ppm" / "base.toml").read_text())
    often = "".join(
        f'[[probes]]\nid = "{probe["id"]}"\ninterval = "2s"\ntimeout = "1s"\n'
        for probe in base["probes"]
        if not probe.get("on_demand")
    )
    path = folder / f"fast_{profile}.toml"
    path.write_text(f'extends = "{profile}.toml"\nenvironment = "stand_in"\nrequests_per_s = 100\n{often}')
    return path


def fast_on(platform: Platform, folder: Path) -> Path:
    """The fast walk on another platform than Vercel."""
    path = folder / f"fast_{platform}.toml"
    path.write_text(FAST.read_text().replace('"vercel.toml"', f'"{platform}.toml"'))
    return path


SLIM = "".join(
    f'[[phases]]\nid = "{phase}"\n' + "".join(f'[[phases.steps]]\nid = "{step}"\nremove = true\n' for step in steps)
    for phase, steps in {
        "preparation": ("error_reports", "tests", "scripts", "backup", "backup_id"),
        "migrating": ("migration_status", "sync_foretold"),
        "verifying": ("sync_status", "admin_works", "trigger_works", "fast_enough"),
    }.items()
)
"""Without steps that a test of the way back has no need of."""


def ppm_night(system: System, folder: Path, *, fast: Path = FAST, **options: object) -> Night:
    """A deployment's run."""
    given = options.pop("values", {})
    assert isinstance(given, dict)
    return Night(system, folder, profile="ppm", fast=fast, values={**values(system), **given}, **options)  # type: ignore[arg-type]
