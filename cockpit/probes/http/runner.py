"""Sends the request of an `http` probe, with one client per probe and the parts of its time measured.

One client for many hosts collapses (its pool is searched linearly), so each target has its own; the TLS context, which
takes long to build, is shared by all that trust the same authorities.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import httpcore
import httpx
import msgspec

from cockpit.errors import ProbeError
from cockpit.probes.http.declaration import HttpSettings, http_target
from cockpit.probes.runner import Context, Facts
from cockpit.profile.kinds import Settings
from cockpit.text import shortened

_REDIRECTS = 5


class Spans(msgspec.Struct):
    """Seconds of the parts of one exchange; zero where a part did not happen."""

    dns_s: float = 0.0
    connect_s: float = 0.0
    tls_s: float = 0.0
    sent_at: float = 0.0
    first_byte_s: float = 0.0


class _TimedBackend(httpcore.AsyncNetworkBackend):
    """Resolves names itself, so that resolving and connecting are told apart. Tries each address in turn."""

    def __init__(self, spans: Spans) -> None:
        self.spans = spans
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        began = time.perf_counter()
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
        except OSError as error:
            raise httpcore.ConnectError(f"the name {host} does not resolve: {error.strerror}") from error
        self.spans.dns_s = time.perf_counter() - began
        began = time.perf_counter()
        failure: Exception | None = None
        for address in dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found):
            try:
                stream = await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
                continue
            self.spans.connect_s = time.perf_counter() - began
            return stream
        raise failure or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return await self._inner.connect_unix_socket(path, timeout, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class Exchange(msgspec.Struct, frozen=True):
    """One answer, as far as it was read."""

    response: httpx.Response
    body: bytes
    truncated: bool
    latency_ms: float
    spans: Spans


class Target:
    """A client for one scheme, host and port. Never used by two requests at once."""

    def __init__(self, context: Context, ca_file: str) -> None:
        self._spans = Spans()
        trust = tls_context(str(context.base_dir / ca_file) if ca_file else "")
        transport = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
        # httpx offers no public way to a network backend; its transport is a thin wrapper around this pool.
        transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=2,
            max_keepalive_connections=1,
            keepalive_expiry=120.0,
            network_backend=_TimedBackend(self._spans),
        )
        self.client = httpx.AsyncClient(
            transport=transport,
            trust_env=False,
            timeout=None,  # noqa: S113 - the schedule's own timeout covers the whole reading
            headers={"accept-encoding": "identity"},
        )

    async def exchange(self, request: httpx.Request, limit_bytes: int) -> Exchange:
        """Send, and read at most `limit_bytes` of the body. Raises `ProbeError`."""
        spans = self._spans
        spans.dns_s = spans.connect_s = spans.tls_s = spans.sent_at = spans.first_byte_s = 0.0
        request.extensions = {"trace": self._trace}
        began = time.perf_counter()
        try:
            response = await self.client.send(request, stream=True)
            try:
                body, truncated = await _body(response, limit_bytes)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise ProbeError(f"{http_target(str(request.url))}: {reason(error)}") from error
        latency_ms = (time.perf_counter() - began) * 1e3
        return Exchange(response, body, truncated, latency_ms, spans)

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


class HttpRunner:
    """One `http` probe."""

    def __init__(self, settings: HttpSettings, context: Context) -> None:
        self._settings = settings
        self._target = Target(context, settings.ca_file)
        headers = dict(settings.headers)
        if settings.bearer:
            headers["authorization"] = f"Bearer {settings.bearer}"
        try:
            self._request = self._target.client.build_request(
                settings.method, settings.url, headers=headers, content=settings.body.encode() or None
            )
        except (httpx.InvalidURL, ValueError, UnicodeError) as error:
            raise ProbeError("the request cannot be built from `url` and `headers`", hint="correct them") from error

    async def read(self) -> Facts:
        """Send the request, follow its redirects where that is allowed, and return the facts of the last answer."""
        request = self._request
        exchange = await self._target.exchange(request, self._settings.max_body_bytes)
        for _ in range(_REDIRECTS if self._settings.follow_redirects else 0):
            following = exchange.response.next_request
            if following is None:
                break
            if http_target(str(following.url)) != http_target(self._settings.url):
                raise ProbeError(
                    f"{http_target(self._settings.url)} redirects to another host: "
                    f"{shortened(http_target(str(following.url)), 80)}"
                )
            exchange = await self._target.exchange(following, self._settings.max_body_bytes)
        return _facts(exchange)

    async def close(self) -> None:
        """Close the connection."""
        await self._target.client.aclose()


def _facts(exchange: Exchange) -> dict[str, object]:
    response, spans = exchange.response, exchange.spans
    facts: dict[str, object] = {
        "status": response.status_code,
        "headers": dict(response.headers),
        "text": exchange.body.decode("utf-8", "replace"),
        "truncated": exchange.truncated,
        "latency_ms": exchange.latency_ms,
        "dns_ms": spans.dns_s * 1e3,
        "connect_ms": spans.connect_s * 1e3,
        "tls_ms": max(0.0, spans.tls_s) * 1e3,
        "first_byte_ms": spans.first_byte_s * 1e3,
        "url": str(response.url),
        "http_version": response.http_version,
    }
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # no JSON: the fact is absent
        facts["json"] = msgspec.json.decode(exchange.body)
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    if tls is not None and (certificate := tls.getpeercert()):
        expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
        facts["certificate_days"] = (expires - datetime.now(UTC)).total_seconds() / 86400
    return facts


async def _body(response: httpx.Response, limit_bytes: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > limit_bytes:
            return b"".join(parts)[:limit_bytes], True
    return b"".join(parts), False


def reason(error: Exception) -> str:
    """Return why an exchange failed, in a few visible words without credentials."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate does not verify: {shortened(cause.verify_message, 100)}"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        cause = cause.__cause__ or cause.__context__
    return shortened(str(error), 120) or type(error).__name__


@lru_cache(maxsize=16)
def tls_context(ca_file: str) -> ssl.SSLContext:
    """Return the shared context that trusts the system's authorities, or those of one PEM file. Raises `ProbeError`."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ProbeError(f"`ca_file` {Path(ca_file).name} cannot be read as PEM: {error}") from error


async def open_runner(settings: Settings, context: Context) -> HttpRunner:
    """Open an `http` probe."""
    assert isinstance(settings, HttpSettings)
    return HttpRunner(settings, context)
