"""`http`: one request, judged by status, headers, body, time and certificate."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from cockpit.profile.kinds import Fact, ProbeKind, Settings


class HttpSettings(Settings, frozen=True, kw_only=True):
    """One request. `url`, `bearer`, `body` and header values may hold `${variable}`."""

    url: str
    """`http://` or `https://`, with host; no user or password in it."""
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    headers: dict[str, str] = {}
    body: str = ""
    bearer: str = ""
    """A token, sent as `Authorization: Bearer …`; typically a secret variable."""
    follow_redirects: bool = False
    """Up to five, and only to the same scheme, host and port."""
    max_body_bytes: int = 65536
    """What is read of the answer's body; the rest is left unread and `truncated` is true. At most 1 MiB."""
    ca_file: str = ""
    """PEM file with the authorities to trust instead of the system's, relative to the profile."""
    timings: bool = False
    """Each reading makes a connection of its own, as curl does, and shows what its time was spent on."""


def http_target(url: str) -> str:
    """Scheme, host and port of a URL, without credentials; empty if it cannot be read yet."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    if not parts.hostname or port is None:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def url_problems(key: str, url: str) -> tuple[str, ...]:
    """What is wrong with a URL, naming the setting in backquotes."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # it quotes what it could not read, which may be a part of a password
        return (f"`{key}` is no URL: its host or port cannot be read",)
    if parts.scheme not in ("http", "https"):
        return (f"`{key}` must begin with http:// or https://",)
    if not host:
        return (f"`{key}` names no host",)
    if parts.username is not None or parts.password is not None:
        return (f"`{key}` holds a user or password; use `bearer` or a header with a secret variable",)
    return ()


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, HttpSettings)
    found = list(url_problems("url", settings.url))
    if not 0 < settings.max_body_bytes <= 1 << 20:
        found.append("`max_body_bytes` must be between 1 and 1048576")
    return tuple(found)


def _target(settings: Settings) -> str:
    assert isinstance(settings, HttpSettings)
    return http_target(settings.url)


HTTP = ProbeKind(
    name="http",
    doc="One HTTP request.",
    settings=HttpSettings,
    facts=(
        Fact("status", "int", doc="status code"),
        Fact("headers", "map", doc="names in lower case; several of one name are joined by `, `"),
        Fact("text", "string", doc="the body as text, as far as it was read"),
        Fact("json", "dyn", doc="the body as JSON; absent if it is none"),
        Fact("truncated", "bool", doc="the body was longer than `max_body_bytes`"),
        Fact("latency_ms", "double", "ms", "from the start of the request to the end of the body"),
        Fact("dns_ms", "double", "ms", "name resolution; 0.0 on a kept connection"),
        Fact("connect_ms", "double", "ms", "TCP connect; 0.0 on a kept connection"),
        Fact("tls_ms", "double", "ms", "TLS handshake; 0.0 on a kept connection or without TLS"),
        Fact("first_byte_ms", "double", "ms", "from the request sent to the head of the answer"),
        Fact("redirect_ms", "double", "ms", "all that came before the last request; 0.0 without redirects"),
        Fact("parts", "map", "ms", "DNS, connect, TLS, first byte, redirects, total; absent without `timings`"),
        Fact("certificate_days", "double", "d", "until the certificate expires; absent without TLS"),
        Fact("url", "string", doc="the final URL, after redirects"),
        Fact("http_version", "string", doc="for example HTTP/1.1"),
    ),
    default_pass=("status >= 200 && status < 400",),
    default_value="latency_ms",
    default_unit="ms",
    target=_target,
    problems=_problems,
)
