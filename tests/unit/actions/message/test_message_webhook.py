"""What a server says is told only if it tells nothing of a webhook's address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.message.webhook import _judged, _without

TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_", min_size=4, max_size=40).filter(
    lambda token: token not in "hooks.example.com" and token not in ("http", "https")
)


@given(TOKENS, st.sampled_from(["/{}", "/a/{}/b", "?key={}", "/x?y=1&z={}#q", ":8443/{}"]), st.text(max_size=30))
def test_no_part_of_an_address_is_ever_repeated(token: str, place: str, around: str) -> None:
    url = "https://hooks.example.com" + place.format(token)
    assert _without(f"{around} {token}!", url) == ""
    assert _without(f"no such hook: {url}", url) == ""


def test_a_user_and_a_password_in_an_address_are_parts_of_it() -> None:
    assert _without("who is annabel?", "https://annabel:hunter22@example.com/") == ""
    assert _without("hunter22", "https://annabel:hunter22@example.com/") == ""


def test_what_tells_nothing_of_it_is_told() -> None:
    assert (
        _without("channel_not_found at example.com", "https://example.com/T0pS3cret")
        == "channel_not_found at example.com"
    )


@pytest.mark.parametrize("before", [b"-" * 150, b" " * 2030])
def test_the_beginning_of_an_address_that_a_limit_cuts_is_not_told_either(before: bytes) -> None:
    async def said() -> AsyncIterator[bytes]:
        yield before + b"T0pS3cret-of-the-channel"

    answer = httpx.Response(403, content=said())
    sent = asyncio.run(_judged(answer, "https://example.com/T0pS3cret-of-the-channel"))
    assert "T0pS" not in sent.detail
