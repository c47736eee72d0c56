"""Which secrets cannot be masked well though they are long enough, for whoever can still change them.

A password that stands in a URL or a connection string is as secret as one that stands alone, and as short a one is
refused as that is. What only may be one is warned of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cockpit.masking.parts import passwords
from cockpit.masking.short import CURE, is_common, too_common, too_short_inside
from cockpit.secret_shapes.standing_in import looks_random

_KEY_FROM = 16
"""Characters."""


def weak(secrets: Mapping[str, str], words: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence for each that stands in ordinary text, or that holds a password that does. `words`: this run's own."""
    return tuple(said for name, value in secrets.items() for said in _said(name, value, words))


def short_inside(name: str, value: str) -> str:
    """Why a URL or connection string cannot be the secret `name`: its password is too short. Empty if it can."""
    return next((said for each in _surely_passwords(value.strip()) if (said := too_short_inside(name, each))), "")


def _surely_passwords(secret: str) -> Iterator[str]:
    """Without what a path with `:` and `@` in it might be taken for, and the filler behind a key that is the user."""
    scheme, is_url, rest = secret.partition("://")
    if not is_url:
        yield from passwords(secret)
        return
    authority, query = re.split("[/?#]", rest, maxsplit=1)[0], rest.partition("?")[2]
    user = authority.rpartition("@")[0].partition(":")[0]
    if not (len(user) >= _KEY_FROM and looks_random(user)):
        yield from passwords(f"{scheme}://{authority}")
    yield from passwords(f"{scheme}://?{query.replace('@', '%40')}")


def _said(name: str, value: str, words: tuple[str, ...]) -> Iterator[str]:
    if said := too_common(name, value, words):
        yield said
    inside = passwords(value.strip())
    short = next((said for password in inside if (said := too_short_inside(name, password))), "")
    if short:
        yield f"{short}{CURE}"
    elif any(is_common(password, words) for password in inside):
        yield f"the password in the secret `{name}` is a common word: it cannot be kept out of what is shown{CURE}"
