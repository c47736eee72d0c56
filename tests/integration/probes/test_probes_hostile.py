"""Servers that want to fill memory, hold a probe up, or be taken for somebody else."""

from __future__ import annotations

import asyncio
import re
import time
import tracemalloc

import pytest
from hostile_server import ATTACKS, BODIES, hostile_server
from looks import HANGS_S
from probe_reading import read

from cockpit.probes.http.declaration import MAX_BODY_BYTES

MEASURED = ("a header without end", "a chunk's line without end", "trailers without end", "garbage without end")


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_answer_that_is_an_attack_is_an_error_in_one_sentence(attack: str) -> None:
    answer, said = ATTACKS[attack]
    async with hostile_server(answer) as port:
        if attack in MEASURED:  # what is measured takes five times as long
            tracemalloc.start()
        try:
            result = await read("http", {"url": f"http://127.0.0.1:{port}/"}, timeout_s=0.5)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert result.reading.status == "error"
    assert said in result.reading.detail
    assert "\x1b" not in result.reading.detail
    assert peak_bytes < 16 << 20


@pytest.mark.parametrize("name", BODIES)
async def test_an_answer_that_is_only_strange_is_read_and_not_unpacked(name: str) -> None:
    async with hostile_server(iter([BODIES[name]])) as port:
        result = await read("http", {"url": f"http://127.0.0.1:{port}/"}, pass_when=("text.size() >= 0",))
    assert result.reading.status == "pass", result


@pytest.mark.parametrize("size", [1, pytest.param(MAX_BODY_BYTES, marks=pytest.mark.many)])
async def test_a_body_without_end_in_parts_of_a_byte_is_cut_or_ends_at_the_timeout(size: int) -> None:
    def flood() -> object:
        yield b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        while True:
            yield b"1\r\na\r\n" * 5000

    async with hostile_server(flood()) as port:  # type: ignore[arg-type]  # a generator
        settings = {"url": f"http://127.0.0.1:{port}/", "max_body_bytes": size}
        result = await read("http", settings, pass_when=("truncated && text.size() == 1",), timeout_s=0.5)
    assert result.reading.status == ("pass" if size == 1 else "error")


async def test_an_answer_that_drips_is_over_at_the_timeout_and_others_are_read_meanwhile() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for byte in b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    began = time.monotonic()
    async with hostile_server(iter([BODIES["900 headers"]])) as well:
        dripping, read_meanwhile = await asyncio.gather(
            read("http", {"url": f"http://127.0.0.1:{port}/"}, timeout_s=0.5),
            read("http", {"url": f"http://127.0.0.1:{well}/"}, timeout_s=HANGS_S),
        )
    server.close()
    assert (dripping.reading.status, dripping.reading.detail) == ("error", "no answer within 0.5 s")
    assert read_meanwhile.reading.status == "pass"
    assert time.monotonic() - began < HANGS_S


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("http://evil.example/", "another host"),
        ("//evil.example/x", "another host"),
        ("///evil.example/x", ""),
        ("\\\\evil.example\\x", ""),
        ("/\\evil.example", ""),
        ("http:\\\\evil.example", ""),
        ("https://127.0.0.1:{port}/", "another host"),
        ("http://127.0.0.1:{port}@evil.example/", "another host"),
        ("http://ana:secret@127.0.0.1:{port}/", ""),
        ("http://127.0.0.1.:{port}/", "another host"),
        ("http://127.0.0.2:{port}/", "another host"),
        ("http://[::1]:{port}/", "another host"),
        ("http://127.0.0.1/", "another host"),
        ("HTTP://127.0.0.1:{port}/", ""),
        ("file:///etc/passwd", "no http or https URL"),
        ("ftp://127.0.0.1:{port}/", "another host"),
        ("javascript:alert(1)", "no http or https URL"),
        ("data:text/plain,hello", "no http or https URL"),
        ("http://127.0.0.1:99999/", "no http or https URL"),
        ("http://[::1/", "no URL"),
        ("/\x0b\x1b[2J", ""),
    ],
)
async def test_a_redirect_takes_credentials_to_the_same_scheme_host_and_port_or_nowhere(
    location: str, leads_to: str
) -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        where = location.format(port=port) if len(heads) == 1 else ""
        said = b"302 X\r\nlocation: " + where.encode() if where else b"200 OK"
        writer.write(b"HTTP/1.1 " + said + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = {"url": f"http://127.0.0.1:{port}/", "bearer": "s3cret-token", "follow_redirects": True}
    result = await read("http", settings, timeout_s=2.0)
    server.close()
    assert f"host: 127.0.0.1:{port}".encode() in heads[-1].lower(), "whatever was asked, was asked here"
    assert b"secret@" not in heads[-1]
    if leads_to:
        assert result.reading.status == "error"
        assert leads_to in result.reading.detail
        assert len(heads) == 1
    assert "\x1b" not in result.reading.detail


# ---- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select array_agg(g) from generate_series(1, 200000) g", "a list or map of 200000 items, more than 100000"),
        ("select (repeat('[', 5000) || repeat(']', 5000))::json", "cannot be read"),
        ("select ('x' || repeat('a', 3000000))::int", "invalid input syntax"),
        ("select pg_sleep(60)", "statement timeout"),
        ("select 'infinity'::timestamptz", "cannot be read|too large"),
    ],
    ids=["array", "depth", "error", "sleep", "time"],
)
async def test_an_answer_of_a_database_that_cannot_be_held_is_an_error(
    postgres_dsn: str, query: str, said: str
) -> None:
    result = await read("postgres", {"dsn": postgres_dsn, "query": query}, timeout_s=1.0)
    assert result.reading.status == "error"
    assert re.search(said, result.reading.detail), result.reading.detail
    assert len(result.reading.detail) <= 200


async def test_notices_columns_and_cells_without_number_are_cut_and_the_probe_is_read(postgres_dsn: str) -> None:
    columns = ", ".join(f"{each} as c{each}" for each in range(1600))
    wide = await read("postgres", {"dsn": postgres_dsn, "query": f"select {columns}"})
    long = await read(
        "postgres",
        {"dsn": postgres_dsn, "query": "select repeat('a', 100000) as a from generate_series(1, 50)"},
        pass_when=("value.size() == 65536 && rows.size() == 1 && row_count == 50",),
    )
    assert wide.reading.status == "pass", wide
    assert long.reading.status == "pass", long
