"""The exact bytes of a line."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from cockpit.audit import ids
from cockpit.audit.line import GENESIS, LIMIT_BYTES, Draft, decode, digest, draft, encode, prefix
from cockpit.errors import LogDamaged, LogError, LogTooNew
from cockpit.run.events import Actor, Instant, NoteAdded, ProbesSampled, UnknownBody

ANA = Actor(user="ana", host="bastion-1", via="ssh 192.0.2.7")
MOMENT = Instant(at=datetime(2026, 11, 21, 22, 4, 11, tzinfo=UTC), boot="b00t", mono=8123.442)
NOTE = Draft(id="01JD7ZZZZZZZZZZZZZZZZZZZZZ", instant=MOMENT, actor=ANA, body=NoteAdded(text="replica lag settled"))


def test_a_line_has_exactly_the_bytes_of_the_format() -> None:
    assert encode(NOTE, run="01JRUN", seq=17, prev=GENESIS) == (
        b'{"v":1,"run":"01JRUN","seq":17,"prev":"' + b"0" * 64 + b'","class":"fact","type":"note.added",'
        b'"id":"01JD7ZZZZZZZZZZZZZZZZZZZZZ","at":"2026-11-21T22:04:11.000000Z","boot":"b00t","mono":8123.442,'
        b'"actor":{"user":"ana","host":"bastion-1","via":"ssh 192.0.2.7"},'
        b'"data":{"text":"replica lag settled","step":""}}\n'
    )


def test_a_line_begins_with_the_prefix_that_readers_expect() -> None:
    raw = encode(NOTE, run="01JRUN", seq=17, prev=GENESIS)
    assert raw.startswith(prefix("01JRUN", 17, GENESIS))


def test_what_was_written_is_read_back() -> None:
    event = decode(encode(NOTE, run="01JRUN", seq=17, prev=GENESIS))
    assert (event.run, event.seq, event.id, event.type, event.is_fact) == ("01JRUN", 17, NOTE.id, "note.added", True)
    assert (event.instant, event.actor, event.body) == (MOMENT, ANA, NOTE.body)


def test_times_of_other_zones_are_written_in_utc() -> None:
    at = datetime(2026, 11, 21, 23, 4, 11, 5, tzinfo=timezone(timedelta(hours=1)))
    moved = msgspec.structs.replace(NOTE, instant=msgspec.structs.replace(MOMENT, at=at))
    assert b'"at":"2026-11-21T22:04:11.000005Z"' in encode(moved, run="r", seq=2, prev=GENESIS)


def test_telemetry_says_so() -> None:
    raw = encode(draft(ProbesSampled(), ANA), run="r", seq=2, prev=GENESIS)
    assert b'"class":"telemetry"' in raw
    assert not decode(raw).is_fact


def test_the_digest_is_over_the_domain_and_the_raw_line() -> None:
    # printf 'cockpit-log-v1\nabc' | sha256sum
    assert digest(b"abc") == "ee0e79aee48a41c0ee86ef612cc3d414aa14a8d2342ef1145bbfdd68b7637e09"


@pytest.mark.parametrize("text", ["a\0b", "\0", "\\\0", "\\\\\0"])
def test_a_nul_is_never_written(text: str) -> None:
    with pytest.raises(LogError, match=r"U\+0000"):
        encode(draft(NoteAdded(text=text), ANA), run="r", seq=2, prev=GENESIS)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "a\\u0000b"])
def test_the_six_characters_of_an_escaped_nul_are_plain_text(text: str) -> None:
    event = decode(encode(draft(NoteAdded(text=text), ANA), run="r", seq=2, prev=GENESIS))
    assert event.body == NoteAdded(text=text)


def test_a_lone_surrogate_is_never_written() -> None:
    with pytest.raises(LogError, match="surrogate"):
        encode(draft(NoteAdded(text="\ud800"), ANA), run="r", seq=2, prev=GENESIS)


def test_a_time_that_is_no_number_is_never_written() -> None:
    moment = msgspec.structs.replace(MOMENT, mono=math.nan)
    with pytest.raises(LogError, match="monotonic"):
        encode(draft(NoteAdded(text="x"), ANA, moment), run="r", seq=2, prev=GENESIS)


def test_a_line_may_have_64_kib_and_not_a_byte_more() -> None:
    overhead = len(encode(draft(NoteAdded(text=""), ANA, MOMENT), run="r", seq=2, prev=GENESIS))
    fits = draft(NoteAdded(text="x" * (LIMIT_BYTES - overhead)), ANA, MOMENT)
    assert len(encode(fits, run="r", seq=2, prev=GENESIS)) == LIMIT_BYTES
    too_long = draft(NoteAdded(text="x" * (LIMIT_BYTES - overhead + 1)), ANA, MOMENT)
    with pytest.raises(LogError, match="65537 bytes"):
        encode(too_long, run="r", seq=2, prev=GENESIS)
    assert len(encode(too_long, run="r", seq=1, prev=GENESIS)) == LIMIT_BYTES + 1


def _changed(**changes: object) -> bytes:
    return json.dumps({**json.loads(encode(NOTE, run="r", seq=17, prev=GENESIS)), **changes}).encode()


def test_unknown_fields_are_stepped_over() -> None:
    event = decode(_changed(sig="later", data={"text": "hi", "mood": "good"}))
    assert event.body == NoteAdded(text="hi")


def test_an_unknown_type_keeps_its_data() -> None:
    event = decode(_changed(type="signature.added", data={"sig": ["a", 1]}))
    assert (event.type, event.body) == ("signature.added", UnknownBody(data={"sig": ["a", 1]}))


def test_a_fact_that_comes_as_telemetry_is_none() -> None:
    """Nobody waited for it, no head pins it when it comes, and nobody looks for a signature in it."""
    event = decode(_changed(**{"class": "telemetry"}))
    assert (event.is_fact, event.type) == (False, "note.added")
    assert isinstance(event.body, UnknownBody)


@pytest.mark.parametrize("changes", [{"v": 2}, {"v": 3, "seq": "17a", "class": "other"}])
def test_a_newer_version_says_to_update(changes: dict[str, object]) -> None:
    with pytest.raises(LogTooNew, match="update cockpit"):
        decode(_changed(**changes), line=4)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"nonsense",
        b"\xff\xfe",
        b"[" * 50_000,
        _changed(v=0),
        _changed(data={"text": 7}),
        _changed(data=[]),
        _changed(type="x.unknown", data=[]),
        _changed(at="yesterday"),
        _changed(at="2026-11-21T22:04:11"),
        _changed(**{"class": "rumour"}),
    ],
)
def test_what_is_no_event_names_its_line(raw: bytes) -> None:
    with pytest.raises(LogDamaged, match="line 4") as caught:
        decode(raw, line=4)
    assert caught.value.line == 4


def test_ids_are_26_characters_and_always_increase() -> None:
    made = [ids.new_id() for _ in range(2000)]
    assert all(len(one) == 26 for one in made)
    assert made == sorted(set(made))


def test_ids_increase_although_the_clock_is_set_back() -> None:
    sequence = ids._Sequence()
    later, earlier = sequence.following(1000), sequence.following(10)
    assert earlier == later + 1
