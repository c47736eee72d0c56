"""Go-live for tests: its fast profile, what its operators enter, its database as text, one probe or script alone."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from systems.dumping import dumped
from systems.laying import PROFILES, laid_out
from systems.night import Night

from cockpit.demo.go_live.system import System
from cockpit.probes.oneshot import read_once
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.variables import resolve, secret_values
from cockpit.run.readings import Reading

FOLDER = PROFILES / "go-live"

FAST = Path(__file__).with_name("go_live_fast.toml")
VALUES = {
    "gdpr_review": "DPIA-2025-11",
    "restored": "38",
    "compliance_applies": "applies",
    "go": "go",
}
"""By step."""
_BESIDES = re.compile(
    r"^INSERT INTO public\.(?:audit_logs|mfa_challenges|payments|reconciliations|webhook_events) .*(?:\n|\Z)",
    re.MULTILINE,
)
_LOCKS_GONE = """
[[rollbacks]]
id = "all_back"
[[rollbacks.phases]]
id = "ab_undo"
[[rollbacks.phases.steps]]
id = "ab_locks_gone"
remove = true
"""


def go_live_night(system: System, folder: Path, *, values: dict[str, str] | None = None, **options: Any) -> Night:
    """A walk of go-live's."""
    return Night(system, folder, profile="go-live", fast=FAST, values={**VALUES, **(values or {})}, **options)


def platform_data(system: System) -> str:
    """Schema, settings and rows of the database, but what tests and tenants left of themselves, which is kept."""
    return _BESIDES.sub("", dumped(system.dsn))


def without(areas: Iterable[str]) -> str:
    """What is laid over the profile to leave areas out."""
    left = list(areas)
    undoing = _LOCKS_GONE if "database" in left else ""
    return "".join(f'[[phases]]\nid = "{area}"\nremove = true\n' for area in left) + undoing


def looked(system: System, folder: Path, probe: str, **others: str) -> Reading:
    """What the profile's probe says; `others` are variables of the environment that differ."""
    path, environ = folder / "go-live" / "tonight.toml", {**system.environ, **others}
    if not path.exists():
        laid_out("go-live", folder, FAST)
    loaded = load(path, installed(), environ=environ)
    (only,) = [each for each in loaded.profile.probes if each.id == probe]
    values = {**resolve(loaded.profile, environ, {}), **secret_values(loaded.profile, environ, {})}
    changed = type(loaded.profile)(id="x", environment="x", probes=(only,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", environ["PATH"])
        patch.setenv("GO_LIVE_STAND_IN", environ["GO_LIVE_STAND_IN"])
        (found,) = asyncio.run(read_once(changed, installed(), values, path.parent))
    return found.reading


def script(system: System, *arguments: str, run: str = "") -> subprocess.CompletedProcess[str]:
    """A script of the profile, with what its step gives it."""
    named = ("APP_URL", "SERVICE_KEY", "ANON_KEY", "PROVIDER_URL", "PROVIDER_KEY", "MANAGEMENT_URL", "PROJECT")
    given = {name: system.environ[f"GO_LIVE_{name}"] for name in named}
    given |= {"TOKEN": system.environ["GO_LIVE_MANAGEMENT_TOKEN"], "TENANT": "1", "RUN": run}
    command = [sys.executable, "-B", FOLDER / "scripts" / arguments[0], *arguments[1:]]
    env = {**os.environ, **system.environ, **given}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def shell(system: System, text: str) -> int:
    """The exit status of what people would paste."""
    env = {**os.environ, **system.environ, "SUPABASE_ACCESS_TOKEN": system.environ["GO_LIVE_MANAGEMENT_TOKEN"]}
    return subprocess.run(["bash", "-c", text], capture_output=True, check=False, timeout=60, env=env).returncode
