"""A shim is started for every command: what it must not import."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "msgspec",
    "asyncio",
    "inspect",
    "dataclasses",
    "importlib.metadata",
    "tomllib",
    "cockpit.run",
    "cockpit.profile.model",
)


def test_a_shim_imports_nothing_that_it_does_not_need_and_looks_for_garbage_once_it_is_up() -> None:
    code = (
        "import gc, sys, cockpit.actions.shim.__main__\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], gc.isenabled(), gc.get_freeze_count() > 1000)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[] True True"
