"""`tls`: the certificate a server shows, also when it does not verify."""

from __future__ import annotations

from cockpit.probes.tcp.declaration import address_problems
from cockpit.profile.kinds import Fact, ProbeKind, Settings


class TlsSettings(Settings, frozen=True, kw_only=True):
    """Where to connect to and which name to expect."""

    host: str
    port: int | str = 443
    server_name: str = ""
    """The name asked for (SNI) and checked; empty: `host`."""
    ca_file: str = ""
    """PEM file with the authorities to trust instead of the system's, relative to the profile."""


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, TlsSettings)
    return address_problems(settings.host, settings.port)


def _target(settings: Settings) -> str:
    assert isinstance(settings, TlsSettings)
    return f"tls://{settings.host}:{settings.port}"


TLS = ProbeKind(
    name="tls",
    doc="A server's certificate.",
    settings=TlsSettings,
    facts=(
        Fact("days_left", "double", "d", "until the certificate expires; negative: since it did"),
        Fact("trusted", "bool", doc="the chain verifies, dates included, whatever the name"),
        Fact("hostname_ok", "bool", doc="the certificate is for the expected name"),
        Fact("reason", "string", doc="why it does not verify; empty if it does"),
        Fact("issuer", "string", doc="RFC 4514"),
        Fact("subject", "string", doc="RFC 4514"),
        Fact("not_after", "string", doc="ISO 8601, UTC"),
        Fact("protocol", "string", doc="for example TLSv1.3"),
        Fact("latency_ms", "double", "ms", "connect and handshake"),
    ),
    default_pass=("trusted", "hostname_ok"),
    default_value="days_left",
    default_unit="d",
    target=_target,
    problems=_problems,
)
