"""The order service and what stands in front of it: versions, maintenance, traffic, and what customers get to feel.

`Shop` is the one mutable thing; the crew changes it, customers and probes meet it over HTTP.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from cockpit.demo.database import NEW_SCHEMA, Database, DatabaseError
from cockpit.demo.web import Answer, Request, WebServer

OLD_VERSION, NEW_VERSION = "1.4.2", "1.5.0"
_LOOK_BACK_S = 4.0
"""Error rate and latency are those of the last few seconds."""
_SLOW_ORDER_S = 0.9


class Shop:
    """The service on one port, and on another the platform that knows about it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.version = OLD_VERSION
        self.maintenance = False
        self.traffic_percent = 100
        self.is_slow = False
        self.loses_orders = False
        self.service = WebServer(self._serve, on_closed=self._hang_up)
        self.platform = WebServer(self._report)
        self._customers: set[int] = set()
        self._outcomes: deque[tuple[float, bool, float]] = deque(maxlen=2000)
        self._orders = 0
        self._schema = database.schema_version()

    async def open(self) -> None:
        """Begin to answer on both ports."""
        await self.service.open()
        await self.platform.open()

    async def restart(self, version: str, *, away_s: float) -> None:
        """Stop the service, which drops its connections, and bring it up as `version` after `away_s` seconds."""
        self.service.close()
        await asyncio.sleep(away_s)
        self.version = version
        await self.service.open()

    async def close(self) -> None:
        """Stop for good."""
        await self.service.release()
        await self.platform.release()

    def felt(self, ok: bool, began: float) -> None:
        """Note what one order came to, for the platform's figures; `began` is `time.monotonic()`."""
        self._outcomes.append((time.monotonic(), ok, (time.monotonic() - began) * 1000))

    async def _serve(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/health":
                return Answer(200, {"status": "maintenance" if self.maintenance else "ok"})
            case "GET", "/version":
                return Answer(200, {"version": self.version})
            case "POST", "/orders":
                return await self._order(request)
        return Answer(404, {"error": "no such page"})

    async def _order(self, request: Request) -> Answer:
        self._customers.add(request.connection)
        if self.maintenance:
            return Answer(503, {"error": "closed for maintenance"})
        self._orders += 1
        if self.is_slow:
            await asyncio.sleep(_SLOW_ORDER_S)
        if self.loses_orders and self._orders % 4 == 0:
            return Answer(500, {"error": "the order got lost"})
        try:
            await asyncio.to_thread(self.database.order, self._orders, with_currency=self.version == NEW_VERSION)
        except DatabaseError as error:
            return Answer(500, {"error": str(error).splitlines()[0]})
        return Answer(201, {"number": self._orders})

    async def _report(self, request: Request) -> Answer:
        if request.path != "/metrics":
            return Answer(404, {"error": "no such page"})
        self._schema = await asyncio.to_thread(self.database.schema_version)
        since = time.monotonic() - _LOOK_BACK_S
        recent = [outcome for outcome in self._outcomes if outcome[0] >= since]
        failed = sum(not ok for _, ok, _ in recent)
        latencies = sorted(latency for _, _, latency in recent)
        return Answer(
            200,
            {
                "maintenance": self.maintenance,
                "traffic_percent": self.traffic_percent,
                "connections": len(self._customers),
                "orders_per_s": round(len(recent) / _LOOK_BACK_S, 1),
                "error_percent": round(100 * failed / len(recent), 1) if recent else 0.0,
                "p95_ms": round(latencies[int(0.95 * (len(latencies) - 1))], 1) if latencies else 0.0,
                "schema": self._schema,
                "is_migrated": self._schema == NEW_SCHEMA,
            },
        )

    def _hang_up(self, connection: int) -> None:
        self._customers.discard(connection)
