"""What was imported of a real runbook is rehearsed, by keys, in a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import importing_claims as claims
import pytest
from terminal import Terminal

RUNBOOKS = Path(__file__).parents[3] / "shared" / "runbooks"
NAMES = ("bn-aura-unified-workflow", "go-live-checklist", "ppm-user-synchronization", "scheduler-mvp")


@pytest.mark.parametrize("name", [*NAMES, "virtue-organizational-model"])
def test_an_imported_runbook_is_rehearsed(name, tmp_path):
    source = RUNBOOKS / f"{name}.md"
    if not source.exists():
        pytest.skip("../shared/runbooks is absent")
    made = claims.import_text(source.read_bytes(), source.name)
    profile = tmp_path / "imported.toml"
    profile.write_text(made.toml)
    given = {each.env: "http://127.0.0.1:9" for each in made.profile.variables if each.env and each.default is None}
    env = os.environ | given | {"COCKPIT_RUNS": str(tmp_path / "runs"), "TERM": "xterm-256color"}
    argv = [sys.executable, "-m", "cockpit.cli", "rehearse", str(profile), "--despite", "a test", "--yes"]
    first = made.profile.steps()[0]
    step = first[-1] if isinstance(first, tuple) else first
    with Terminal(argv, env=env) as screen:
        screen.wait_for("REHEARSAL")
        screen.wait_for(" ".join(step.title.split()[:2]))
