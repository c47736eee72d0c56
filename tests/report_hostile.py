"""A log in which every text is an attack: on HTML, on templates, on Markdown, on spreadsheets, on terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace
from report_story import PROFILE, long_night

from cockpit.profile.model import Profile
from cockpit.run import events as e

ATTACKS = (
    "<script>alert(1)</script>",
    "</style></title><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "{{ 7 * 7 }}{% for x in y %}${7*7}",
    "$(touch /tmp/owned)`id`",
    "\u202egnissim si resu eht\u2066",
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "[click](javascript:alert(4))",
    "![x](http://evil.example/x.png)",
    "<http://evil.example> www.evil.example https://evil.example/a @everyone",
    "\x1b]0;owned\x07\x1b[31mred\x9b31m",
    "| cell | cell |\n# heading\n---\n> quote\n```\nfence",
    "<!-- --> ]]> &lt;b&gt; &#60;b&#62;",
    "1. one\n- two\n* three\n=== \n<a href='javascript:alert(5)'>x</a>",
    "url(http://evil.example/y) @import 'http://evil.example/z'; expression(alert(6))",
    "x" * 700,
    "' onmouseover='alert(7)' x='",
)
_KEPT = {
    "id", "kind", "behaviour", "stage", "order", "level", "risk", "severity", "phase", "step", "probe", "plan",
    "action", "status", "verdict", "outcome", "mode", "role", "previous", "armed", "suspended", "undoes",
    "on_failure", "gate", "people",
    "proposed", "steps", "seat", "trigger", "target", "channel", "template", "pass", "warn", "fail", "requires", "exit",
    "only_if", "when", "timezone", "start", "end", "value", "settings", "not_taken", "environment_key", "until",
    "verdicts", "signing", "found", "language",
}  # fmt: skip
"""Fields that the walk goes by: another text there is no attack, but another run."""


def hostile_night(texts: Sequence[str] = ATTACKS, first: int = 0) -> Iterator[e.Event]:
    """The long night with all its texts replaced, and by people with such names. The first text is `texts[first]`."""
    attacks, few = count(first), min(18, len(texts))
    for event in long_night(hostile_profile(attacks, texts)).events:
        plain = msgspec.to_builtins(event.body)
        if isinstance(event.body, e.RunStarted):
            body: e.Body = replace(event.body, variables={texts[0]: texts[3]}, files={texts[1]: texts[2]})
        elif isinstance(event.body, e.StepConfirmed):
            body = event.body
        else:
            body = msgspec.convert(_attacked(plain, attacks, texts), type(event.body))
        number = next(attacks)
        actor = e.Actor(
            f"{event.actor.user}{texts[number % few]}", texts[(number + 3) % few], texts[(number + 5) % few]
        )
        yield replace(event, body=body, actor=actor)
    # A time that no calendar of another zone can show.
    yield replace(
        event, body=e.NoteAdded(text="late"), instant=replace(event.instant, at=event.instant.at + timedelta(days=1))
    )


def hostile_profile(attacks: Iterator[int], texts: Sequence[str] = ATTACKS) -> Profile:
    """The profile of the long night, titles and texts replaced."""
    plain = _attacked(msgspec.to_builtins(PROFILE), attacks, texts)
    plain["environment"] = texts[0]
    return msgspec.convert(plain, Profile)


def _attacked(value: Any, attacks: Iterator[int], texts: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {key: each if _is_kept(key, each) else _attacked(each, attacks, texts) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_attacked(each, attacks, texts) for each in value]
    if isinstance(value, str):
        return texts[next(attacks) % len(texts)]
    return value


def _is_kept(key: str, value: Any) -> bool:
    if key in ("settings", "verdicts"):
        return True
    is_texts = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    return key in _KEPT and (is_texts or not isinstance(value, list | tuple | dict))
