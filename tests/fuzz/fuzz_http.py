"""Answers of HTTP servers: bytes as they come in, through httpcore, h11 and httpx, to the probe and its judgement."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import httpcore
import httpx
import msgspec
from fuzz_claims import answered, at_most, claim, shown
from fuzz_draw import Draw
from fuzz_profiles import kinds

from cockpit.errors import ProbeError
from cockpit.masking.mask import Mask
from cockpit.probes.http.declaration import HttpSettings
from cockpit.probes.http.runner import HttpRunner
from cockpit.probes.masking import masked
from cockpit.probes.oneshot import Result, as_json, line
from cockpit.probes.prometheus.declaration import PrometheusSettings
from cockpit.probes.prometheus.runner import PrometheusRunner
from cockpit.probes.reading import Judge, Judgement
from cockpit.probes.runner import Context, Facts, Runner
from cockpit.profile.model import Probe

SECRET = "k3y-of-the-server"
_MOST_BODY = 4096
_CONTEXT = Context(base_dir=Path("/nowhere"), timeout_s=1.0)
_READINGS = (
    Probe(id="api", kind="http", pass_when=("status == 200",)),
    Probe(id="api", kind="http", pass_when=("json.ok == true", "json.count < 5"), value="json.count"),
    Probe(id="api", kind="http", warn_when=("headers['x-state'] == 'busy'",), fail_when=("text.contains('down')",)),
    Probe(id="api", kind="http", pass_when=("json.items.exists(i, i.name == 'a' && i.size > 1)",), value="text"),
    Probe(id="api", kind="http", pass_when=("size(json.rows) >= 1 && json.rows[0] != null",), value="json"),
)
_ASKED = (
    Probe(id="load", kind="prometheus", pass_when=("value < 1.0",)),
    Probe(id="load", kind="prometheus", pass_when=("samples.all(s, s.value >= 0.0)",), value="samples"),
)


class _Stream(httpcore.AsyncMockStream):
    """A connection that gives its bytes in the pieces that were drawn, and ends."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's own
        piece = await super().read(max_bytes, timeout)
        if len(piece) > max_bytes:
            self._buffer.insert(0, piece[max_bytes:])
        return piece[:max_bytes]

    def get_extra_info(self, info: str) -> object:
        """Not of TLS."""
        return None


class _Network(httpcore.AsyncNetworkBackend):
    """Answers every connection with the same bytes; `asked` counts them."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces, self.asked = pieces, 0

    async def connect_tcp(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        self.asked += 1
        return _Stream(list(self._pieces))

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _judge(kind: str, number: int) -> Judge:
    return Judge((_READINGS if kind == "http" else _ASKED)[number], kinds().probes[kind])


def _pieces(draw: Draw, data: bytes) -> list[bytes]:
    """The bytes in up to four reads."""
    cuts = sorted(draw.number(len(data)) for _ in range(draw.number(3)))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if begin < end]


def _read(runner: HttpRunner | PrometheusRunner, pieces: list[bytes]) -> Facts | ProbeError:
    """One reading, by a network that is none."""
    network = _Network(pieces)
    runner._target._transport._pool = httpcore.AsyncConnectionPool(  # as the target itself puts its own there
        max_connections=2, max_keepalive_connections=1, network_backend=network
    )
    try:
        return _loop().run_until_complete(_within(runner))
    except ProbeError as error:
        shown(str(error))
        claim(SECRET not in str(error), "an error tells the secret")
        return error
    finally:
        claim(network.asked <= 7, f"{network.asked} connections for one reading")


async def _within(runner: Runner) -> Facts:
    async with asyncio.timeout(5):
        try:
            return await runner.read()
        finally:
            await runner.close()


def _judged(judge: Judge, facts: Facts | ProbeError) -> None:
    """From facts to what the log keeps and the screen shows."""
    ask: Callable[[], Judgement] = (
        (lambda: judge.no_reading(facts, 1.0, 2.0))
        if isinstance(facts, ProbeError)
        else (lambda: judge.judge(facts, 1.0, 2.0))
    )
    mask = Mask({"token": SECRET})
    judged = masked(ask(), mask)
    reading = judged.reading
    claim(masked(ask(), mask).reading == reading, "judged twice, it is another reading")
    shown(reading.detail, reading.told_parts(), *(each.detail for each in judged.conditions))
    at_most((reading.detail, *(each.detail for each in judged.conditions)), 200)
    if isinstance(reading.value, str):
        shown(reading.value)
        at_most(
            (reading.value,), 80 if "‹secret" not in reading.value else 120
        )  # a name may be longer than what it hides
    if isinstance(reading.value, float):
        claim(math.isfinite(reading.value), "a value is no number that JSON has")
    passing = all(each.holds is True for each in judged.conditions if each.condition in judge.probe.pass_when)
    claim(reading.status != "pass" or passing, "it passes although a condition does not hold")
    claim(not isinstance(facts, ProbeError) or reading.status == "error", "what could not be read is no error")
    result = Result(judge.probe.id, "", judge.probe.kind, reading, judged.conditions)
    shown(line(result))
    msgspec.json.decode(as_json(result).encode())


def http_answer(data: bytes) -> None:
    """How the probe is set, in four bytes, how the bytes are cut, and the bytes of the server."""
    draw = Draw(data)
    settings = HttpSettings(
        url=f"http://shop.example/{SECRET}?a=1",
        method=draw.pick(("GET", "HEAD", "POST", "PUT")),
        headers={"authorization": f"Bearer {SECRET}"},
        follow_redirects=draw.chance(),
        max_body_bytes=_MOST_BODY,
        timings=draw.chance(),
    )
    judge, cuts, answer = _judge("http", draw.number(len(_READINGS) - 1)), Draw(draw.bytes(6)), draw.rest()
    runner = answered(lambda: HttpRunner(settings, _CONTEXT))
    assert runner is not None  # its settings are right
    facts = _read(runner, _pieces(cuts, answer))
    if not isinstance(facts, ProbeError):
        text = facts["text"]
        assert isinstance(text, str)
        claim(len(text) <= _MOST_BODY, f"{len(text)} characters were kept of a body")
        claim(httpx.URL(str(facts["url"])).host == "shop.example", f"it went to {facts['url']}")
    _judged(judge, facts)


def prometheus_answer(data: bytes) -> None:
    """The same for what claims to be Prometheus; the head of its answer is right unless the first byte is odd."""
    draw = Draw(data)
    judge, is_bare = _judge("prometheus", draw.number(len(_ASKED) - 1)), draw.chance()
    settings = PrometheusSettings(url="http://metrics.example", query="up", bearer=SECRET)
    cuts = Draw(draw.bytes(6))
    body = draw.rest()
    head = b"" if is_bare else b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
    _judged(judge, _read(PrometheusRunner(settings, _CONTEXT), _pieces(cuts, head + body)))


def _answers() -> list[bytes]:
    body = json.dumps({"ok": True, "count": 3, "items": [{"name": "a", "size": 2}], "rows": [None]}).encode()
    head = b"HTTP/1.1 %s\r\ncontent-length: %d\r\ncontent-type: application/json\r\nx-state: busy\r\n\r\n"
    return [
        head % (b"200 OK", len(body)) + body,
        head % (b"503 Service Unavailable", 4) + b"down",
        b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{"ok\r\n9;x=y\r\n": true}\n\r\n0\r\nt: r\r\n\r\n',
        b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 307 x\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 303 See Other\r\nlocation: http://shop.example:80/%2e\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.0 200\r\n\r\n\x1b]0;owned\x07\xff\xfe",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n\x1f\x8b\x08",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"\x16\x03\x01\x00",
        b"",
    ]


def http_seeds() -> list[bytes]:
    """Answers, each with settings before it."""
    settings = (b"\0\0\0\0\0", b"\0\1\1\1\0", b"\2\1\0\2\4\1\5\2\2", b"\1\0\1\3\0", b"\0\0\0\4\0")
    return [before + answer for answer in _answers() for before in settings]


def prometheus_seeds() -> list[bytes]:
    """Replies as its API gives them."""
    result = {"metric": {"job": "a"}, "value": [1763762400.1, "0.5"]}
    replies = [
        {"status": "success", "data": {"resultType": "vector", "result": [result, result]}},
        {"status": "success", "data": {"resultType": "vector", "result": []}},
        {"status": "success", "data": {"resultType": "scalar", "result": [1.0, "NaN"]}},
        {"status": "success", "data": {"resultType": "matrix", "result": []}},
        {"status": "error", "errorType": "bad_data", "error": "parse error\x1b[31m"},
    ]
    return [bytes([judge, 0, 0]) + json.dumps(reply).encode() for reply in replies for judge in (0, 1)]
