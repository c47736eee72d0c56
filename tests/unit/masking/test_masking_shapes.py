"""Secrets that nobody told: found by what they look like and where they stand, in texts and in streams cut anywhere."""

# ruff: noqa: E501 - a table, one place a line
from __future__ import annotations

import base64
import random
import re
import string
import time

import pytest

from cockpit.masking import places
from cockpit.masking.mask import BY_SHAPE, Mask
from cockpit.masking.stream import Masker
from cockpit.secret_shapes.tokens import SHAPES

BODY = "\n".join(base64.b64encode(bytes(range(at, at + 48))).decode() for at in range(0, 96, 48))
V = "Xy7kQ9wZ2mLp4R"

PLACES = {
    "authorization": (f"Authorization: Bearer {V}", "‹secret: authorization›"),
    "proxy": (f"> Proxy-Authorization: Basic {V}==\r\n", "‹secret: authorization›"),
    "python_header": (f"('authorization', 'Digest username=\"a\", response={V}')", "‹secret: authorization›"),
    "json_header": (f'{{"Authorization": "token {V}"}}', "‹secret: authorization›"),
    "aws": (f"authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature={V}", "‹secret: authorization›"),
    "cookie": (f"Cookie: lang=en; sid={V}", "‹secret: cookie›"),
    "set_cookie": (f"< Set-Cookie: sid={V}; Path=/; HttpOnly", "‹secret: cookie›"),
    "api_key": (f"X-Api-Key: {V}", "‹secret: header›"),
    "vault": (f"x-vault-token={V}", "‹secret: header›"),
    "url": (f"postgresql://app:{V}@db/x", "‹secret: password in a URL›"),
    "url_quoted": (f"postgresql://app:%40it's{V}@db/x", "‹secret: password in a URL›"),
    "url_cut": (f"postgresql://app:{V}…", "‹secret: password in a URL›"),
    "url_token": (f"https://{V}{V}@sentry.example/1", "‹secret: token in a URL›"),
    "query": (f"GET /x?a=1&access_token={V}&b=2", "‹secret: secret in a URL›"),
    "conninfo": (f"host=db user=app password={V}", "‹secret: password›"),
    "conninfo_quoted": (f"host=db password='{V} and more' user=a", "‹secret: password›"),
    "environment": (f"PGPASSWORD={V}", "‹secret: password›"),
    "aws_secret": (f"AWS_SECRET_ACCESS_KEY={V}", "‹secret: secret›"),
    "json": (f'{{"user": "a", "client_secret": "{V}"}}', "‹secret: secret›"),
    "sql": (f"ALTER ROLE app PASSWORD '{V}''x'", "‹secret: password›"),
    "pem": (f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}{V}\n-----END RSA PRIVATE KEY-----\nafter", "‹secret: private key›"),
    "openssh": (f"-----BEGIN OPENSSH PRIVATE KEY-----\\n{BODY}{V}\\n-----END OPENSSH PRIVATE KEY-----", "‹secret: private key›"),
    "pem_cut": (f"-----BEGIN PRIVATE KEY-----\n{BODY}\n{BODY}{V}\nnot of it", "‹secret: private key›"),
    "putty": (f"PuTTY-User-Key-File-3: x\nPrivate-Lines: 1\n{V}\nPrivate-MAC: 0a1b", "‹secret: private key›"),
    "pem_in_base64": ("client-key-data: " + base64.b64encode(f"-----BEGIN RSA PRIVATE KEY-----\n{V}".encode()).decode(), "‹secret: private key›"),
    "age": ("AGE-SECRET-KEY-1" + "Q" * 58, "‹secret: age key›"),
}  # fmt: skip


def _streamed(text: str, size: int) -> str:
    masker, data = Masker({}), text.encode()
    pieces = [masker.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return b"".join([*pieces, masker.end()]).decode()


@pytest.mark.parametrize(("text", "shown"), PLACES.values(), ids=PLACES)
def test_what_stands_where_secrets_stand_is_masked_and_said_to_be_what_it_is(text: str, shown: str) -> None:
    masked = BY_SHAPE.text(text)
    assert shown in masked
    assert V not in masked
    assert BY_SHAPE.text(masked) == masked
    for size in (1, 7, len(text)):
        assert V not in _streamed(text, size)


def test_what_follows_a_cut_key_stays_readable() -> None:
    assert BY_SHAPE.text(PLACES["pem_cut"][0]).endswith("\nnot of it")


def _example(source: str, rng: random.Random) -> str:
    """A token that a shape's pattern takes."""
    token = re.sub(r"\(\?:([^|()]*)\|[^()]*\)", r"\1", source)
    token = re.sub(r"\(\?:[^()]*\)\?", "", token)

    def fill(match: re.Match[str]) -> str:
        charset = [one for one in string.ascii_letters + string.digits if re.fullmatch(match[1], one)]
        return "".join(rng.choice(charset) for _ in range(int(match[2])))

    token = re.sub(r"((?:\[[^\]]+\])|\\[wd])\{(\d+)(?:,\d*)?\}", fill, token)
    return token.replace("\\.", ".").replace("?", "")


def test_every_shape_of_a_token_is_found_in_texts_and_in_streams_cut_anywhere() -> None:
    rng, seen = random.Random(7), 0
    for shape in SHAPES:
        token = _example(shape.source, rng)
        if not re.fullmatch(shape.source, token) or shape.name == "AZURE_STORAGE_KEY":
            continue
        seen += 1
        assert re.match(places.TOKEN_BEGINS, token), shape.what
        assert token not in BY_SHAPE.text(f"it is {token}, they say"), shape.what
        assert token[-12:] not in _streamed(f"it is {token}, they say", 3), shape.what
    assert seen > 30  # the others have alternatives that the examples above do not write


FLOODS = [
    b"ghp_",
    b"-eyJ",
    b"-----BEGIN PRIVATE KEY-----\n",
    b"authorization: ",
    b"://a:b@",
    b"password='",
    b"cookie: a=b;",
    b"a",
    b" ",
    b"\x1b[",
    b"p\x1b[31m",
    b"abcd\xe2\x80\xa6",
    b"\\\\",
    b"+\n",
    "‹secret ".encode(),
]


@pytest.mark.parametrize("piece", FLOODS, ids=range(len(FLOODS)))
def test_a_flood_takes_time_that_grows_with_its_length_alone(piece: bytes) -> None:
    def took(size: int) -> float:
        data, masker = (piece * size)[:size], Masker({"it": "Zq8#never-there"})
        began = time.process_time()
        for at in range(0, size, 65536):
            masker.feed(data[at : at + 65536])
        masker.end()
        return time.process_time() - began

    took(4096)
    assert took(131072) < 16 * max(took(32768), 0.005)  # four times as much; quadratic would be sixteen times at least
    began = time.process_time()
    Mask({"it": "Zq8#never-there"}).data((piece * 131072)[:131072])
    assert time.process_time() - began < 5
    assert len(Masker({}).feed((piece * 131072)[:131072])) >= 0
