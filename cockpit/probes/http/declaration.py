"""`http`: one request, judged by status, headers, body, time and certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from cockpit.patterns import late
from cockpit.profile.elsewhere import open_problems
from cockpit.profile.kinds import Fact, ProbeKind, Settings
from cockpit.profile.unverified import reason_problems
from cockpit.text import visible

MAX_BODY_BYTES = 1 << 20
"""The most that `max_body_bytes` may be."""


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
    unverified: str = ""
    """Why the server's certificate is not checked, or why credentials go unencrypted; a deviation. Empty: verified."""
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


def trust_problems(url: str, bearer: str, headers: Mapping[str, str], ca_file: str, unverified: str) -> tuple[str, ...]:
    """What is wrong with how a server is trusted, and with whom credentials would be shown to."""
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname or ""
    except ValueError:
        return ()  # `url_problems` has said so
    both = ("`ca_file` and `unverified` exclude each other",) if ca_file and unverified else ()
    return (
        *reason_problems(unverified),
        *both,
        *header_problems(headers),
        *open_problems(scheme, host, bearer, headers, unverified),
    )


def header_problems(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Names that HTTP does not allow (RFC 9110, 5.6.2), or that frame a request. Values are judged when it is built."""
    if any(not _HEADER_NAME.fullmatch(name) and visible(name) == name for name in headers):  # else it is said already
        return ("a name in `headers` is no header's: letters, digits and -",)
    lowered = [name.lower() for name in headers]
    if twice := next((name for name in lowered if lowered.count(name) > 1 or name in _OURS), ""):
        why = "is sent by itself" if twice in _OURS else "stands there twice"
        return (f"the header {twice} of `headers` {why}",)
    return ()


_HEADER_NAME = late(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "accept-encoding"})
"""What a request is framed by: given by hand it could smuggle a second one."""


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, HttpSettings)
    found = list(url_problems("url", settings.url))
    if not 0 < settings.max_body_bytes <= MAX_BODY_BYTES:
        found.append(f"`max_body_bytes` must be between 1 and {MAX_BODY_BYTES}")
    found.extend(trust_problems(settings.url, settings.bearer, settings.headers, settings.ca_file, settings.unverified))
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
