"""Whose signatures count: the text of an allowed signers file (ssh-keygen(1), ALLOWED SIGNERS).

    ana,ana@* namespaces="cockpit-*" ssh-ed25519 AAAA…
    bo valid-before="20270101" sk-ssh-ed25519@openssh.com AAAA…

Invariant: pure. This says which keys may be somebody's, to choose one and to judge a profile; whether a signature
counts is ssh-keygen's word alone. What ssh-keygen would step over in silence is an error here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from msgspec import Struct

from cockpit.errors import SigningError
from cockpit.patterns import late
from cockpit.text import shortened

LIMIT_BYTES = 256 * 1024
"""Of the file: it goes into the log's first line whole."""
KINDS = (
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip
"""Of keys that can sign."""
_WORD = late(r'(?:[^\s"]|"[^"]*")+')
_OPTION = late(r'(cert-authority)|(namespaces|valid-after|valid-before)="([^"]*)"', re.IGNORECASE)
_TIME = late(r"\d{8}(?:\d{4}(?:\d{2})?)?Z?")


class Signer(Struct, frozen=True):
    """One line: a key, and who signs with it."""

    line: int
    principals: str
    """Patterns, separated by commas; `!` before one bars whom it fits."""
    kind: str
    blob: bytes
    """The public key as it goes over the wire (RFC 4253, 6.6)."""
    namespaces: str = ""
    """Patterns of what it may sign; empty: everything."""
    valid_after: str = ""
    """`YYYYMMDD[HHMM[SS]][Z]`; UTC, also without the Z. Empty: since ever."""
    valid_before: str = ""
    is_authority: bool = False
    """It signs certificates of other keys, not texts."""

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as ssh-keygen(1) writes it."""
        return fingerprint(self.blob)

    def is_valid(self, at: datetime) -> bool:
        """Whether it counts at a moment."""
        return not (self.valid_after and at < moment(self.valid_after)) and not (
            self.valid_before and at > moment(self.valid_before)
        )

    def is_of(self, names: Iterable[str], namespace: str) -> bool:
        """Whether it signs for one of these names in a namespace."""
        allows = not self.namespaces or fits(namespace, self.namespaces)
        return allows and any(fits(name, self.principals) for name in names)


def fingerprint(blob: bytes) -> str:
    """`SHA256:…` of a public key, as ssh-keygen(1) writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).rstrip(b"=").decode()


def read_signers(text: str) -> tuple[Signer, ...]:
    """The lines of an allowed signers file. Raises SigningError with the first that is none, or if there are none."""
    found = tuple(_signers(text))
    if not found:
        raise SigningError("nobody's key is in it", hint="write a line for each person: NAME KEY (ssh-keygen(1))")
    return found


def _signers(text: str) -> Iterator[Signer]:
    for number, line in _lines(text):
        words = _WORD.findall(line)
        if "".join(words) != "".join(line.split()) and '"' in line and line.count('"') % 2:
            raise _error(number, "a quotation mark is not closed")
        if len(words) < 3:
            raise _error(number, f"`{shortened(line, 60)}` is not: NAME [OPTIONS] KEYTYPE KEY")
        principals, options = words[0].strip('"'), {}
        if words[1].lower() not in KINDS:
            options = _options(number, words[1])
            del words[1]
        if len(words) < 3:
            raise _error(number, "there is no key on it")
        yield Signer(
            line=number,
            principals=principals,
            kind=words[1],
            blob=_key(number, words[1], words[2]),
            namespaces=options.get("namespaces", ""),
            valid_after=options.get("valid-after", ""),
            valid_before=options.get("valid-before", ""),
            is_authority="cert-authority" in options,
        )


def read_revoked(text: str) -> tuple[str, ...]:
    """The fingerprints of public keys, one a line. Raises SigningError with the first line that is none."""
    found = []
    for number, line in _lines(text):
        words = line.split()
        if len(words) < 2:
            raise _error(number, f"`{shortened(line, 60)}` is no public key: KEYTYPE KEY")
        found.append(fingerprint(_key(number, words[0], words[1])))
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip(" \t\r")
        if line and not line.startswith("#"):
            yield number, line


def _options(number: int, text: str) -> dict[str, str]:
    """The options of a line, by name; raises SigningError for any that ssh-keygen does not know."""
    options: dict[str, str] = {}
    place = 0
    while place < len(text):
        match = _OPTION.match(text, place)
        place = match.end() if match else place
        if match is None or (place < len(text) and text[place] != ","):
            raise _error(number, f"`{shortened(text, 60)}` is neither options nor a type of key that signs")
        place += 1
        name, value = (match[1] or match[2]).lower(), match[3] or ""
        if name.startswith("valid-") and not _is_moment(value):
            raise _error(number, f"{name} is `{shortened(value, 40)}`, not YYYYMMDD or YYYYMMDDHHMM[SS], with Z or not")
        options[name] = value
    return options


def moment(text: str) -> datetime:
    """The moment of `YYYYMMDD[HHMM[SS]][Z]`. Raises ValueError."""
    digits = text.removesuffix("Z")
    form = {8: "%Y%m%d", 12: "%Y%m%d%H%M"}.get(len(digits), "%Y%m%d%H%M%S")
    return datetime.strptime(digits, form).replace(tzinfo=UTC)


def _is_moment(text: str) -> bool:
    try:
        return bool(_TIME.fullmatch(text) and moment(text))
    except ValueError:
        return False


def _key(number: int, kind: str, text: str) -> bytes:
    if kind not in KINDS:
        raise _error(number, f"`{shortened(kind, 60)}` is no type of key that signs")
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    name = kind.encode()
    if blob[:4] != len(name).to_bytes(4, "big") or blob[4 : 4 + len(name)] != name or len(blob) < 40:
        raise _error(number, f"`{shortened(text, 30)}` is no key of the type {kind}")
    return blob


def _error(number: int, what: str) -> SigningError:
    return SigningError(f"line {number}: {what}")


def fits(name: str, patterns: str) -> bool:
    """Whether a name fits a list of patterns (ssh_config(5), PATTERNS): one of them, and none with `!` before it."""
    fitting = False
    for pattern in patterns.split(","):
        bars, pattern = pattern.startswith("!"), pattern.removeprefix("!")
        if _is_like(name, pattern):
            if bars:
                return False
            fitting = True
    return fitting


def _is_like(name: str, pattern: str) -> bool:
    """Whether `*` (any text) and `?` (any character) make the pattern the name, in time bounded by their product.

    A regular expression of many stars would try for hours. Only the last star seen is ever stretched: what it takes
    more, an earlier one need not.
    """
    at = place = stretched = 0
    star = -1
    while at < len(name):
        if pattern[place : place + 1] == "*":
            star, stretched, place = place, at, place + 1
        elif pattern[place : place + 1] in ("?", name[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            stretched += 1
            at, place = stretched, star + 1
        else:
            return False
    return not pattern[place:].strip("*")
