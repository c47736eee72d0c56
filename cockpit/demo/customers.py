"""Customers who keep ordering: the load that makes the demo's figures move.

Each keeps one connection open, as browsers do, and lets go of it while there is nothing to be had.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from cockpit.demo.service import Shop
from cockpit.demo.web import LOOPBACK

CUSTOMERS = 8
_PAUSE_S = 0.5
_BACK_OFF_S = 1.0
_ORDER = b"POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 0\r\n\r\n"


async def shop_for_ever(shop: Shop, number: int) -> None:
    """Be customer `number` (from 0) until cancelled: order, pause, order again, whenever we are let through."""
    await asyncio.sleep(_PAUSE_S * number / CUSTOMERS)  # not all in the same instant
    while True:
        if number < shop.traffic_percent * CUSTOMERS / 100:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):  # dropped: come back later
                await _order_while_served(shop, number)
        await asyncio.sleep(_BACK_OFF_S)


async def _order_while_served(shop: Shop, number: int) -> None:
    began = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, shop.service.port)
    except ConnectionError:
        shop.felt(False, began)
        return
    try:
        while number < shop.traffic_percent * CUSTOMERS / 100:
            began = time.monotonic()
            status = await _order(reader, writer)
            if status == 503:  # closed for maintenance: turned away politely, which is no error
                return
            shop.felt(status == 201, began)
            await asyncio.sleep(_PAUSE_S)
    except (ConnectionError, asyncio.IncompleteReadError):
        shop.felt(False, began)
        raise
    finally:
        writer.close()


async def _order(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Place one order and return the answer's status."""
    writer.write(_ORDER)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length:"))
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])
