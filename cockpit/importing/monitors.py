"""Configurations of other tools that say what is watched: endpoints of an uptime monitor, health checks of containers.

Only what has a full URL, or a path next to a known base, can be asked from outside of its container.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct

from cockpit.importing.answers import ANSWERS, quoted
from cockpit.importing.curl import requests_of
from cockpit.importing.shell_tree import Patience, Script

LANGUAGES = ("yaml", "yml", "json", "dockerfile", "docker", "toml", "hcl", "terraform")
_LONGEST = 64 << 10
_DEEPEST = 20
_HEALTHCHECK = re.compile(r"^[ \t]*HEALTHCHECK\b[^\n]*", re.IGNORECASE | re.MULTILINE)
_CMD = re.compile(r"\bCMD\s+([^\n]*)", re.IGNORECASE)
_URLS = ("url", "endpoint", "uri", "target", "address")
_CODES = (
    "expected_status",
    "expectedstatus",
    "expected_status_code",
    "status_code",
    "expected_code",
    "status",
    "statuscode",
)
_CONTENTS = ("expected_content", "expectedcontent", "content", "keyword", "contains", "expected_body", "body_contains")
_TITLES = ("name", "title", "friendly_name", "id", "label")


class Watched(Struct, frozen=True, kw_only=True):
    """One endpoint that a configuration watches."""

    url: str
    title: str = ""
    method: str = "GET"
    conditions: tuple[str, ...] = ()
    interval_s: float | None = None
    words: tuple[str, ...] = ()
    """What its lines hold: to find them in the text."""


class _Loader(yaml.SafeLoader):
    """YAML without aliases: a few bytes of them can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def watched(body: str, language: str, patience: Patience) -> tuple[Watched, ...]:
    """Every endpoint in a configuration that names a full URL."""
    if len(body) > _LONGEST or patience.left_s <= 0 or not re.search(r"https?://", body):
        return ()
    if language in ("dockerfile", "docker"):
        return tuple(_of_command(command, patience) for command in _healthchecks(body) if command)
    with patience.spent():
        found = [each for document in _documents(body, language) for each in _walk(document)]
    return tuple(found)


def container_checks(body: str, language: str) -> bool:
    """It holds a health check that is asked within a container."""
    if language in ("dockerfile", "docker"):
        return bool(_HEALTHCHECK.search(body))
    return bool(re.search(r"\b(?:healthcheck|livenessProbe|readinessProbe|startupProbe)\s*:", body))


def _documents(body: str, language: str) -> list[object]:
    try:
        if language == "json":
            return [json.loads(body)]
        return list(yaml.load_all(body, Loader=_Loader))  # a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return []


def _walk(document: object) -> Iterator[Watched]:
    waiting: list[tuple[object, int]] = [(document, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEEPEST:
            continue
        if isinstance(node, dict):
            if found := _endpoint(node):
                yield found
            waiting += [(inner, depth + 1) for inner in reversed(list(node.values()))]
        elif isinstance(node, list):
            waiting += [(inner, depth + 1) for inner in reversed(node)]


def _endpoint(node: dict[object, object]) -> Watched | None:
    """A mapping with a URL, and something that says how its answer is judged or how often it is asked."""
    fields = {str(key).lower().replace("-", "_"): value for key, value in node.items()}
    url = next((fields[name] for name in _URLS if isinstance(fields.get(name), str)), "")
    method = str(fields.get("method", "GET")).upper()
    if not isinstance(url, str) or not re.match(r"https?://\S", url) or method not in ("GET", "HEAD"):
        return None
    code = next((fields[name] for name in _CODES if str(fields.get(name, "")).isdigit()), None)
    content = next((fields[name] for name in _CONTENTS if isinstance(fields.get(name), str)), "")
    interval_s = _seconds(fields.get("interval", fields.get("period", fields.get("frequency"))))
    if code is None and not content and interval_s is None:
        return None
    conditions: tuple[str, ...] = (f"status == {code}",) if code is not None else (ANSWERS,)
    conditions += _contained(str(content)) if content else ()
    title = next((str(fields[name]) for name in _TITLES if fields.get(name)), "")
    return Watched(
        url=url, title=title, method=method, conditions=conditions, interval_s=interval_s, words=(url, title)
    )


def _contained(content: str) -> tuple[str, ...]:
    """A piece of JSON (`"status": "healthy"`) as a condition on the field; anything else on the text."""
    if found := re.fullmatch(
        r"\s*\"([A-Za-z_]\w{0,60})\"\s*:\s*(\"[^\"\\]{0,100}\"|-?\d{1,12}|true|false|null)\s*", content
    ):
        return (f"text.matches({quoted(_spaced(found[1], found[2]))})",)
    return (f"text.contains({quoted(content)})",)


def _spaced(key: str, value: str) -> str:
    """RE2 for a member of JSON at any depth, however it is spaced."""
    return rf'"{key}"\s*:\s*{re.escape(value)}'


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if 1 <= value <= 86400 else None
    found = re.fullmatch(r"(\d{1,6})\s*(s|sec|seconds?|m|min|minutes?|h|hours?)?", str(value).strip())
    if found is None:
        return None
    return float(found[1]) * {"m": 60.0, "h": 3600.0}.get((found[2] or "s")[0], 1.0)


def _healthchecks(body: str) -> Iterator[str]:
    joined = body.replace("\\\n", " ")
    for line in _HEALTHCHECK.findall(joined):
        if found := _CMD.search(line):
            yield found[1]


def _of_command(command: str, patience: Patience) -> Watched:
    script = Script(command, patience)
    asked = requests_of(tuple(script.simples(script.root))) if script.root is not None else ()
    return Watched(url=asked[0].url if asked else "", words=(command,))
