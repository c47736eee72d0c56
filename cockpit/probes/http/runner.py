"""Sends the request of an `http` probe, follows its redirects on the same server, and takes the answer apart."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import msgspec
from cryptography.x509 import load_der_x509_certificate

from cockpit.errors import ProbeError
from cockpit.probes.http.declaration import HttpSettings, http_target
from cockpit.probes.http.exchange import Exchange, Spans, Target, build_request
from cockpit.probes.runner import Context, Facts
from cockpit.profile.kinds import Settings
from cockpit.text import shortened

REDIRECTS = 5


class HttpRunner:
    """One `http` probe."""

    def __init__(self, settings: HttpSettings, context: Context) -> None:
        """Raises `ProbeError` if the request cannot be built."""
        self._settings = settings
        self._request = build_request(
            settings.method, settings.url, headers=settings.headers, bearer=settings.bearer, body=settings.body
        )
        self._target = Target(context, settings.ca_file, verifies=not settings.unverified, keeps=not settings.timings)
        self._certificate: tuple[object, datetime] | None = None

    async def read(self) -> Facts:
        """Send the request, follow its redirects where that is allowed, and return the facts of the last answer."""
        limit_bytes = self._settings.max_body_bytes
        exchange = await self._target.exchange(self._request, limit_bytes)
        redirect_ms = 0.0
        if self._settings.follow_redirects:
            for _ in range(REDIRECTS):
                following = self._following(exchange)
                if following is None:
                    break
                redirect_ms += exchange.latency_ms
                exchange = await self._target.exchange(following, limit_bytes)
        return self._facts(exchange, redirect_ms)

    def _following(self, exchange: Exchange) -> httpx.Request | None:
        """The request that a redirect asks for (RFC 9110, 15.4), or None if it is none."""
        request, response = exchange.request, exchange.response
        if not response.has_redirect_location:
            return None
        where = http_target(self._settings.url)
        try:
            url = request.url.join(response.headers["location"])
        except (httpx.InvalidURL, ValueError) as error:
            raise ProbeError(f"{where} redirects to something that is no URL") from error
        if (leads_to := http_target(str(url))) != where:
            elsewhere = f"another host: {shortened(leads_to, 80)}" if leads_to else "what is no http or https URL"
            raise ProbeError(f"{where} redirects to {elsewhere}; only the same scheme, host and port are followed")
        becomes_get = response.status_code == 303 or (response.status_code in (301, 302) and request.method == "POST")
        return build_request(
            "GET" if becomes_get and request.method != "HEAD" else request.method,
            str(url),
            headers=self._settings.headers,
            bearer=self._settings.bearer,
            body="" if becomes_get else self._settings.body,
        )

    def _facts(self, exchange: Exchange, redirect_ms: float) -> dict[str, object]:
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
            "redirect_ms": redirect_ms,
            "url": str(exchange.request.url),
            "http_version": response.http_version,
        }
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # no JSON: the fact is absent
            facts["json"] = msgspec.json.decode(exchange.body)
        if self._settings.timings:
            facts["parts"] = _parts(spans, redirect_ms, exchange.latency_ms)
        expires = self._expires(response)
        if expires is not None:
            facts["certificate_days"] = (expires - datetime.now(UTC)).total_seconds() / 86400
        return facts

    def _expires(self, response: httpx.Response) -> datetime | None:
        """When the server's certificate expires; read once for each connection."""
        stream = response.extensions.get("network_stream")
        tls = stream.get_extra_info("ssl_object") if stream is not None else None
        if tls is None:
            return None
        if self._certificate is None or self._certificate[0] is not tls:
            expires = _not_after(tls)
            if expires is None:
                return None
            self._certificate = (tls, expires)
        return self._certificate[1]

    async def close(self) -> None:
        """Close the connection."""
        await self._target.close()


def _parts(spans: Spans, redirect_ms: float, latency_ms: float) -> dict[str, float]:
    """What the time was spent on, in the order in which it was; what curl adds up, each for itself."""
    parts = {
        "DNS": spans.dns_s * 1e3,
        "connect": spans.connect_s * 1e3,
        "TLS": max(0.0, spans.tls_s) * 1e3,
        "first byte": spans.first_byte_s * 1e3,
    }
    redirected = {"redirects": redirect_ms} if redirect_ms else {}
    return {**redirected, **parts, "total": redirect_ms + latency_ms}


def _not_after(tls: ssl.SSLObject) -> datetime | None:
    """Of the server's certificate; Python describes only one that it verified."""
    if certificate := tls.getpeercert():
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    der = tls.getpeercert(binary_form=True)
    if der is None:
        return None
    with suppress(ValueError):  # whoever is not verified may show anything
        return load_der_x509_certificate(der).not_valid_after_utc
    return None


async def open_runner(settings: Settings, context: Context) -> HttpRunner:
    """Open an `http` probe."""
    assert isinstance(settings, HttpSettings)
    return HttpRunner(settings, context)
