"""Kinds for these tests: declarations as a plug-in would write them."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import structs

from cockpit.actions.checkpoint import CHECKPOINT
from cockpit.actions.decision import DECISION
from cockpit.actions.record import RECORD
from cockpit.actions.signoff import SIGNOFF
from cockpit.actions.wait import WAIT
from cockpit.profile.kinds import Fact, Kinds, ProbeKind, Settings, StepKind
from cockpit.profile.steps import MessageSettings


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


class DoSettings(Settings, frozen=True, kw_only=True):
    argv: tuple[str, ...] = ()
    script: str = ""
    files: tuple[str, ...] = ()
    env: dict[str, str] = {}
    target: str = ""
    timeout_s: float = msgspec.field(name="timeout", default=60.0)
    expect: tuple[str, ...] = ()
    undo: tuple[str, ...] | str = ()
    undo_title: str = ""


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
DO = StepKind(
    name="do", doc="An action.", settings=DoSettings, behaviour="action", facts=(Fact("code", "int"),),
)  # fmt: skip
TELL = StepKind(name="tell", doc="A message.", settings=MessageSettings, behaviour="message")
STEPS = (StepKind(name="confirm", doc="A look.", settings=StepSettings), DO, TELL, RECORD, DECISION, WAIT, CHECKPOINT)
KINDS = Kinds(probes={"web": WEB, "http": HTTP}, steps={kind.name: kind for kind in (*STEPS, SIGNOFF)})
