"""Small HTTP servers, each on a port of its own, that stamp every request on arrival: `python probe_targets.py N`.

Prints its ports as one line of JSON, then serves until its standard input ends, then prints the arrivals of each port
as another: seconds of `time.monotonic()`, which all processes of a host share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"ok": true}'


class Target(asyncio.Protocol):
    """One connection; several requests may follow one another on it."""

    def __init__(self, arrivals: list[float]) -> None:
        self._arrivals = arrivals
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        at = time.monotonic()
        *requests, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for _ in requests:
            self._arrivals.append(at)
            self._transport.write(ANSWER)


async def serve(count: int) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    arrivals: list[list[float]] = [[] for _ in range(count)]
    ports = []
    for seen in arrivals:
        server = await loop.create_server(lambda seen=seen: Target(seen), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(arrivals), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
