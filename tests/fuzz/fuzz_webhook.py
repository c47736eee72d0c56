"""Answers to a text that went to a webhook: bytes as they come in, through httpcore and httpx, to what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from unittest.mock import patch

import fuzz_http
import httpcore
import httpx
from fuzz_claims import at_most, claim, shown
from fuzz_draw import Draw

from cockpit.actions.message.channels import send
from cockpit.actions.message.sent import Sent
from cockpit.masking.mask import Mask
from cockpit.profile.model import Channel
from cockpit.text import shortened

SECRETS = ("k3y-of-the-channel", "T0KEN0fTheTeam", "zq9x8k7y")
URL = "http://hooks.example/services/{}/{}?key={}".format(*SECRETS)
_MOST = 220
_CUT = 8
"""So many characters of a secret tell of it."""


class _Stream(fuzz_http._Stream):
    """Keeps what was sent."""

    def __init__(self, pieces: list[bytes], sent: bytearray) -> None:
        super().__init__(pieces)
        self._sent = sent

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's own
        self._sent += buffer


class _Network(fuzz_http._Network):
    """Answers every connection with the same bytes, or takes none."""

    def __init__(self, pieces: list[bytes], *, refuses: bool) -> None:
        super().__init__(pieces)
        self.refuses, self.sent = refuses, bytearray()

    async def connect_tcp(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        self.asked += 1
        if self.refuses:
            raise httpcore.ConnectError(f"no way to {URL}")
        return _Stream(list(self._pieces), self.sent)


def _clients(network: _Network) -> Callable[..., httpx.AsyncClient]:
    """What makes a client whose network is none."""
    made = httpx.AsyncClient

    def client(**settings: object) -> httpx.AsyncClient:
        it = made(**settings)  # type: ignore[arg-type]
        it._transport._pool = httpcore.AsyncConnectionPool(network_backend=network)  # type: ignore[attr-defined]
        return it

    return client


def webhook(data: bytes) -> None:
    """Whether the server can be reached, the text, how its answer is cut, and the answer."""
    draw = Draw(data)
    refuses, title = draw.chance(8), draw.text(20, surrogates=True)
    cuts = Draw(draw.bytes(6))
    answer = draw.rest()
    network = _Network(fuzz_http._pieces(cuts, answer), refuses=refuses)
    channel = Channel(id="team", webhook=URL, unverified="it is a stand-in")
    with patch.object(httpx, "AsyncClient", _clients(network)):
        sent = fuzz_http._loop().run_until_complete(send(channel, title, "text", {"to": title}, timeout_s=5.0))
    claim(network.asked == 1, f"{network.asked} connections for one text")
    claim(refuses or _is_whole(bytes(network.sent)), "it is no post of one text")
    _told(sent, answer, refuses=refuses)


def _is_whole(sent: bytes) -> bool:
    head, _, body = sent.partition(b"\r\n\r\n")
    return head.startswith(b"POST /services/") and json.loads(body)["text"] == "text"


def _told(sent: Sent, answer: bytes, *, refuses: bool) -> None:
    """What is told of it is true, may be shown, and tells nothing of the address."""
    detail = sent.detail
    shown(detail, shortened(Mask({}).text(detail), 300))
    claim(detail, "nothing is told")
    at_most((detail,), _MOST)
    if refuses:
        claim(sent.outcome == "failed" and detail.startswith("nothing was sent"), f"{sent} of what was never sent")
    elif sent.outcome == "failed":
        claim(detail.startswith("status "), f"{sent} of what was on its way")
    elif sent.ok:
        claim(re.search(rb"HTTP/[0-9]\.[0-9] 2[0-9][0-9]", answer), "no server took it")
    for secret in SECRETS:
        claim(secret not in detail, "the address is told")
        of_it = secret[:_CUT]
        is_whole = answer.count(of_it.encode()) == answer.count(secret.encode())
        claim(not is_whole or of_it not in detail, "the beginning of the address is told")


def seeds() -> list[bytes]:
    """As services answer, and as they should not."""
    whole = URL.encode()
    said = (
        b"invalid_token", b"<html>\x1b]0;owned\x07", whole, b"-" * 150 + SECRETS[0].encode(), b"x" * 2040 + whole,
        b" " * 2005 + whole, b"\xff\xfe\xe2\x80\xae", b"", b"a" * 4000,
    )  # fmt: skip
    refused = [b"HTTP/1.1 403 Forbidden\r\ncontent-length: %d\r\n\r\n" % len(each) + each for each in said]
    others = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: " + whole + b"\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 500 " + whole + b"\r\ntransfer-encoding: chunked\r\n\r\n3\r\nbad\r\nzz\r\n",
        b"HTTP/1.1 429 Slow\r\ncontent-length: 99\r\n\r\nwait " + whole,
        whole + b" is no HTTP\r\n\r\n",
        b"HTTP/1.1 200 " + whole + b"\r\nbad header: " + whole + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        b"\x16\x03\x01\x00", b"",
    ]  # fmt: skip
    settings = (b"\0\0\0\0", b"\0\1\5\xed\xa0\x80\x1b\x01\3\3\x20\x10", b"\1\0\0\0")
    return [before + answer for answer in refused + others for before in settings]
