"""The crew: does the deployment's work when a step of the run becomes current, as people at other keyboards would.

It follows the run's log like any screen does and decides nothing. Whatever it does really changes the shop, the
database or the folder; where the chosen fault strikes, it does it wrongly. Each job may be done again (a step can be
reopened).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from cockpit.audit.tail import Tail
from cockpit.demo.database import DatabaseError
from cockpit.demo.faults import FaultName
from cockpit.demo.service import NEW_VERSION, OLD_VERSION, Shop
from cockpit.run.evolve import evolve
from cockpit.run.state import EMPTY, RunState

BACKUP, CREW_LOG, CURRENT = "backup.tsv", "crew.log", "current"
"""Names in the demo's folder: the backup, what the crew did, and the symbolic link to the release in use."""


class Crew:
    """Works on one shop. `speed` 2.0 means twice as fast as people would."""

    def __init__(self, shop: Shop, folder: Path, *, fault: FaultName | None = None, speed: float = 1.0) -> None:
        self._shop = shop
        self._folder = folder
        self._fault = fault
        self._speed = speed
        self._jobs: dict[str, Callable[[], Awaitable[None]]] = {
            "announce": self._announce,
            "backup": self._back_up,
            "maintenance": self._close_shop,
            "drain": self._drain,
            "migrate": self._migrate,
            "rollout": self._roll_out,
            "open": self._open_shop,
            "watch": self._watch,
            "close": self._close,
            "close_again": self._close_again,
            "old_table": self._restore,
            "old_version": self._roll_back,
            "open_again": self._open_shop,
        }
        self.install(OLD_VERSION)

    async def follow(self, run_dir: Path) -> RunState:
        """Work until the run is over, and return how it ended. Raises `LogError` if its log cannot be followed."""
        tail = await asyncio.to_thread(Tail, run_dir)
        state, at_work_on = EMPTY, 0
        try:
            while state.status in ("empty", "live"):
                for entry in await asyncio.to_thread(tail.read):
                    state = evolve(state, entry.event)
                cursor = state.cursor
                if cursor is not None and cursor.step is not None and cursor.opened_seq != at_work_on:
                    at_work_on = cursor.opened_seq
                    await asyncio.to_thread(tail.sync)  # seeing comes before durability
                    await self.work(cursor.step)
                elif state.status in ("empty", "live"):
                    await asyncio.to_thread(tail.wait, 0.5)
        finally:
            tail.close()
        return state

    async def work(self, step: str) -> None:
        """Do the job of one step, if it has one."""
        if job := self._jobs.get(step):
            await self._pause(1.0)
            await job()

    def install(self, version: str) -> None:
        """Put a release into the folder and switch to it."""
        release = self._folder / "releases" / version
        release.mkdir(parents=True, exist_ok=True)
        (release / "VERSION").write_text(version)
        switch = self._folder / "switch"
        switch.unlink(missing_ok=True)
        switch.symlink_to(f"releases/{version}")
        switch.rename(self._folder / CURRENT)
        self._say(f"release {version} is current")

    async def _announce(self) -> None:
        self._say(f"posted: orders will be closed for a few minutes, {NEW_VERSION} is coming")

    async def _back_up(self) -> None:
        backup = self._folder / BACKUP
        part = backup.with_suffix(".part")
        if self._fault == "empty-backup":
            part.write_text("")
        else:
            await asyncio.to_thread(self._shop.database.dump, part)
        part.rename(backup)
        self._say(f"backup written, {backup.stat().st_size} bytes")

    async def _close_shop(self) -> None:
        self._shop.maintenance = True
        self._say("maintenance is on: new orders are turned away")

    async def _drain(self) -> None:
        self._shop.traffic_percent = 0
        self._say("no traffic is let through any more")

    async def _migrate(self) -> None:
        self._say("migration begins")
        await self._pause(1.5)
        try:
            await asyncio.to_thread(self._shop.database.migrate)
        except DatabaseError as error:
            self._say(f"ERROR migration rolled back: {str(error).splitlines()[0]}")
        else:
            self._say(f"migration done, schema {await asyncio.to_thread(self._shop.database.schema_version)}")

    async def _roll_out(self) -> None:
        self.install(NEW_VERSION)
        self._shop.is_slow = self._fault == "slow-api"
        self._shop.loses_orders = self._fault == "errors-after-rollout"
        self._say("the service restarts")
        version = OLD_VERSION if self._fault == "version-mismatch" else NEW_VERSION
        await self._shop.restart(version, away_s=2.5 / self._speed)
        self._say("the service is up")

    async def _open_shop(self) -> None:
        self._shop.maintenance = False
        for percent in (25, 50, 100):
            self._shop.traffic_percent = percent
            self._say(f"{percent} % of the traffic is let through")
            await self._pause(1.0)

    async def _watch(self) -> None:
        self._say("watching the first minutes")

    async def _close(self) -> None:
        self._say(f"posted: {NEW_VERSION} is out, orders are open")

    async def _close_again(self) -> None:
        await self._close_shop()
        await self._drain()

    async def _restore(self) -> None:
        try:
            await asyncio.to_thread(self._shop.database.restore, self._folder / BACKUP)
        except DatabaseError as error:
            self._say(f"ERROR backup not restored: {str(error).splitlines()[0]}")
        else:
            self._say(f"backup restored, schema {await asyncio.to_thread(self._shop.database.schema_version)}")

    async def _roll_back(self) -> None:
        self.install(OLD_VERSION)
        self._shop.is_slow = self._shop.loses_orders = False
        self._say("the service restarts")
        await self._shop.restart(OLD_VERSION, away_s=2.5 / self._speed)
        self._say("the service is up")

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

    def _say(self, what: str) -> None:
        with (self._folder / CREW_LOG).open("a") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {what}\n")
