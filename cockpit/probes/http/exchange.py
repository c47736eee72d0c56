"""One request and its answer over HTTP, with the parts of its time measured; used by every kind that speaks HTTP.

One client for many hosts collapses (its pool is searched linearly), so each target has its own; the TLS context, which
takes long to build, is shared by all that trust the same authorities. It is httpx without its client's layers: no
cookies are kept between readings, no proxy is taken from the environment, no redirect is followed by itself.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable, Mapping

import httpcore
import httpx
import msgspec

import cockpit
from cockpit.errors import ProbeError
from cockpit.patterns import late
from cockpit.probes.http.declaration import http_target
from cockpit.probes.reaching import resolve
from cockpit.probes.runner import Context
from cockpit.probes.trust import trusting, unverified
from cockpit.text import shortened

_DEFAULT_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "identity",
    "user-agent": f"cockpit/{cockpit.__version__}",
}
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Idempotent methods (RFC 9110, 9.2.2): these may be sent again when a kept connection turns out to be closed."""


_BREAKS = late(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no header's value may hold (RFC 9110, 5.5): with a line break, one value could be two headers."""
_NO_HEADER = "a header holds a line break or another character that HTTP does not allow"


class Spans(msgspec.Struct):
    """Seconds of the parts of one exchange; zero where a part did not happen."""

    dns_s: float = 0.0
    connect_s: float = 0.0
    tls_s: float = 0.0
    sent_at: float = 0.0
    first_byte_s: float = 0.0
    is_new: bool = False
    """A connection was made for it."""


class Exchange(msgspec.Struct, frozen=True):
    """One answer, as far as it was read."""

    request: httpx.Request
    response: httpx.Response
    body: bytes
    truncated: bool
    latency_ms: float
    spans: Spans


class Target:
    """A client for one scheme, host and port. Never used by two requests at once."""

    def __init__(self, context: Context, ca_file: str, *, verifies: bool = True, keeps: bool = True) -> None:
        """`keeps`: the connection stays open for the next request. Raises `ProbeError` if `ca_file` cannot be read."""
        self._spans = Spans()
        self._timeout_s = context.timeout_s
        trust = trusting(str(context.base_dir / ca_file) if ca_file else "") if verifies else unverified()
        self._transport = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
        # httpx offers no public way to a network backend; its transport is a thin wrapper around this pool.
        self._transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=2,
            max_keepalive_connections=1 if keeps else 0,
            keepalive_expiry=120.0,
            network_backend=_TimedBackend(self._spans, context.timeout_s),
        )

    async def exchange(self, request: httpx.Request, limit_bytes: int) -> Exchange:
        """Send, and read at most `limit_bytes` of the body. Raises `ProbeError`."""
        try:
            try:
                return await self._exchange(request, limit_bytes)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # Servers close idle connections; one that does so just now has not failed. A new one decides.
                if self._spans.is_new or self._spans.first_byte_s or request.method not in _REPEATABLE:
                    raise
                return await self._exchange(request, limit_bytes)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise ProbeError(f"{http_target(str(request.url))}: {reason(error)}") from error

    async def _exchange(self, request: httpx.Request, limit_bytes: int) -> Exchange:
        spans = self._spans
        spans.dns_s = spans.connect_s = spans.tls_s = spans.sent_at = spans.first_byte_s = 0.0
        spans.is_new = False
        request.extensions = {"trace": self._trace}
        began = time.perf_counter()
        response = await self._transport.handle_async_request(request)
        try:
            body, truncated = await _body(response, limit_bytes)
        finally:
            await response.aclose()
        return Exchange(request, response, body, truncated, (time.perf_counter() - began) * 1e3, spans)

    async def _trace(self, name: str, info: object) -> None:
        now = time.perf_counter()
        match name:
            case "connection.start_tls.started":
                self._spans.tls_s = -now
            case "connection.start_tls.complete":
                self._spans.tls_s += now
            case "http11.send_request_body.complete":
                self._spans.sent_at = now
            case "http11.receive_response_headers.complete":
                self._spans.first_byte_s = now - self._spans.sent_at

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.aclose()


class _TimedBackend(httpcore.AsyncNetworkBackend):
    """Resolves names itself, so that resolving and connecting are told apart. Tries each address in turn."""

    def __init__(self, spans: Spans, timeout_s: float) -> None:
        self._spans = spans
        self._timeout_s = timeout_s
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self._spans.is_new = True
        addresses, self._spans.dns_s = await resolve(host, port)
        began = time.perf_counter()
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                # One address that drops packets must leave time for the others.
                async with asyncio.timeout(self._timeout_s * 0.9 / len(addresses)):
                    stream = await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except TimeoutError:
                failure = httpcore.ConnectTimeout(f"no answer from {address}")
                continue
            except httpcore.ConnectError as error:
                failure = error
                continue
            self._spans.connect_s = time.perf_counter() - began
            return stream
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return await self._inner.connect_unix_socket(path, timeout, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def build_request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    bearer: str = "",
    body: str = "",
    params: Mapping[str, str] | None = None,
) -> httpx.Request:
    """Return a request that can be sent again and again. Raises `ProbeError`, which quotes nothing of it."""
    sent = httpx.Headers(_DEFAULT_HEADERS)
    if method not in _REPEATABLE:
        sent["connection"] = "close"  # it cannot be sent again, so it is never sent on a connection that may be gone
    if any(_BREAKS.search(value) for value in (*headers.values(), bearer)):
        raise ProbeError(_NO_HEADER)
    try:
        sent.update(headers)
        if bearer:
            sent["authorization"] = f"Bearer {bearer}"
        return httpx.Request(method, url, params=params, headers=sent, content=body.encode() or None)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise ProbeError("the request cannot be built from `url` and `headers`", hint="correct them") from error


async def _body(response: httpx.Response, limit_bytes: int) -> tuple[bytes, bool]:
    """What was sent, as it was sent: nothing is unpacked, since a kilobyte could become a gigabyte."""
    body = bytearray()  # a server may send it byte by byte
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for part in response.stream:
        body += part[: limit_bytes + 1 - len(body)]
        if len(body) > limit_bytes:
            return bytes(body[:limit_bytes]), True
    return bytes(body), False


def reason(error: Exception) -> str:
    """Return why an exchange failed, in a few visible words without anything that was sent."""
    if isinstance(error, httpx.LocalProtocolError):  # h11 quotes the header, which may be a token
        return _NO_HEADER
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate does not verify: {shortened(cause.verify_message, 100)}"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, ConnectionResetError):
            return "the connection was reset"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.RemoteProtocolError):  # h11's own words, which quote what was sent
        return next((told for said, told in _NO_HTTP.items() if said in str(error)), _UNREADABLE)
    return shortened(str(error), 120) or _PLAIN.get(type(error), type(error).__name__)


HEAD_BYTES = 100 * 1024
"""Of the head of an answer, its headers together, and of the line before a chunk: h11's own limit."""
_UNREADABLE = "what answers does not speak HTTP/1.1"
_NO_HTTP: Mapping[str, str] = {
    "buffer too long": f"the head of its answer, or of a part of it, is longer than {HEAD_BYTES // 1024} KiB",
    "complete message": "the server broke off within its answer",
    "incomplete chunked": "the server broke off within its answer",
    "without sending a response": "the server ended the connection without an answer",
    "Content-Length": "its answer gives a length that cannot be",
}
_PLAIN: Mapping[type[Exception], str] = {
    httpx.ReadError: "the connection broke while the answer was read",
    httpx.WriteError: "the connection broke while the request was sent",
    httpx.ConnectError: "no connection",
}
