"""`prometheus`: an instant query."""

from __future__ import annotations

from cockpit.probes.http.declaration import http_target, trust_problems, url_problems
from cockpit.profile.kinds import Fact, ProbeKind, Settings


class PrometheusSettings(Settings, frozen=True, kw_only=True):
    """A server and a query in PromQL (HTTP API `/api/v1/query`)."""

    url: str
    """The server's base, for example `https://prometheus.example:9090`."""
    query: str
    bearer: str = ""
    headers: dict[str, str] = {}
    ca_file: str = ""
    """PEM file with the authorities to trust instead of the system's, relative to the profile."""
    unverified: str = ""
    """Why the server's certificate is not checked, or why credentials go unencrypted; a deviation. Empty: verified."""


def _problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, PrometheusSettings)
    found = list(url_problems("url", settings.url))
    if not settings.query.strip():
        found.append("`query` is empty")
    found.extend(trust_problems(settings.url, settings.bearer, settings.headers, settings.ca_file, settings.unverified))
    return tuple(found)


def _target(settings: Settings) -> str:
    assert isinstance(settings, PrometheusSettings)
    return http_target(settings.url)


PROMETHEUS = ProbeKind(
    name="prometheus",
    doc="An instant query.",
    settings=PrometheusSettings,
    facts=(
        Fact("value", "double", doc="of the first sample; absent if there is none or it is no number"),
        Fact("sample_count", "int", doc="samples in the answer"),
        Fact("samples", "list", doc="the first 100: maps with `labels` and `value`"),
        Fact("age_s", "double", "s", "age of the first sample by the server's time stamp"),
        Fact("latency_ms", "double", "ms", "of the request"),
    ),
    default_pass=("sample_count > 0",),
    default_value="value",
    target=_target,
    problems=_problems,
)
