"""What of a secret is secret by itself: the whole, its lines, the password in it, what only its owner knows of it.

Invariant: a part that is not the whole is nothing that stands in ordinary text too (a word, a host, a name); else the
mask would tell the secret by its places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from cockpit.masking.short import KNOWN_FROM, is_common
from cockpit.secret_shapes.standing_in import looks_random

LONGEST_PART = 64
"""Characters. A longer secret is masked piece by piece, so that a part of it is masked, too."""
_LINE_FROM = 12
_PIECE_FROM = 96
"""Characters: a secret up to here is one piece."""
_TELLING_FROM = 16
_SURELY_FROM = 14
"""Characters of one word: what is left of a cut secret, though it may be made of words."""
_LONGER = (16, 20, 24)
_PASSWORD_FROM = 8
_ARMOUR = re.compile(r"-{2,5} ?(?:BEGIN|END) ")
"""Of keys and certificates (RFC 7468, 2): public."""
_IN_CONNINFO = re.compile(r"(?i)(?:^|[\s;])(?:password|pwd|sslpassword)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s;]+))")
"""libpq, "Keyword/Value Connection Strings"; and as ODBC and ADO write them."""
_PAIR = re.compile(r"[^\s:/@]{1,100}:([^\s/]\S*)")
"""RFC 7617, 2: a name and a password."""


def parts(secret: str) -> tuple[str, ...]:
    """What is to be masked of one secret, the longest first, each once."""
    whole = {piece for text in (secret, secret.strip()) for piece in _pieces(text) if len(piece) >= KNOWN_FROM}
    others = {piece for part in _others(secret.strip()) for piece in _pieces(part)}
    return tuple(sorted(whole | others, key=lambda part: (-len(part), part)))


def least_cut(part: str) -> tuple[int, int]:
    """How many of a part's first and of its last characters are nobody else's, where it was cut; 0: only all are.

    The beginning of a URL is everybody's, that of a word, too.
    """
    if "://" in part or _ARMOUR.match(part):
        return 0, 0
    surely = () if re.search(r"[\s=]", part) else (12,) if looks_random(part) else (_SURELY_FROM,)
    first = _least((part[:length] for length in (8, 12)), surely, (part[:length] for length in _LONGER))
    last = _least((part[-length:] for length in (12,)), surely, (part[-length:] for length in _LONGER))
    return (first if first < len(part) else 0), (last if last < len(part) else 0)


def _least(short: Iterable[str], surely: tuple[int, ...], longer: Iterable[str]) -> int:
    """The length of the shortest that can be no words; 0 if none."""
    found = next((len(each) for each in short if looks_random(each)), 0)
    return found or next(iter(surely), 0) or next((len(each) for each in longer if looks_random(each)), 0)


def _pieces(text: str) -> Iterator[str]:
    if len(text) <= _PIECE_FROM:
        yield text
        return
    for start in range(0, len(text) - LONGEST_PART, LONGEST_PART):
        yield text[start : start + LONGEST_PART]
    yield text[-LONGEST_PART:]


def _others(secret: str) -> Iterator[str]:
    for password in passwords(secret):
        if len(password) >= KNOWN_FROM and not is_common(password):
            yield password
    yield from (part for part in _of_url(secret) if len(part) >= _TELLING_FROM and looks_random(part))
    if "\n" in secret:
        yield from (line for line in map(str.strip, secret.split("\n")) if _tells(line))
        yield from _values(secret)
    if secret.startswith(("{", "[")):
        yield from (text for text in _leaves(secret) if len(text) >= _LINE_FROM and looks_random(text))


def passwords(secret: str) -> tuple[str, ...]:
    """The passwords in a URL, a connection string or a pair of name and password, also decoded; usually none."""
    found: list[str] = []
    if "://" in secret and not any(character.isspace() for character in secret):
        authority = secret.split("://", 1)[1]
        user, at, _ = authority.rpartition("@")
        if at:
            found.append(user.partition(":")[2] or (user if len(user) >= _TELLING_FROM else ""))
        query = secret.partition("?")[2]
        found += [value for name, value in parse_qsl(query) if name in ("password", "sslpassword")]
    else:
        found += [quoted or plain for quoted, plain in _IN_CONNINFO.findall(secret)]
        pair = _PAIR.fullmatch(secret)
        if pair is not None and len(pair[1]) >= _PASSWORD_FROM:
            found.append(pair[1])
    return tuple(dict.fromkeys(text for each in found for text in (each, unquote(each)) if text))


def _of_url(secret: str) -> Iterator[str]:
    """Of a URL that is a secret as a whole (a webhook): its path and the longer parts of that, as logs have them."""
    if not re.match(r"https?://\S+\Z", secret):
        return
    try:
        url = urlsplit(secret)
    except ValueError:
        return
    yield f"{url.path}?{url.query}" if url.query else url.path
    yield from url.path.split("/")
    yield from (value for _, value in parse_qsl(url.query))


def _tells(line: str) -> bool:
    """Whether a line is one of this secret alone: not `kind: Config`, nor the armour of a key."""
    if len(line) < _LINE_FROM or _ARMOUR.match(line):
        return False
    return any(len(word) >= _LINE_FROM and looks_random(word) for word in re.split(r"[\s=:\"',]+", line))


def _values(secret: str) -> Iterator[str]:
    """Of lines `name: value` and `name=value`: files of variables, kubeconfigs."""
    for value in re.findall(r"(?m)^[ \t]*[\w.-]{1,80}[ \t]*[:=][ \t]*[\"']?([^\s\"']+)[\"']?[ \t]*$", secret):
        if len(value) >= _LINE_FROM and looks_random(value):
            yield value


def _leaves(secret: str) -> Iterator[str]:
    try:
        waiting = [json.loads(secret)]
    except (ValueError, RecursionError):
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
            yield from (line.strip() for line in value.split("\n") if _tells(line.strip()))
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
