"""Secrets in streams, however they are cut into pieces; and what says whom to trust: approvals, policies, memory."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import quote

from fuzz_claims import claim, same, shown
from fuzz_draw import Draw

from cockpit.errors import TrustError
from cockpit.masking.mask import Mask
from cockpit.masking.stream import Masker
from cockpit.session import trust_memory
from cockpit.session.begun import began_in, has_begun_here, note_begun
from cockpit.session.trust_approvals import read_approvals
from cockpit.session.trust_memory import remembered
from cockpit.session.trust_policy import policy

SECRETS = (
    {"PASSWORD": "hunter2-and-more"},
    {"DSN": "postgresql://ana:pä55 w0rd@db/x", "SHORTER": "pä55 w0rd"},
    {"KEY": "-----BEGIN KEY-----\nQUJDREVGR0hJSktMTU5PUFFS\n-----END KEY-----\n"},
    {"A": "aaaaaaaaaaaaaaaa", "B": "aaaaaaaaab"},
    {},
)
_SHAPES = (
    b"ghp_16C7e42F292c6912E7710c838347Ae178B4a", b"AKIAIOSFODNN7EXAMPLE", b"Authorization: Bearer abcdefghijklmnop",
    b"https://ana:s3cr3tpassword@host/x", b"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n",
    b"password=correcthorse", b"-----END RSA PRIVATE KEY-----\n", b"Set-Cookie: id=0123456789abcdef0123; Path=/\r\n",
    b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln",
)  # fmt: skip
_BODIES = (b"16C7e42F292c6912E7710c838347Ae178B4a", b"IOSFODNN7EXAMPLE", b"abcdefghijklmnop", b"s3cr3tpassword",
           b"MIIEowIBAAKCAQEA", b"correcthorse", b"0123456789abcdef0123", b"eyJzdWIi")  # fmt: skip
"""What is secret of them."""
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@cache
def _mask(number: int) -> Mask:
    return Mask(SECRETS[number])


def _said(draw: Draw, secrets: dict[str, str]) -> bytes:
    """What a program writes: some of it a secret, in one of its forms, or a part of one."""
    said = b""
    while draw and len(said) < 4096:
        secret = draw.pick((*secrets.values(), "nothing"))
        raw = secret.encode()
        match draw.number(7):
            case 0:
                said += raw
            case 1:
                said += base64.b64encode(bytes(draw.number(2)) + raw)
            case 2:
                said += quote(secret, safe="").encode()
            case 3:
                said += json.dumps(secret).encode()
            case 4:
                said += raw[: draw.number(len(raw))]
            case 5:
                said += (
                    b" " + draw.pick(_SHAPES) + draw.pick((b" ", b"\n"))
                )  # known by their beginnings, and told apart
            case 6:
                said += draw.pick((b"\n", b" ", "…".encode(), b"=", b'"', b"\r\n", b"\x1b[31m", b"x" * 300))
            case _:
                said += draw.bytes(40)
    return said


def masking(data: bytes) -> None:
    """Which secrets, where it is cut, and what is said."""
    draw = Draw(data)
    number = draw.number(len(SECRETS) - 1)
    secrets = SECRETS[number]
    cuts = Draw(draw.bytes(8))
    said = _said(draw, secrets)
    whole = _mask(number).data(said)
    claim(_mask(number).data(whole) == whole, f"masked twice, it is another: {whole[:200]!r}")
    places = sorted(cuts.number(len(said)) for _ in range(4))
    pieces = [said[begin:end] for begin, end in zip([0, *places], [*places, len(said)], strict=True)]
    cut = _fed(secrets, pieces)
    for body in _BODIES:
        claim(body not in cut or body in whole, f"cut at {places}, it lets {body!r} through: {cut[:300]!r}")
    for out in (whole, cut, _fed(secrets, [said])):
        for name, secret in secrets.items():
            claim(secret.encode() not in out, f"{name} is in {out[:300]!r}")
            claim(_core(secret) not in out, f"{name} is in it as base64: {out[:300]!r}")


def _fed(secrets: dict[str, str], pieces: list[bytes]) -> bytes:
    masker = Masker(secrets)
    return b"".join([*map(masker.feed, pieces), masker.end()])


def _core(secret: str) -> bytes:
    """The characters of its base64 that are its own, at the first of its three places."""
    raw = secret.encode()
    return base64.b64encode(raw)[: len(raw) * 8 // 6]


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-trust-")
    _KEPT.append(folder)
    (Path(folder.name) / "cockpit").mkdir()
    return Path(folder.name)


def trust(data: bytes) -> None:
    """Approvals beside a profile, a policy of this user, what was confirmed before."""
    path = _folder() / "cockpit" / "policy.toml"
    path.write_bytes(data)
    path.chmod(0o600)
    for each in same(lambda: read_approvals(path)) or ():
        claim(each.text.endswith("\n") and each.digest in each.text, "an approval is not of its own digest")
    environ = {**os.environ, "XDG_CONFIG_HOME": str(_folder()), "XDG_STATE_HOME": str(_folder())}
    try:
        policy(environ, machine=_folder() / "none")
    except TrustError as error:
        shown(str(error))
    kept = trust_memory._path("a", "b", _folder())
    kept.write_bytes(data)
    kept.chmod(0o600)
    known = remembered("a", "b", _folder())
    claim((known.profile, known.environment) == ("a", "b"), "what was confirmed is of another")
    note_begun("R", "0" * 64, _folder())
    (_folder() / "R").write_bytes(data)
    began_in("R", "0" * 64, _folder())
    claim(not has_begun_here("R", "9f" * 32, _folder()) or data.startswith(b"9f" * 32), "it did not begin here")


def masking_seeds() -> list[bytes]:
    """Each secret, in each form, cut in some places."""
    secrets = range(len(SECRETS))
    return [bytes([number, 2, 9, 30, *range(form, form + 30)]) for number in secrets for form in range(0, 40, 5)]


def trust_seeds() -> list[bytes]:
    """As they are written."""
    block = b"cockpit-profile-v1\nprofile virtue\nenvironment production\ndigest " + b"9f" * 32 + b"\napprover ana\n"
    armour = b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"
    return [
        block + armour,
        b"<<<<<<< ours\n" + (block + armour) * 3,
        b'reviewed = "production"\napprovers = 2\nallowed_signers = "signers"\nproduction = ["*prod*"]\n',
        b"a = " + b"[" * 3000,
        b'{"profile":"a","environment":"b","confirmed":[],"keys":["x"]}',
        b"9f" * 32 + b"\n/srv/profiles",
    ]
