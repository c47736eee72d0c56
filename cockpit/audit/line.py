"""One event as one line of bytes, and back: the log's format, version 1 (docs/log-format.md, ADR 0001).

Invariant: `encode` writes the keys `v run seq prev class type id at boot mono actor data` in this order without spaces,
so that a reader can compare the start of a line with the bytes it expects. `decode` takes the stored bytes as they are:
what is hashed is never re-encoded. Neither knows files, locks or the order of lines.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from cockpit.audit import clock, ids
from cockpit.errors import LogDamaged, LogError, LogTooNew
from cockpit.patterns import late
from cockpit.run.events import BODIES, Actor, Body, Event, Instant, UnknownBody
from cockpit.text import shortened

VERSION = 1
DOMAIN = b"cockpit-log-v1\n"
"""Hashed before every line, so that a digest of this chain is a digest of nothing else."""
GENESIS = "0" * 64
"""`prev` of the first line."""
LIMIT_BYTES = 65536
"""The longest line, newline included."""
FIRST_LIMIT_BYTES = 2 * 1024 * 1024
"""The longest first line: it carries the whole profile."""

FIRST_YEAR, LAST_YEAR = 2, 9998
"""Of `at`, as it is written: any such moment can be told in any time zone."""

_NUL = late(rb"(?<!\\)(?:\\\\)*\\u0000")
Class = Literal["fact", "telemetry"]


class Draft(Struct, frozen=True):
    """What a caller wants appended; run, seq and prev are filled in under the lock."""

    id: str
    instant: Instant
    actor: Actor
    body: Body


class Head(Struct, frozen=True):
    """The last fact's place in the chain: one short code that pins everything before it."""

    seq: int
    digest: str
    """64 hex digits."""

    @property
    def short(self) -> str:
        """Eight digits, for eyes: `7f3a·91c2`."""
        return f"{self.digest[:4]}·{self.digest[4:8]}"

    @property
    def check(self) -> str:
        """Thirty-two digits, for checking."""
        return self.digest[:32]


class _Line(Struct, frozen=True, rename={"class_": "class"}):
    """The keys of a line in the order in which they are written."""

    v: int
    run: str
    seq: int
    prev: str
    class_: Class
    type: str
    id: str
    at: str
    boot: str
    mono: float
    actor: Actor
    data: Body


class Envelope(Struct, frozen=True, gc=False, rename={"class_": "class"}):
    """A line as it is read, all but its body: what the chain needs. Unknown keys are ignored."""

    v: int
    run: str
    seq: int
    class_: Class
    type: str
    id: str
    at: datetime
    boot: str
    mono: float
    actor: Actor
    data: msgspec.Raw
    """Undecoded until somebody wants the body."""

    @property
    def is_fact(self) -> bool:
        """Whether the line moves the head."""
        return self.class_ == "fact"


class _Version(Struct, frozen=True, gc=False):
    v: int


class _Dated(Struct, frozen=True, gc=False):
    at: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)
_version_decoder = msgspec.json.Decoder(_Version)
_date_decoder = msgspec.json.Decoder(_Dated)


def draft(body: Body, actor: Actor, instant: Instant | None = None) -> Draft:
    """Return a draft with a new id, at `instant` or now."""
    return Draft(id=ids.new_id(), instant=instant or clock.now(), actor=actor, body=body)


def digest(raw: bytes) -> str:
    """Return the SHA-256, in hex, of the domain and a line's raw bytes without its newline."""
    return hashlib.sha256(DOMAIN + raw).hexdigest()


def prefix(run: str, seq: int, prev: str) -> bytes:
    """Return the bytes that line `seq` of `run` must begin with, up to the opening quote of its class."""
    return f'{{"v":1,"run":"{run}","seq":{seq},"prev":"{prev}","class":"'.encode()


def encode(draft: Draft, *, run: str, seq: int, prev: str) -> bytes:
    """Return the line with its newline.

    Raises LogError if it would be too long, or holds U+0000, a lone surrogate or a time that is not a number.
    """
    what = f"the event {draft.body.type}"
    if not math.isfinite(draft.instant.mono):
        raise LogError(f"{what} was not written: its monotonic time is {draft.instant.mono}")
    at = draft.instant.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    line = _Line(
        v=VERSION, run=run, seq=seq, prev=prev, class_="fact" if draft.body.is_fact else "telemetry",
        type=draft.body.type, id=draft.id, at=at, boot=draft.instant.boot, mono=float(draft.instant.mono),
        actor=draft.actor, data=draft.body,
    )  # fmt: skip
    try:
        raw = _encoder.encode(line) + b"\n"
    except UnicodeEncodeError as error:
        raise LogError(f"{what} was not written: it holds a lone surrogate (U+D800 to U+DFFF)") from error
    if b"\\u0000" in raw and _NUL.search(raw):
        raise LogError(f"{what} was not written: it holds the character U+0000")
    limit = FIRST_LIMIT_BYTES if seq == 1 else LIMIT_BYTES
    if len(raw) > limit:
        raise LogError(
            f"{what} was not written: its line would have {len(raw)} bytes, more than the {limit} allowed",
            hint="shorten the profile" if seq == 1 else "shorten it, or keep the text in a file and name the file",
        )
    return raw


@cache
def _body_decoder(type_name: str) -> msgspec.json.Decoder[Body]:
    return msgspec.json.Decoder(BODIES[type_name])


_unknown_decoder = msgspec.json.Decoder(dict[str, object])


def decode(raw: bytes, *, line: int = 0) -> Event:
    """Return the event of one line, with or without its newline.

    Unknown fields are ignored (the stored bytes keep them); an unknown type gives an `UnknownBody` with its data.
    `line` is the line's number for messages. Raises LogDamaged, or LogTooNew for `v` above 1.
    """
    return event_of(open_envelope(raw, line=line), line=line)


def open_envelope(raw: bytes, *, line: int = 0) -> Envelope:
    """Return all of a line but its body. Raises LogDamaged, or LogTooNew for `v` above 1."""
    try:
        raw.decode()  # msgspec does not look into the data, which must be UTF-8 too
        envelope = _decoder.decode(raw)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors, UnicodeDecodeError too
        _raise_if_too_new(raw, line)
        raise _damaged(line, error) from error
    if envelope.v != VERSION:
        raise _version_error(envelope.v, line)
    if envelope.at.tzinfo is None:
        raise _damaged(line, "`at` has no time zone")
    if not FIRST_YEAR < envelope.at.year < LAST_YEAR:
        _raise_if_untellable(raw, line)
    return envelope


def event_of(envelope: Envelope, *, line: int = 0) -> Event:
    """Return the event in an envelope. Raises LogDamaged if its data are not those of its type.

    What is a fact by its type and comes as telemetry is none: nobody waited for it, and no signature is looked for in
    it. It gives an `UnknownBody`, which changes nothing.
    """
    body: Body
    known = BODIES.get(envelope.type)
    try:
        if known is not None and (envelope.is_fact or not known.is_fact):
            body = _body_decoder(envelope.type).decode(envelope.data)
        else:
            body = UnknownBody(data=_unknown_decoder.decode(envelope.data))
    except (ValueError, RecursionError) as error:
        raise _damaged(line, error) from error
    return Event(
        seq=envelope.seq,
        id=envelope.id,
        type=envelope.type,
        is_fact=envelope.is_fact,
        instant=Instant(at=envelope.at, boot=envelope.boot, mono=envelope.mono),
        actor=envelope.actor,
        body=body,
        run=envelope.run,
    )


def _damaged(line: int, why: object) -> LogDamaged:
    return LogDamaged(f"line {line} is not an event of this log: {shortened(str(why), 200)}", line=line)


def _version_error(version: int, line: int) -> LogError:
    if version > VERSION:
        return LogTooNew(f"line {line} has format version {version}, this cockpit reads 1", hint="update cockpit")
    return LogDamaged(f"line {line} has format version {version}, expected 1", line=line)


def _raise_if_too_new(raw: bytes, line: int) -> None:
    """A newer version may differ in any other key: its number is looked at alone."""
    try:
        raw.decode()
        version = _version_decoder.decode(raw).v
    except (ValueError, RecursionError):
        return
    if version > VERSION:
        raise _version_error(version, line)


def _raise_if_untellable(raw: bytes, line: int) -> None:
    """In UTC, the year may be another than the one that is written."""
    year = int(_date_decoder.decode(raw).at[:4])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _damaged(line, f"`at` is of the year {year}")
