"""Which secrets cannot be masked well though they are long enough, for whoever can still change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cockpit.masking.parts import passwords
from cockpit.masking.short import CURE, is_common, short_password, too_common


def weak(secrets: Mapping[str, str], words: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence for each that stands in ordinary text, or that holds a password that does. `words`: this run's own."""
    return tuple(said for name, value in secrets.items() for said in _said(name, value, words))


def _said(name: str, value: str, words: tuple[str, ...]) -> Iterator[str]:
    if said := too_common(name, value, words):
        yield said
    inside = passwords(value.strip())
    short = next((said for password in inside if (said := short_password(name, password))), "")
    if short:
        yield short
    elif any(is_common(password, words) for password in inside):
        yield f"the password in the secret `{name}` is a common word: it cannot be kept out of what is shown{CURE}"
