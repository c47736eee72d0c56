"""What reaches a keeper from beside it: requests and connections that are too many, too large, too slow, or no such."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec
import pytest

from cockpit.audit import ids
from cockpit.audit.layout import probe_requests
from cockpit.keeper.listener import MOST_AT_ONCE, Listener
from cockpit.keeper.requests import LIMIT_BYTES, Requests
from cockpit.keeper.requests import MOST_AT_ONCE as MOST_REQUESTS
from cockpit.session.nudge import probe_now
from cockpit.session.secrets import LIMIT_BYTES as SECRET_BYTES
from cockpit.session.secrets import Taken, socket_path, understood


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = tmp_path / ids.new_id()
    folder.mkdir(mode=0o700)
    (folder / "locks").mkdir(mode=0o700)
    return folder


async def test_what_is_no_request_holds_up_no_other(run_dir: Path) -> None:
    asked: list[tuple[str, ...]] = []
    requests = Requests(run_dir, asked.append)
    folder = probe_requests(run_dir)
    try:
        (folder / "0-folder").mkdir()
        os.mkfifo(folder / "0-fifo")
        (folder / "0-link").symlink_to("/etc/passwd")
        (folder / "0-dangling").symlink_to("nowhere")
        (folder / "0-large").write_bytes(b"x" * (LIMIT_BYTES * 3))
        (folder / "0-garbage").write_bytes(bytes(range(256)))
        probe_now(run_dir, ["api"])
        requests.look()
    finally:
        requests.close()
    assert ("api",) in asked
    assert all(sum(map(len, each)) <= LIMIT_BYTES * 3 for each in asked)
    assert not any("root:" in name for each in asked for name in each)


async def test_folders_among_requests_are_not_in_the_way_of_any(run_dir: Path) -> None:
    asked: list[tuple[str, ...]] = []
    requests = Requests(run_dir, asked.append)
    try:
        for number in range(MOST_REQUESTS + 1):
            (probe_requests(run_dir) / f"0-{number:04}").mkdir()
        probe_now(run_dir, ["api"])
        requests.look()
    finally:
        requests.close()
    assert asked == [("api",)]


async def test_a_flood_of_requests_is_taken_in_parts(run_dir: Path) -> None:
    asked: list[tuple[str, ...]] = []
    requests = Requests(run_dir, asked.append)
    try:
        for number in range(1500):
            (probe_requests(run_dir) / f"{number:04}").touch()
        requests.look()
        assert len(asked) == 1000
        requests.look()
    finally:
        requests.close()
    assert len(asked) == 1500


async def _said(path: Path, line: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        writer.write(line)
        return await asyncio.wait_for(reader.readline(), 20)
    except (ConnectionError, BrokenPipeError):
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"\x00\xff\n",
        b"[" * 60_000 + b"\n",
        b'{"name": "a", "value": 5}\n',
        b'{"name": "a", "value": "b", "more": ' + b"[" * 60_000 + b"\n",
        b"x" * (SECRET_BYTES * 2),
    ],
    ids=["empty", "object", "bytes", "deep", "type", "deep-within", "long"],
)
async def test_garbage_on_the_socket_is_answered_and_taken_for_nothing(run_dir: Path, line: bytes) -> None:
    taken: list[str] = []
    listener = await Listener.open(run_dir, lambda name, value: taken.append(name) or "")  # type: ignore[func-returns-value]
    try:
        answer = await _said(socket_path(run_dir), line)
    finally:
        await listener.close()
    assert taken == []
    refused = msgspec.json.encode(Taken(ok=False, why="the request was not understood")) + b"\n"
    assert answer == refused or (answer == b"" and len(line) > SECRET_BYTES)


async def test_those_who_say_nothing_are_so_many_at_a_time_and_nobody_is_kept_out_for_long(run_dir: Path) -> None:
    listener = await Listener.open(run_dir, lambda name, value: "")
    silent = []
    try:
        for _ in range(MOST_AT_ONCE + 20):
            silent += [await asyncio.open_unix_connection(str(socket_path(run_dir)))]
        refused = [asyncio.create_task(reader.read(1)) for reader, _ in silent]
        done, _ = await asyncio.wait(refused, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        assert done, "those beyond are let go at once"
        for _, writer in silent:
            writer.close()
        for each in refused:
            each.cancel()
        await asyncio.gather(*refused, return_exceptions=True)
        async with asyncio.timeout(10):
            while True:
                if await _said(socket_path(run_dir), b'{"name": "a", "value": "b"}\n') == b'{"ok":true,"why":""}\n':
                    break
    finally:
        await listener.close()


@pytest.mark.parametrize("answer", [b"", b"null", b"\xff", b'{"ok":true,"x":' + b"[" * 60_000, b'{"ok":1}'])
def test_what_is_no_answer_of_a_keeper_is_no_consent(answer: bytes) -> None:
    assert understood(answer) == Taken(ok=False, why="its answer was not understood")
