"""The scheduler's launch for tests: fast profiles, what its operators enter, its database as text to be compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from systems.dumping import dumped
from systems.laying import PROFILES
from systems.night import Night

from cockpit.demo.scheduler.app import ORIGIN
from cockpit.demo.scheduler.engine import NEW_IMAGE, RUNNING, Container, Image
from cockpit.demo.scheduler.system import ACCESS_SECRET, REFRESH_SECRET, System
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.variables import resolve, secret_values

FOLDER = PROFILES / "scheduler"
FAST, ROLLOUT_FAST, FULL_FAST = (
    Path(__file__).with_name(f"scheduler_{name}.toml") for name in ("fast", "rollout_fast", "full_fast")
)
ADMIN_SQL = [each for each in (FOLDER / "sql" / "03_initial_admin.sql").read_text().split(";\n") if each.strip()]
"""The statements of the step that makes the first administrator."""
VALUES = {"go": "go", "pilots": "pilot-one,pilot-two", "week_1_run": "01M7Y93MAAAA", "rollout_run": "01M7Y93MBBBB"}
"""By step."""
_LOGINS = re.compile(r"^INSERT INTO public\.login_attempts .*\n", re.MULTILINE)


def scheduler_night(system: System, folder: Path, *, fast: Path = FAST, **options: Any) -> Night:
    """A run of one of the stages."""
    return Night(system, folder, profile="scheduler", fast=fast, values=VALUES, **options)


def data(system: System) -> str:
    """Schema, settings and rows of the database, but who tried to log in."""
    return _LOGINS.sub("", dumped(system.direct_dsn) + "\n")


def launched(system: System) -> None:
    """Week 1 is over: version 1.0 runs on its schema, with an administrator and two pilot organizations."""
    for name in ("01_schema.sql", "02_indexes.sql"):
        text = (FOLDER / "sql" / name).read_text()
        for statement in [text] if name.startswith("01") else _each(text):
            system.execute(statement)
    system.execute("insert into users (email, \"passwordHash\", role) values ('admin', 'none', 'admin')")
    system.execute(
        'insert into organizations (name, slug, enabled, "approvedAt", "launchStage") '
        "select slug, slug, true, now(), 'pilot' from unnest(array['pilot-one', 'pilot-two']) slug"
    )
    started(system)


def started(system: System) -> Container:
    """Version 1.0 runs instead of 0.9, whatever the schema is."""
    system.engine.containers.clear()
    env = {"JWT_SECRET": ACCESS_SECRET, "JWT_REFRESH_SECRET": REFRESH_SECRET, "CORS_ORIGIN": ORIGIN}
    image = system.engine.images.setdefault(NEW_IMAGE, Image(NEW_IMAGE, user="node"))
    container = Container("f" * 64, RUNNING, image, env, user="node", memory=512 * 2**20, nano_cpus=10**9)
    container.state = "running"
    system.engine.containers[container.id] = container
    return container


def asked(
    system: System, method: str, path: str, given: object = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of an answer of the application."""
    body = None if given is None else json.dumps(given).encode()
    request = urllib.request.Request(system.app.url + path, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, dict(answer.headers), json.loads(answer.read() or b"null")


def _each(script: str) -> list[str]:
    """The statements of a script whose only `;` within a statement are those of a DO block."""
    before, block, after = re.split(r"(do \$\$.*?\$\$;)", script, flags=re.DOTALL)
    return [each for each in [*before.split(";"), block, *after.split(";")] if re.sub(r"--.*", "", each).strip()]


def ours(system: System, step: str, profile: str = "production", **others: str) -> subprocess.CompletedProcess[str]:
    """What a step's command does, run as the keeper runs it, but without a run."""
    environ = {**system.environ, **others}
    loaded = load(FOLDER / f"{profile}.toml", installed()).profile
    given = {**resolve(loaded, environ, {}), **secret_values(loaded, environ, {}), "run.id": "01M7Y93MTEST"}
    settings: Mapping[str, Any] = next(each for _, each in loaded.every_step() if each.id == step).settings
    env = {name: _filled(value, given) for name, value in settings.get("env", {}).items()}
    script = settings.get("script")
    argv = ["bash", "-euo", "pipefail", "-c", script] if script else [_filled(each, given) for each in settings["argv"]]
    env = {**os.environ, **environ, **env}
    return subprocess.run(argv, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=60, env=env)


def _filled(text: str, given: Mapping[str, str]) -> str:
    for name, value in given.items():
        text = text.replace(f"${{{name}}}", value)
    return text
