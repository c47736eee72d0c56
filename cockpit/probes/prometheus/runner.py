"""Asks Prometheus an instant query (HTTP API v1, `/api/v1/query`) and takes its vector or scalar apart."""

from __future__ import annotations

import math
import time

import msgspec

from cockpit.errors import ProbeError
from cockpit.probes.http.declaration import http_target
from cockpit.probes.http.exchange import Target, build_request
from cockpit.probes.prometheus.declaration import PrometheusSettings
from cockpit.probes.runner import Context, Facts
from cockpit.profile.kinds import Settings
from cockpit.text import shortened

BODY_BYTES = 1 << 20
SAMPLES = 100


class _Series(msgspec.Struct):
    metric: dict[str, str] = {}
    value: tuple[float, str] = (0.0, "NaN")


class _Data(msgspec.Struct, rename="camel"):
    result_type: str
    result: msgspec.Raw


class _Answer(msgspec.Struct, rename="camel"):
    status: str
    data: _Data | None = None
    error: str = ""


class PrometheusRunner:
    """One `prometheus` probe."""

    def __init__(self, settings: PrometheusSettings, context: Context) -> None:
        self._where = http_target(settings.url)
        self._request = build_request(
            "GET",
            settings.url.rstrip("/") + "/api/v1/query",
            params={"query": settings.query},
            headers=settings.headers,
            bearer=settings.bearer,
        )
        self._target = Target(context, settings.ca_file, verifies=not settings.unverified)

    async def read(self) -> Facts:
        """Ask, and return the first sample's value and all samples."""
        exchange = await self._target.exchange(self._request, BODY_BYTES)
        try:
            answer = msgspec.json.decode(exchange.body, type=_Answer)
            if answer.status != "success" or answer.data is None:
                raise ProbeError(f"{self._where} refuses the query: {shortened(answer.error, 150)}")
            series = _series(answer.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            code = exchange.response.status_code
            raise ProbeError(f"{self._where} answers {code} with something that is no Prometheus reply") from error
        facts: dict[str, object] = {
            "sample_count": len(series),
            "samples": [{"labels": each.metric, "value": _number(each.value[1])} for each in series[:SAMPLES]],
            "latency_ms": exchange.latency_ms,
        }
        if series:
            facts["age_s"] = max(0.0, time.time() - series[0].value[0])
            if not math.isnan(value := _number(series[0].value[1])):
                facts["value"] = value
        return facts

    async def close(self) -> None:
        """Close the connection."""
        await self._target.close()


def _series(data: _Data) -> list[_Series]:
    match data.result_type:
        case "vector":
            return msgspec.json.decode(data.result, type=list[_Series])
        case "scalar":
            return [_Series(value=msgspec.json.decode(data.result, type=tuple[float, str]))]
        case other:
            raise ProbeError(f"the query gives a {shortened(other, 20)}", hint="ask for an instant vector or a scalar")


def _number(text: str) -> float:
    try:
        return float(text)  # `+Inf`, `-Inf` and `NaN` are written so by Prometheus too
    except ValueError:
        return math.nan


async def open_runner(settings: Settings, context: Context) -> PrometheusRunner:
    """Open a `prometheus` probe."""
    assert isinstance(settings, PrometheusSettings)
    return PrometheusRunner(settings, context)
