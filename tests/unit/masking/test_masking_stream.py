"""Secrets in streams: whatever they are cut into, and however they are written."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cockpit.actions.shim.capture import Excerpt
from cockpit.masking.stream import Masker

SECRETS = st.text(st.characters(codec="utf-8"), min_size=8, max_size=30).filter(lambda s: len(s.strip()) >= 8)


def _masked(secrets: dict[str, str], pieces: list[bytes]) -> bytes:
    masker = Masker(secrets)
    return b"".join([*(masker.feed(piece) for piece in pieces), masker.end()])


def _cut(data: bytes, places: list[int]) -> list[bytes]:
    cuts = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@settings(deadline=None)  # the first mask of a process compiles its patterns
@given(
    SECRETS, st.binary(max_size=40), st.binary(max_size=40), st.lists(st.integers(0, 500), max_size=6), st.booleans()
)
@example("aaaaaaaa", b"aaaa", b"aaaaaa", [3, 5, 7, 9], False)
def test_no_cut_lets_a_secret_through(secret: str, before: bytes, after: bytes, places: list[int], wrapped: bool):
    raw = secret.encode()
    forms = [raw, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()]
    if wrapped:
        forms = [base64.encodebytes(before + raw + after)]
    for form in forms:
        data = form if wrapped else before + form + after
        out = _masked({"it": secret}, _cut(data, places))
        assert raw not in out
        assert form not in out
        if wrapped:
            assert "‹secret it›".encode() in out


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_what_holds_no_secret_goes_through_as_it_is(data: bytes, places: list[int]):
    assert _masked({"it": "Zq8#never-there"}, _cut(data, places)) == data
    assert _masked({}, _cut(data, places)) == data


def test_the_longer_of_two_secrets_is_masked_whole():
    secrets = {"short": "abcd", "long": "abcdef"}
    assert _masked(secrets, [b"abcd", b"ef abcd", b"x"]) == "‹secret long› ‹secret short›x".encode()


def test_a_letter_that_may_begin_a_secret_holds_back_no_more_than_it_must():
    masker = Masker({"it": "password"})
    assert masker.feed(b"step") == b"ste"
    assert masker.feed(b"s") == b"ps"
    assert masker.end() == b""


def test_the_beginning_of_a_secret_at_the_end_is_masked():
    assert _masked({"it": "password"}, [b"it is passw"]) == "it is ‹secret it›".encode()
    assert _masked({"it": "password"}, [b"it is pas"]) == b"it is pas"


def test_short_secrets_are_left():
    assert _masked({"it": "abc"}, [b"abc"]) == b"abc"


@given(st.lists(st.binary(max_size=50)), st.integers(0, 40), st.integers(1, 40))
def test_an_excerpt_counts_what_it_leaves_out(pieces: list[bytes], head: int, tail: int):
    excerpt = Excerpt(head, tail)
    for piece in pieces:
        excerpt.write(piece)
    whole, content = b"".join(pieces), excerpt.content()
    assert content.startswith(whole[:head])
    assert content.endswith(whole[head:][-tail:])
    assert excerpt.left_out_bytes == max(0, len(whole) - head - tail)
