"""The crew's work on a real shop: what each step changes, and what each fault spoils."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from looks import PATIENCE_S

from cockpit.demo.crew import BACKUP, CREW_LOG, CURRENT, Crew
from cockpit.demo.customers import CUSTOMERS, shop_for_ever
from cockpit.demo.database import open_sqlite
from cockpit.demo.faults import FAULTS, FaultName
from cockpit.demo.service import Shop
from cockpit.demo.web import LOOPBACK

SPEED = 50.0
Scene = Callable[[FaultName | None], AbstractAsyncContextManager[tuple[Shop, Crew]]]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    @asynccontextmanager
    async def build(fault: FaultName | None = None) -> AsyncIterator[tuple[Shop, Crew]]:
        database = open_sqlite(tmp_path / "shop.db")
        database.seed(20, with_unknown_region=fault == "migration-fails")
        shop = Shop(database)
        await shop.open()
        customers = [asyncio.create_task(shop_for_ever(shop, number)) for number in range(CUSTOMERS)]
        try:
            yield shop, Crew(shop, tmp_path, fault=fault, speed=SPEED)
        finally:
            for customer in customers:
                customer.cancel()
            await asyncio.gather(*customers, return_exceptions=True)
            await shop.close()
            database.close()

    return build


async def ask(port: int, path: str) -> dict[str, object]:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readuntil(b"Content-Length: ")
    length = int(await reader.readline())
    await reader.readline()
    body = await reader.readexactly(length)
    writer.close()
    return json.loads(body)


async def until(shop: Shop, holds: Callable[[dict], bool]) -> dict[str, object]:
    async with asyncio.timeout(PATIENCE_S):
        while not holds(metrics := await ask(shop.platform.port, "/metrics")):  # noqa: ASYNC110 - HTTP has no events
            await asyncio.sleep(0.02)
    return metrics


async def test_the_whole_deployment_really_happens(scene: Scene, tmp_path: Path):
    async with scene(None) as (shop, crew):
        await until(shop, lambda m: m["connections"] == CUSTOMERS and m["orders_per_s"] > 0)
        assert (tmp_path / CURRENT / "VERSION").read_text() == "1.4.2"
        await crew.work("backup")
        assert (tmp_path / BACKUP).stat().st_size > 0
        await crew.work("maintenance")
        await crew.work("drain")
        await until(shop, lambda m: m["maintenance"] and m["connections"] == 0)
        await crew.work("migrate")
        await until(shop, lambda m: m["is_migrated"])
        await crew.work("rollout")
        assert await ask(shop.service.port, "/version") == {"version": "1.5.0"}
        assert (tmp_path / CURRENT / "VERSION").read_text() == "1.5.0"
        await crew.work("open")
        await until(shop, lambda m: m["traffic_percent"] == 100 and m["connections"] == CUSTOMERS)
        metrics = await until(shop, lambda m: m["orders_per_s"] > 5)
        assert metrics["error_percent"] == 0.0


async def test_while_the_service_restarts_its_port_refuses(scene: Scene):
    async with scene(None) as (shop, _):
        restart = asyncio.create_task(shop.restart("1.5.0", away_s=0.2))
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(LOOPBACK, shop.service.port)
        await restart
        assert await ask(shop.service.port, "/health") == {"status": "ok"}


async def test_an_empty_backup_is_empty(scene: Scene, tmp_path: Path):
    async with scene("empty-backup") as (_, crew):
        await crew.work("backup")
        assert (tmp_path / BACKUP).stat().st_size == 0


async def test_a_failing_migration_leaves_the_schema_and_says_why(scene: Scene, tmp_path: Path):
    async with scene("migration-fails") as (shop, crew):
        await crew.work("maintenance")
        await crew.work("drain")
        await crew.work("migrate")
        assert not (await ask(shop.platform.port, "/metrics"))["is_migrated"]
        assert "ERROR migration rolled back: NOT NULL constraint failed" in (tmp_path / CREW_LOG).read_text()


async def test_a_version_mismatch_shows_in_the_version_alone(scene: Scene, tmp_path: Path):
    async with scene("version-mismatch") as (shop, crew):
        await crew.work("rollout")
        assert await ask(shop.service.port, "/version") == {"version": "1.4.2"}
        assert (tmp_path / CURRENT / "VERSION").read_text() == "1.5.0"


@pytest.mark.parametrize(
    ("fault", "spoiled"),
    [
        ("slow-api", lambda metrics: metrics["p95_ms"] > 800),
        ("errors-after-rollout", lambda metrics: metrics["error_percent"] > 5),
    ],
)
async def test_a_bad_release_shows_in_the_figures(scene: Scene, fault: FaultName, spoiled: Callable[[dict], bool]):
    async with scene(fault) as (shop, crew):
        for step in ("maintenance", "drain", "migrate", "rollout", "open"):
            await crew.work(step)
        assert await until(shop, spoiled)


async def test_the_new_version_on_the_old_schema_loses_every_order(scene: Scene):
    async with scene("migration-fails") as (shop, crew):
        for step in ("maintenance", "drain", "migrate", "rollout", "open"):
            await crew.work(step)
        assert await until(shop, lambda metrics: metrics["error_percent"] > 50)


def test_every_fault_is_described_with_its_step():
    assert {fault.step for fault in FAULTS.values()} == {"backup", "migrate", "rollout", "watch"}
    assert all(name == fault.name and fault.doc for name, fault in FAULTS.items())
