"""`tcp`: whether a port accepts a connection."""

from __future__ import annotations

from cockpit.profile.kinds import Fact, ProbeKind, Settings


class TcpSettings(Settings, frozen=True, kw_only=True):
    """Where to connect to."""

    host: str
    port: int | str
    """A number, or text that becomes one once its `${variable}` is filled in."""


def address_problems(host: str, port: int | str) -> tuple[str, ...]:
    """What is wrong with a host and port, naming the settings in backquotes."""
    found = [] if host.strip() else ["`host` is empty"]
    if not str(port).isdigit() or not 0 < int(port) < 65536:
        found.append("`port` must be between 1 and 65535")
    return tuple(found)


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, TcpSettings)
    return address_problems(settings.host, settings.port)


def _target(settings: Settings) -> str:
    assert isinstance(settings, TcpSettings)
    return f"tcp://{settings.host}:{settings.port}"


TCP = ProbeKind(
    name="tcp",
    doc="A TCP connection.",
    settings=TcpSettings,
    facts=(
        Fact("connected", "bool", doc="the connection was accepted"),
        Fact("reason", "string", doc="why not, for example `connection refused`; empty if connected"),
        Fact("latency_ms", "double", "ms", "name resolution and connect"),
        Fact("dns_ms", "double", "ms", "name resolution"),
        Fact("address", "string", doc="the address that was tried last"),
    ),
    default_pass=("connected",),
    default_value="latency_ms",
    default_unit="ms",
    target=_target,
    problems=_problems,
)
