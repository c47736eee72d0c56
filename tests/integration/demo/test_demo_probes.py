"""The demo's profile against the demo's system: every probe reads something real, and turns when the system changes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest
from demo_place import demo_place
from looks import PATIENCE_S

from cockpit.demo import launch
from cockpit.probes.oneshot import read_once
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.variables import resolve
from cockpit.run.readings import Reading


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[launch.Demo]:
    with demo_place(monkeypatch):
        yield launch.start()


async def readings(demo: launch.Demo) -> dict[str, Reading]:
    profile = load(demo.folder / "tonight.toml", installed()).profile
    results = await read_once(profile, installed(), resolve(profile, os.environ, {}), demo.folder)
    return {result.probe: result.reading for result in results}


async def test_before_the_deployment_all_is_well_but_the_backup(demo: launch.Demo):
    # a backup that is not there is a failing probe, and what the first gate after it waits for
    is_well = False
    async with asyncio.timeout(PATIENCE_S):
        while not is_well:  # on a busy machine an answer may take too long
            seen = await readings(demo)
            others = {name: reading.status for name, reading in seen.items() if reading.status != "pass"}
            is_well = seen["connections"].value == 8 and others == {"backup": "fail"}
    assert {name: seen[name].value for name in ("version", "release_on_disk", "schema", "maintenance", "traffic")} == {
        "version": "1.4.2",
        "release_on_disk": "1.4.2",
        "schema": 6,
        "maintenance": False,
        "traffic": 100,
    }
    assert ("currency_column" in seen) == (demo.remark == "")
