"""Signatures over heads, and what became of those that were to be made.

A part of the log's format: see `events`. What is signed is the text of a checkpoint (docs/log-format.md), never a
field of a line.
"""

from __future__ import annotations

from typing import ClassVar

from cockpit.run.events_base import Body


class HeadSigned(Body, frozen=True, kw_only=True):
    """Somebody signed a head, and vouches for every line up to it."""

    type: ClassVar[str] = "head.signed"
    seq: int
    """Of the fact that is the head."""
    digest: str
    """Its digest, 64 hex digits."""
    principal: str
    """Who signed, as the allowed signers name them."""
    key: str
    """Fingerprint of the key."""
    signature: str
    """Armoured, as ssh-keygen makes it, in the namespace `cockpit-checkpoint@v1`."""
    is_countersignature: bool = False
    """The fact is somebody else's: whoever signed was there and holds the same head."""


class SigningFailed(Body, frozen=True, kw_only=True):
    """A signature that was to be made was not."""

    type: ClassVar[str] = "signing.failed"
    seq: int
    """Of the fact that stays without."""
    reason: str
    """One visible sentence: the agent is gone, the key is not allowed, it was refused."""


class SignatureWaived(Body, frozen=True, kw_only=True):
    """It goes on although a sign-off was not signed."""

    type: ClassVar[str] = "signature.waived"
    seq: int
    """Of the fact that stays without."""
    reason: str
