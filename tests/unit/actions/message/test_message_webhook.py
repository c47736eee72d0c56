"""What a server says is told only if it tells nothing of a webhook's address."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.message.webhook import _without

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
