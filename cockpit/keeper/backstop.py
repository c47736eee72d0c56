"""The last look at what a keeper says, on its way into the log: no secret goes there, whoever forgot to mask it.

Invariant: a body that holds none is the same body. Names of the profile's own parts and ids are left as they are, since
the log is folded by them; everything else that is text is masked.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cockpit.masking.mask import Mask
from cockpit.run.events import Body

_KEPT = frozenset(
    ("action", "step", "phase", "probe", "channel", "trigger", "plan", "seat", "id", "status", "outcome", "mode",
     "about", "verdict", "output", "output_sha256", "environment_key", "type", "class", "version", "task", "checkpoint",
     "sha256")
)  # fmt: skip
"""Fields by which a log is folded."""


def without_secrets(body: Body, mask: Mask) -> Body:
    """The body, masked."""
    written = msgspec.json.encode(body)
    if mask.data(written) is written:
        return body
    plain = msgspec.to_builtins(body)
    safe = _masked(plain, mask)
    assert isinstance(safe, dict)
    now = dict(plain)
    for field, value in safe.items():
        try:
            body = msgspec.convert(now | {field: value}, type(body))
        except msgspec.ValidationError:  # a word that the log itself is made of: it stays, all else is masked
            continue
        now[field] = value
    return body


def _masked(value: object, mask: Mask) -> object:
    if isinstance(value, Mapping):
        return {
            key: part if key in _KEPT and isinstance(part, str) else _masked(part, mask) for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked(part, mask) for part in value]
    return mask.text(value) if isinstance(value, str) else value
