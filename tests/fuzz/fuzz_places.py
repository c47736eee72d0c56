"""What lies in a run's folder and comes in by its doors: a group that shares the run may write there, a crash leaves
halves there, and whoever runs as the same user may knock.
"""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
from functools import cache
from pathlib import Path
from typing import cast

import msgspec
from fuzz_claims import answered, at_most, claim, shown
from fuzz_draw import Draw

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.following import Following, trace
from cockpit.actions.command.runner import _ending
from cockpit.actions.runner import ActionContext, Output
from cockpit.actions.shim import record
from cockpit.audit import layout
from cockpit.audit.aside import AsideReader
from cockpit.audit.keeping import dsn_of
from cockpit.audit.poison import Poison
from cockpit.keeper.listener import _Answering
from cockpit.keeper.requests import Requests
from cockpit.masking.mask import Mask
from cockpit.session.placed import origin
from cockpit.session.secrets import LIMIT_BYTES, Taken, understood, wanted
from cockpit.session.sight import keeper_process

SECRET = "hunter2-and-more"
_KEPT: list[tempfile.TemporaryDirectory[str]] = []
_STATUS = {"pid": 1, "start_ticks": 2, "boot": "b", "at": 3.0, "child": 4}
_ODD = (None, True, -1, 10**30, 1e308, "x", [], {}, [1], 2**31)


@cache
def _run_dir() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-run-")
    _KEPT.append(folder)
    for name in ("outputs", "locks", "locks/probe-now"):
        (Path(folder.name) / name).mkdir()
    return Path(folder.name)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def shim(data: bytes) -> None:
    """What a shim left: who it is, how its command ended, and what that wrote; none of it need be by a shim."""
    draw, run_dir = Draw(data), _run_dir()
    layout.action_status(run_dir, "A").write_bytes(_record(draw, _STATUS))
    layout.action_exit(run_dir, "A").write_bytes(_record(draw, record.Exit(code=0, stdout='{"a": 1}')._asdict()))
    layout.action_log(run_dir, "A").write_bytes(draw.rest())
    told: list[Output] = []
    end = _loop().run_until_complete(Following(run_dir, "A", told.append, draw.number(9)).end(lambda: False))
    shown(*(each.text for each in told), lines=True)
    at_most((each.text for each in told), 4096)
    shown(trace(run_dir, "A"))
    if end is not None:
        context = ActionContext(
            action="A", run_dir=run_dir, base_dir=run_dir, mask=Mask({"password": SECRET}),
            settings=CommandSettings(argv=("true",)),
        )  # fmt: skip
        ending = _ending(context, end)
        shown(ending.detail)
        at_most((ending.detail,), 300)
        claim(SECRET not in ending.detail, "the detail tells the password")
        msgspec.json.encode(ending)


def _record(draw: Draw, whole: dict[str, object]) -> bytes:
    """A record in which some is other, or bytes that are none."""
    if draw.chance(4):
        return draw.bytes(200)
    given = dict(whole)
    for _ in range(draw.number(3)):
        name = draw.pick([*whole, "more"])
        given[name] = draw.pick(_ODD) if draw.chance() else draw.value()
        if draw.chance(6):
            del given[name]
    return json.dumps(given).encode()


def door(data: bytes) -> None:
    """A typed secret as anybody of this user may hand it in, and the answer as anybody may give it."""
    taken = _loop().run_until_complete(_handed(data))
    shown(taken.why)
    answer = msgspec.json.encode(taken)
    claim(understood(answer) == taken, "its own answer is another to whoever asked")
    understood(data[:LIMIT_BYTES])


async def _handed(data: bytes) -> Taken:
    reader = asyncio.StreamReader(limit=LIMIT_BYTES)
    reader.feed_data(data)
    reader.feed_eof()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer = cast(asyncio.StreamWriter, _Peer(ours))
        return await _Answering(lambda name, value: "" if name and value else "it is empty")._taken(reader, writer)


class _Peer:
    """As much of a writer as says who is at the other end: this process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def get_extra_info(self, _: str) -> socket.socket:
        return self._connection


def marks(data: bytes) -> None:
    """The small files beside a log, each with these bytes in it."""
    run_dir = _run_dir()
    paths = (
        layout.keeper_beat(run_dir), layout.keeper_wants(run_dir), layout.store_path(run_dir),
        layout.origin_path(run_dir), layout.poison_mark(run_dir), layout.aside_path(run_dir),
        layout.probe_requests(run_dir) / "01",
    )  # fmt: skip
    for path in paths:
        path.write_bytes(data)
    keeper_process(run_dir), wanted(run_dir), origin(run_dir)
    answered(lambda: dsn_of(run_dir))
    poison = Poison(run_dir)
    shown(poison.reason)
    claim(poison.reason, "a poisoned store does not say so")
    _ = poison.durable
    AsideReader(run_dir).read()
    asked: list[tuple[str, ...]] = []
    _loop().run_until_complete(_looked(run_dir, asked))
    claim(len(asked) == 1, "a request was not taken once")
    claim(not any(layout.probe_requests(run_dir).iterdir()), "a request stays")


async def _looked(run_dir: Path, asked: list[tuple[str, ...]]) -> None:
    requests = Requests(run_dir, asked.append)
    requests.look()
    requests.close()


def shim_seeds() -> list[bytes]:
    """Whole records, and some in which one thing is other."""
    return [bytes([0, n, *range(n, n + 12)]) + b"line\xff\x1b[2J\n" * n for n in range(24)] + [b"\0" * 40 + b"\xc3"]


def door_seeds() -> list[bytes]:
    """A request, an answer, and neither."""
    return [
        b'{"name":"TOKEN","value":"hunter2-and-more"}\n',
        b'{"name":"TOKEN","value":"","more":[1]}\n',
        b'{"ok":false,"why":"no \\u001b[2J"}\n',
        b'{"ok":true}\n',
        b'{"ok":true,"x":' + b"[" * 3000,
        b'{"name":"\\ud800"}',
    ]


def mark_seeds() -> list[bytes]:
    """As they are written."""
    owner = b'{"run":"01J","epoch":"01K"}\n'
    return [
        b"01J 17 123.5\n", b"TOKEN\nOTHER", b"postgresql://ana@db/x\n", b"/srv/profiles",
        b"no space\ndurable 17 " + b"a" * 64 + b"\n", owner + b'{"v":1}\n', b"api db\n", b"1 " * 3000, b"",
    ]  # fmt: skip
