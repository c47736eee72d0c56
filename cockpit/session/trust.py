"""Whether a profile, which is code, may be run here: what it executes, who confirmed it, who approved it.

Owns the judgement; asking is the command line's part. Invariant: a profile's text decides nothing here but that it asks
for more: who has to have approved is said by the policy, which stands outside of it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cockpit.audit.agent import agent_keys
from cockpit.audit.signing import principals
from cockpit.audit.sshsig import Trust
from cockpit.errors import SigningError, TrustError
from cockpit.profile.signers import LIMIT_BYTES, read_revoked, read_signers
from cockpit.profile.trusting import read_trust
from cockpit.run.events import Actor
from cockpit.session.trust_approvals import Counted, approvals_path, counted, read_approvals
from cockpit.session.trust_digest import Executed, executed
from cockpit.session.trust_memory import Remembered, remembered
from cockpit.session.trust_policy import Policy, owned_file
from cockpit.text import visible

if TYPE_CHECKING:
    from cockpit.profile.load import Loaded

_AGENT_S = 1.0


class Review(Struct, frozen=True, kw_only=True):
    """Which approvals are asked for, and which there are."""

    wanted: int = 0
    """How many are needed; 0: none."""
    by: str = ""
    """Who asks for them: the policy's file, or the profile."""
    found: Counted = Counted()
    may_go_without: bool = True
    """Whether a person may begin without them, as a deviation."""

    @property
    def is_enough(self) -> bool:
        """Whether the run may begin as far as approvals go."""
        return len(self.found.approvers) >= self.wanted

    @property
    def refusal(self) -> str:
        """What is missing, one sentence."""
        have = len(self.found.approvers)
        why = f" ({'; '.join(self.found.why_not[:3])})" if self.found.why_not else ""
        need = "an approval" if self.wanted == 1 else f"{self.wanted} approvals"
        return f"{self.by} asks for {need} of this very profile, and {have or 'none'} counts{why}"


class Weighed(Struct, frozen=True, kw_only=True):
    """All that is known before a profile is run."""

    executed: Executed
    is_production: bool
    """By the profile, or by the policy."""
    policy: Policy
    known: Remembered
    review: Review

    @property
    def does_something(self) -> bool:
        """Whether anything is executed, sent or read at all."""
        return any(each.when != "with" for each in self.executed.executions)


def weigh(loaded: Loaded, actor: Actor, policy: Policy, at: datetime) -> Weighed:
    """What a loaded profile executes, and what is known of it here. Raises TrustError."""
    done = executed(loaded)
    is_production = done.production or policy.is_production(done.profile, done.environment)
    return Weighed(
        executed=done,
        is_production=is_production,
        policy=policy,
        known=remembered(done.profile, done.environment),
        review=_review(loaded, done, actor, policy, at, is_production=is_production),
    )


def _review(
    loaded: Loaded, done: Executed, actor: Actor, policy: Policy, at: datetime, *, is_production: bool
) -> Review:
    asks = policy.wants_review(done.profile, done.environment, production=is_production)
    if not asks and not loaded.profile.reviewed:
        return Review()
    by = visible(str(policy.sources[0])) if asks else visible(loaded.path.name)
    # Where the policy asks, a list of the profile's own would let whoever writes the profile approve it.
    trust = None if asks and policy.allowed_signers is None else signers_of(loaded, policy)
    if trust is None:
        raise TrustError(f"{by} asks for approvals and names no `allowed_signers`", hint="name the file of their keys")
    but = _starter(actor) if policy.four_eyes else ()
    return Review(
        wanted=policy.approvers if asks else 1,
        by=by,
        found=counted(read_approvals(approvals_path(loaded.path)), done, trust, at, but=but),
        may_go_without=policy.emergency,
    )


def signers_of(loaded: Loaded, policy: Policy) -> Trust | None:
    """Whose approvals count: by the policy's file, else by the profile's own; None if there is neither.

    Raises TrustError if one that is named cannot be used.
    """
    if policy.allowed_signers is not None:
        signers = _list(policy.allowed_signers, policy.signers_owners)
        revoked = _list(policy.revoked_keys, policy.revoked_owners) if policy.revoked_keys is not None else ""
        try:
            read_signers(signers)
            read_revoked(revoked)
        except SigningError as error:
            raise TrustError(f"{policy.allowed_signers} cannot be used: {error.message}", hint=error.hint) from error
        return Trust(signers, revoked)
    try:
        files = read_trust(loaded.profile, Path(os.path.abspath(loaded.path)).parent)
    except SigningError as error:
        raise TrustError(error.message, hint=error.hint) from error
    return Trust(files.signers, files.revoked) if files.signers else None


def _list(path: Path, owners: tuple[int, ...]) -> str:
    """A list of keys that the policy names. As the policy, nobody else may have written it."""
    try:
        return owned_file(path, owners, LIMIT_BYTES).decode()
    except FileNotFoundError as error:
        raise TrustError(
            f"{path} is not there, and the policy names it", hint="put the approvers' keys there"
        ) from error
    except UnicodeDecodeError as error:
        raise TrustError(f"{path} is no text") from error


def _starter(actor: Actor) -> tuple[str, ...]:
    """The names and keys of whoever starts: an approval by one of these is no second pair of eyes."""
    names = {*principals(actor), actor.user, actor.login, actor.sudo, actor.person}
    keys = {actor.key, actor.signer}
    with suppress(SigningError):  # whoever has no agent here has shown no further key
        keys |= {key.fingerprint for key in agent_keys(timeout_s=_AGENT_S)}
    return tuple(each for each in (*names, *keys) if each)
