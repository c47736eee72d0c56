"""`python -m cockpit.demo.system FOLDER`: the demo's process. It owns its folder and everything it starts.

It writes `system.json` into the folder once it can be reached, waits to be told the run's folder in the file `run`, and
ends when that run is over, on SIGTERM, or after two hours; then it stops what it started and deletes the folder.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from cockpit.demo import ending, postgres_server
from cockpit.demo.crew import Crew
from cockpit.demo.customers import CUSTOMERS, shop_for_ever
from cockpit.demo.database import Database, open_postgres, open_sqlite
from cockpit.demo.faults import FAULTS, FaultName
from cockpit.demo.lifetime import LONGEST_S, POSTGRES, READY, RUN, keeper_gone, read_run, told_run, write_whole
from cockpit.demo.service import Shop
from cockpit.demo.web import LOOPBACK
from cockpit.errors import LogError


class System(Struct, frozen=True):
    """How to reach the demo's system."""

    pid: int
    service: str
    """`http://127.0.0.1:PORT`"""
    service_port: int
    platform: str
    postgres: str
    """A connection string; empty where there is none."""
    remark: str = ""
    """Why there is no PostgreSQL."""


async def run_system(folder: Path, *, fault: FaultName | None, speed: float, longest_s: float = LONGEST_S) -> None:
    """Be the system until its run is over. Raises `LogError` if the run cannot be followed, and what `start` raises."""
    async with contextlib.AsyncExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        database, postgres, remark = await asyncio.to_thread(_open_database, folder, cleanup)
        await asyncio.to_thread(database.seed, with_unknown_region=fault == "migration-fails")
        shop = Shop(database)
        cleanup.push_async_callback(shop.close)
        crew = Crew(shop, folder, fault=fault, speed=speed)
        await shop.open()
        service, platform = (f"http://{LOOPBACK}:{server.port}" for server in (shop.service, shop.platform))
        system = System(os.getpid(), service, shop.service.port, platform, postgres, remark)
        write_whole(folder / READY, msgspec.json.encode(system))
        await _live(shop, crew, folder, longest_s)


async def _live(shop: Shop, crew: Crew, folder: Path, longest_s: float) -> None:
    """Serve customers and the crew until the run is over, or somebody or the time says stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    customers = [asyncio.create_task(shop_for_ever(shop, number)) for number in range(CUSTOMERS)]
    work = asyncio.create_task(_work(crew, folder / RUN, stop))
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait((work, stopped), timeout=longest_s, return_when=asyncio.FIRST_COMPLETED)
    if not done and (told := read_run(folder / RUN)):
        await asyncio.to_thread(ending.abort, told, "the demo's time is over")
    stop.set()
    failed = work.exception() if work.done() else None
    tasks = (work, stopped, *customers)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if failed is not None:
        raise failed


async def _work(crew: Crew, told: Path, stop: asyncio.Event) -> None:
    """Let the crew follow the run to its end, once it is known which."""
    run_dir = await asyncio.to_thread(told_run, told, stop.is_set)
    if run_dir is not None:
        await crew.follow(run_dir)
        await asyncio.to_thread(keeper_gone, run_dir)


def _open_database(folder: Path, cleanup: contextlib.AsyncExitStack) -> tuple[Database, str, str]:
    """Return a database, its connection string (empty: SQLite) and why it is not PostgreSQL."""
    postgres_path = folder / POSTGRES
    remark = postgres_server.obstacle(postgres_path)
    if remark:
        database = open_sqlite(folder / "shop.db")
        cleanup.callback(database.close)
        return database, "", remark
    server = postgres_server.start(postgres_path)
    cleanup.callback(server.cleanup)
    database = open_postgres(server.get_uri())
    cleanup.callback(database.close)
    return database, server.get_uri(), ""


def main() -> int:
    """Run as a program; its stderr is the demo's `system.log`."""
    parser = argparse.ArgumentParser(prog="cockpit.demo.system")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fault", choices=list(FAULTS))
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--longest-s", type=float, default=LONGEST_S)
    arguments = parser.parse_args()
    fault = cast("FaultName | None", arguments.fault)  # argparse let only these through
    system = run_system(arguments.folder, fault=fault, speed=arguments.speed, longest_s=arguments.longest_s)
    try:
        asyncio.run(system)
    except LogError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
