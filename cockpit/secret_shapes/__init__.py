"""Secrets in text, found by their shapes and by where they stand.

Owns the question "is this a secret, and where does it begin and end?" for every text that was not told which of its
parts are secret: runbooks that are imported, texts that are kept or sent.

Invariants: a finding is a span, what it is, and a name for it; no value is in a message. What stands in for a secret
(`your-key`, `<token>`, `$TOKEN`, `changeme`) is none. Time is linear in the text, whatever it is.
"""

from __future__ import annotations

from cockpit.secret_shapes.assigned import assigned
from cockpit.secret_shapes.found import Found as Found
from cockpit.secret_shapes.found import merged
from cockpit.secret_shapes.manifests import manifests
from cockpit.secret_shapes.placed import placed
from cockpit.secret_shapes.standing_in import stands_in as stands_in
from cockpit.secret_shapes.tokens import tokens


def certain(text: str) -> tuple[Found, ...]:
    """Those of `secrets_in` that are told by their shape or place, whatever name they are assigned to."""
    return merged([*tokens(text), *placed(text)])


def secrets_in(text: str) -> tuple[Found, ...]:
    """Every secret of a text (lines divided by newlines), in order; none overlaps another."""
    return merged([*tokens(text), *placed(text), *assigned(text), *manifests(text)])
