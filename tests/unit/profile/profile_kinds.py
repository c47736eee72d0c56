"""Kinds for these tests: declarations as a plug-in would write them."""

from __future__ import annotations

from typing import Literal

from msgspec import structs

from cockpit.profile.kinds import Fact, Kinds, ProbeKind, Settings, StepKind


class WebSettings(Settings, frozen=True, kw_only=True):
    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: dict[str, str] = {}
    expected_codes: tuple[int, ...] = ()
    max_age_s: float = 60.0

    def __post_init__(self) -> None:
        if self.method == "POST" and self.max_age_s > 3600:
            raise ValueError("`body` of a POST may not be older than an hour")


class StepSettings(Settings, frozen=True, kw_only=True):
    pass


def _url_problems(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings, WebSettings)
    return () if settings.url.startswith("http") else (f"`url` is `{settings.url}`, without http:// or https://",)


def _target(settings: Settings) -> str:
    assert isinstance(settings, WebSettings)
    return settings.url if settings.url.removeprefix("http://") else ""


WEB = ProbeKind(
    name="web",
    doc="A page.",
    settings=WebSettings,
    facts=(
        Fact("status", "int"),
        Fact("latency_ms", "double", "ms"),
        Fact("text", "string"),
        Fact("json", "dyn"),
        Fact("headers", "map"),
        Fact("rows", "list"),
        Fact("open", "bool"),
    ),
    default_pass=("status == 200",),
    default_value="latency_ms",
    default_unit="ms",
    target=_target,
    problems=_url_problems,
)
HTTP = structs.replace(WEB, name="http")
KINDS = Kinds(
    probes={"web": WEB, "http": HTTP}, steps={"confirm": StepKind(name="confirm", doc="A look.", settings=StepSettings)}
)
