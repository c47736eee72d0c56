"""Secrets in whose midst something else stands: colours, breaks of lines, other rows, what a server made of an `é`."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cockpit.masking.mask import BY_SHAPE, Mask
from cockpit.masking.stream import Masker

SECRET = "Xy7kQ9wZ2mLp4R-tail"
TOKEN = "ghp_" + "a1B2c3D4" * 4 + "x9Y8"
BODY = [base64.b64encode(bytes(range(at, at + 48))).decode() for at in range(0, 144, 48)]
PEM = ["-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----"]
RED, RESET, GREP, GREPPED = "\x1b[31m", "\x1b[0m", "\x1b[01;31m\x1b[K", "\x1b[m\x1b[K"
KEY = "‹secret: private key›"


PUBLIC = re.compile(r"(?:gh?p?_?|-----BEGIN[A-Z -]*)((?:\x1b\[[\d;]*[mK])*‹)")
"""What everybody knows of a secret may have been let go before anybody could know that it is one."""


def streamed(secrets: dict[str, str], text: str, size: int) -> str:
    masker, data = Masker(secrets), text.encode()
    pieces = [masker.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return PUBLIC.sub(r"\1", b"".join([*pieces, masker.end()]).decode())


COLOURED = {
    "what was told": (f"it is Xy7k{GREP}Q9wZ{GREPPED}2mLp4R-tail.", f"it is ‹secret it›{GREP}{GREPPED}."),
    "its base64": (
        f"{RED}{base64.b64encode(SECRET.encode()).decode()[:10]}{RESET}{base64.b64encode(SECRET.encode()).decode()[10:]}",
        f"{RED}‹secret it›{RESET}A==",
    ),
    "a token that grep found by its beginning": (
        f"it is {GREP}ghp_{GREPPED}{TOKEN[4:]}, they say",
        f"it is {GREP}‹secret: GitHub token›{GREPPED}, they say",
    ),
    "a token behind a colour": (f"{RED}{TOKEN}{RESET}\n", f"{RED}‹secret: GitHub token›{RESET}\n"),
    "what jq -C prints": (
        f'{RED}"client_secret"{RESET}: {RED}"{SECRET[::-1]}"{RESET}',
        f'{RED}"client_secret"{RESET}: {RED}"‹secret: secret›"{RESET}',
    ),
}


@pytest.mark.parametrize(("text", "masked"), COLOURED.values(), ids=COLOURED)
def test_colours_hide_no_secret_and_what_follows_looks_as_it_did(text: str, masked: str) -> None:
    assert Mask({"it": SECRET}).text(text) == masked
    for size in (1, 2, 7, len(text)):
        assert streamed({"it": SECRET}, text, size) == masked


def test_what_is_no_secret_keeps_its_colours() -> None:
    text = f"{RED}password{RESET}: see the vault; \x1b[2K\x1b[1G{GREP}done{GREPPED}\x1b(B\x1b[m \x1b]0;title\x07 \x1b"
    assert Mask({"it": SECRET}).text(text) == text
    for size in (1, 3, len(text)):
        assert streamed({"it": SECRET}, text, size) == text


def test_a_key_in_one_cell_of_psql_goes_as_a_whole() -> None:
    text = f"name   | key\n-------+-----\n deploy | {PEM[0]:<64}+\n"
    text += "".join(f"        | {line:<64}+\n" for line in PEM[1:-1]) + f"        | {PEM[-1]}\n(1 row)\n"
    masked = f"name   | key\n-------+-----\n deploy | {KEY}\n(1 row)\n"
    assert BY_SHAPE.text(text) == masked
    for size in (1, 7, len(text)):
        assert streamed({}, text, size) == masked


@pytest.mark.parametrize("rows", [PEM, PEM[:-1], [*PEM, "and more"]], ids=["whole", "cut", "followed"])
def test_a_key_of_which_every_row_holds_a_line_goes_from_each(rows: list[str]) -> None:
    shown = [KEY if row in PEM else row for row in rows]
    assert BY_SHAPE.lines(rows) == shown
    assert BY_SHAPE.value(rows) == shown
    told = [{"n": at, "line": row} for at, row in enumerate(rows)]
    assert BY_SHAPE.value(told) == [{"n": at, "line": row} for at, row in enumerate(shown)]
    assert BY_SHAPE.value({"rows": (1, *rows, None)}) == {"rows": (1, *shown, None)}


def test_rows_that_hold_no_secret_stay_as_they_are() -> None:
    rows = ["a", "", "-----BEGIN CERTIFICATE-----", BODY[0], "‹secret it›", "é"]
    assert BY_SHAPE.lines(rows) == rows
    assert BY_SHAPE.value([{"a": "x"}, {"b": ["y", {"a": 1.5}]}, "z"]) == [{"a": "x"}, {"b": ["y", {"a": 1.5}]}, "z"]


def test_a_secret_that_was_told_goes_from_the_rows_that_share_it() -> None:
    assert Mask({"it": f"{SECRET}\n{TOKEN}"}).lines(["a", SECRET, TOKEN, "b"]) == [
        "a", "‹secret it›", "‹secret it›", "b"
    ]  # fmt: skip


@pytest.mark.parametrize("secret", ["Zq8#pässwörd-Ω", "naïve-Pa55wörter"])
def test_a_secret_that_a_server_read_in_another_encoding_is_the_same_secret(secret: str) -> None:
    taken = secret.encode().decode("latin-1")
    mask = Mask({"it": secret})
    assert mask.text(f"<{taken}>") == "<‹secret it›>"
    assert "‹secret it›" in (masked := mask.text(f"<{base64.b64encode(b'xy' + taken.encode()).decode()}>"))
    assert len(masked) < 20
    if all(ord(character) < 256 for character in secret):
        assert mask.data(b"<" + secret.encode("latin-1") + b">") == "<‹secret it›>".encode()


def test_a_secret_that_was_cut_in_the_midst_of_a_text_is_masked_to_the_cut() -> None:
    mask = Mask({"it": SECRET})
    assert mask.text("in /srv/Xy7kQ… there is nothing, in Xy7… neither, nor in /srv/Xy7kQ9wZ…") == (
        "in /srv/‹secret it›… there is nothing, in Xy7… neither, nor in /srv/‹secret it›…"
    )


PIECES = st.sampled_from(
    [SECRET, SECRET[:9], SECRET[9:],  f" {TOKEN} ", "\n", " ", RED, RESET, GREP, "a plain word",
     base64.b64encode(SECRET.encode()).decode(), "x", "\\n", "+\n", *PEM]
)  # fmt: skip


def left(text: str) -> set[str]:
    """Which twelve letters in a row of what may be secret, and of what is not, are still in a text."""
    each = (SECRET, TOKEN, base64.b64encode(SECRET.encode()).decode(), *BODY, "a plain word")
    return {one[at : at + 12] for one in each for at in range(len(one) - 11) if one[at : at + 12] in text}


@settings(deadline=None)  # the first mask of a process compiles its patterns
@given(st.lists(PIECES, max_size=12), st.integers(1, 9))
@example([PEM[0], "\n", BODY[0], "\n", "a plain word", "\n"], 1)
def test_output_that_comes_in_pieces_is_masked_as_if_it_came_at_once(parts: list[str], size: int) -> None:
    text = "".join(parts)
    at_once, in_pieces = (streamed({"it": SECRET}, text, each) for each in (len(text) or 1, size))
    assert left(in_pieces) == left(at_once)
