"""Which values cannot be masked well, and what to do instead.

A secret must have 8 characters. What is shorter stands in ordinary text by chance: masked, it takes readable text away
and tells the secret by the places where it is missing; and most of its forms (base64 of it has a few characters that
are its own) are no evidence of anything. Eight is what GitLab asks of a masked variable ("CI/CD variables", "Mask a
CI/CD variable") and what NIST SP 800-63B, 3.1.1.2, asks of any password.

Imports nothing of weight: it is asked before a first paint.
"""

from __future__ import annotations

LEAST = 8
"""Characters."""
KNOWN_FROM = 4
"""Characters. What got in all the same, as a part of something or from an older run, is masked from here on."""

_WORDS = """
admin administrator root guest user users username mysql redis minio grafana elastic kibana rabbitmq mongodb
postgres postgresql database databases default localhost template0 template1 public private password passwords
secret secrets token tokens example test tests testing staging production development sandbox demo local
application service services backend frontend api app web true false null none enabled disabled success failed
failure error errors warning pending running complete completed ready healthy unhealthy unknown deploy deployed
deployment migration maintenance kubernetes namespace cluster server version release rollback changeme welcome
"""
_COMMON = frozenset(_WORDS.split())
CURE = "; change it"
"""How a warning ends."""


def is_common(value: str, words: tuple[str, ...] = ()) -> bool:
    """Whether a value is a word that other lines hold too. `words`: a run's own."""
    bare = value.strip().lower()
    return bare in _COMMON or bare in {word.strip().lower() for word in words}


def too_short(name: str, value: str) -> str:
    """Why a value cannot be the secret `name`; empty if it can."""
    length = len(value.strip())
    if length >= LEAST:
        return ""
    return f"the secret `{name}` has {_too_few(length)}"


def too_short_inside(name: str, password: str) -> str:
    """The same of a password within the secret `name`; empty if it is long enough."""
    if len(password) >= LEAST:
        return ""
    return f"the password in the secret `{name}` has {_too_few(len(password))}"


def too_common(name: str, value: str, words: tuple[str, ...] = ()) -> str:
    """A warning about a secret that stands in ordinary text; empty if it does not. `words`: this run's own."""
    if not is_common(value, words):
        return ""
    return f"the secret `{name}` is a common word: it is masked wherever that word stands, which tells it{CURE}"


def _too_few(length: int) -> str:
    counted = "1 character" if length == 1 else f"{length} characters"
    return f"{counted}; one of fewer than {LEAST} cannot be kept out of what is shown and logged"
