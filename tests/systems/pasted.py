"""What people paste from PPM's runbook, and what the profile does at that place: both run for real.

shell(system, "curl $API/health")       # as in the shell of somebody who follows the runbook
ours(system, "vercel", "deploy")        # what a step of the profile runs; key="undo": what takes it back
seen(system, "api", "trigger")          # what the profile's probes read
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from systems.laying import PROFILES

from cockpit.demo.ppm.host import IMAGE
from cockpit.demo.ppm.system import System
from cockpit.probes.oneshot import read_once
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.model import Step
from cockpit.profile.variables import resolve, secret_values
from cockpit.run.readings import Reading

KINDS = installed()


def shell(system: System, script: str, *, timeout_s: float = 30.0, **env: str) -> subprocess.CompletedProcess[str]:
    """What the runbook has people paste, in the backend's folder, as in a shell that knows where everything is."""
    names = {"API": system.app.url, "DATABASE_URL": system.dsn, "PY": system.environ["PPM_PYTHON"]}
    environ = {**os.environ, **system.environ, **names, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **env}
    command = ["bash", "-c", script]
    return subprocess.run(
        command, cwd=system.backend, capture_output=True, text=True, check=False, timeout=timeout_s, env=environ
    )


def ours(
    system: System, profile: str, step: str, *, key: str = "", environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What a step of the profile runs, with its variables and its environment, as the keeper fills them in."""
    loaded = load(PROFILES / "ppm" / f"{profile}.toml", KINDS).profile
    found: Step = next(each for _, each in loaded.every_step() if each.id == step)
    environ = environ or system.environ
    given = {**resolve(loaded, environ, {}), **secret_values(loaded, environ, {})}
    former = system.hosting.deployments[0]
    given["former_deployment"] = f"{IMAGE}:{former.release}" if system.docker is not None else former.id
    settings: Mapping[str, Any] = found.settings
    env = {name: _filled(value, given) for name, value in settings.get("env", {}).items()}
    what = settings[key] if key else settings.get("script") or settings["argv"]
    if not isinstance(what, str):
        what = subprocess.list2cmdline([_filled(item, given) for item in what])
    return shell(system, f"set -euo pipefail\n{what}", **{**environ, **given, **env})


def _filled(text: str, given: Mapping[str, str]) -> str:
    for name, value in given.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def seen(system: System, *probes: str, profile: str = "vercel", **env: str) -> list[Reading]:
    """What the profile's probes see."""
    environ = {**system.environ, **env}
    loaded = load(PROFILES / "ppm" / f"{profile}.toml", KINDS).profile
    given = {**resolve(loaded, environ, {}), **secret_values(loaded, environ, {})}
    loaded = replace(loaded, probes=tuple(probe for probe in loaded.probes if probe.id in probes))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        results = asyncio.run(read_once(loaded, KINDS, given, PROFILES / "ppm"))
    by_id = {result.probe: result.reading for result in results}
    return [by_id[probe] for probe in probes]
