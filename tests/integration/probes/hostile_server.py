"""A server that answers with whatever it was given, as often as anybody takes it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import repeat

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"transfer-encoding: chunked\r\n\r\n"


def _sized(body: bytes, extra: bytes = b"") -> bytes:
    return _OK + extra + b"content-length: %d\r\n\r\n" % len(body) + body


def _once(answer: bytes) -> Iterator[bytes]:
    yield answer


def _floods(answer: bytes, more: bytes) -> Iterator[bytes]:
    yield answer
    yield from repeat(more * (65536 // len(more)))


_TOO_LONG = "the head of its answer, or of a part of it, is longer than 100 KiB"
ATTACKS: Mapping[str, tuple[Iterator[bytes], str]] = {
    "100,000 headers": (_once(_OK + b"".join(b"x-%d: y\r\n" % each for each in range(100_000)) + b"\r\n"), _TOO_LONG),
    "a header of a megabyte": (_once(_OK + b"x: " + b"a" * 1_000_000 + b"\r\n\r\n"), _TOO_LONG),
    "a header without end": (_floods(_OK + b"x: ", b"a"), _TOO_LONG),
    "a chunk's line without end": (_floods(_CHUNKED + b"1;", b"a"), _TOO_LONG),
    "trailers without end": (_floods(_CHUNKED + b"1\r\na\r\n0\r\n", b"x: y\r\n"), _TOO_LONG),
    "early hints without end": (_floods(b"", b"HTTP/1.1 103 Early\r\nx: y\r\n\r\n"), "no answer within"),
    "garbage": (_once(b"\x00\xff\x1b]0;title\x07\r\n\r\n"), "what answers does not speak HTTP/1.1"),
    "garbage without end": (_floods(b"", b"\x00\xff\x1b[2J"), "what answers does not speak HTTP/1.1"),
    "another protocol": (_once(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "what answers does not speak HTTP/1.1"),
    "a negative length": (_once(_OK + b"content-length: -5\r\n\r\n"), "gives a length that cannot be"),
    "two lengths": (_once(_OK + b"content-length: 5\r\ncontent-length: 50\r\n\r\nhello"), "a length that cannot be"),
    "a short body": (_once(_OK + b"content-length: 500\r\n\r\nhello"), "broke off within its answer"),
}
"""What is sent, and what the reading says."""
BOMB = gzip.compress(b"0" * 10_000_000)
BODIES: Mapping[str, bytes] = {
    "packed": _sized(BOMB, b"content-encoding: gzip\r\n"),
    "deep JSON": _sized(b"[" * 60_000),
    "a long number": _sized(b"1" * 60_000),
    "many small things": _sized(b"[" + b"{}," * 20_000 + b"{}]"),
    "900 headers": _OK + b"".join(b"x-%d: y\r\n" % each for each in range(900)) + b"content-length: 2\r\n\r\nok",
    "no UTF-8": _sized(b"\xff\xfe\x00\xed\xa0\x80"),
}
"""Answers that are read, and do no harm."""


@asynccontextmanager
async def hostile_server(answer: Iterator[bytes]) -> AsyncIterator[int]:
    """Serve on a free port of 127.0.0.1, which is given."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            for part in answer:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
        writer.transport.close()
        tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
