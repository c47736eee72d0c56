"""The events in the lines that a branch tells: bytes of another log, inside of this one.

Invariant: never raises. What is no line of a log gives nothing; `cockpit verify` is who says so.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

import msgspec
from msgspec import Struct

from cockpit.run.events import BODIES, Actor, Body, Event, Instant, UnknownBody


class _Line(Struct, frozen=True, rename={"class_": "class"}):
    run: str
    seq: int
    class_: str
    type: str
    id: str
    at: datetime
    boot: str
    mono: float
    actor: Actor
    data: msgspec.Raw


_decoder = msgspec.json.Decoder(_Line)
_unknown = msgspec.json.Decoder(dict[str, object])


@cache
def _body_decoder(type_name: str) -> msgspec.json.Decoder[Body]:
    return msgspec.json.Decoder(BODIES[type_name])


def told_events(text: str) -> tuple[list[Event], str]:
    """The facts in a piece of a branch, in order, and what stands after its last newline. Telemetry is passed over."""
    *lines, rest = text.split("\n")
    found = (told_event(line) for line in lines)
    return [event for event in found if event is not None and event.is_fact], rest


def told_event(line: str) -> Event | None:
    """The event of one line, without its newline; None if it is none."""
    try:
        told = _decoder.decode(line)
        if told.at.tzinfo is None:
            return None
        is_fact = told.class_ == "fact"
        known = BODIES.get(told.type)
        is_known = known is not None and (is_fact or not known.is_fact)
        body: Body = (
            _body_decoder(told.type).decode(told.data) if is_known else UnknownBody(data=_unknown.decode(told.data))
        )
    except (ValueError, RecursionError):
        return None
    instant = Instant(at=told.at, boot=told.boot, mono=told.mono)
    return Event(told.seq, told.id, told.type, is_fact, instant, told.actor, body, told.run)
