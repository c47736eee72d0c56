"""Whether a profile may be run from here: who confirmed what it executes, and whose approvals count. A part of `ready`.

Invariant: what is missing is told days before, each with what to do about it; nothing is asked, signed or executed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cockpit.run.events import ProfileTrust
from cockpit.run.readiness import Finding
from cockpit.run.wording_trust import told_confirmed
from cockpit.session.trust import Weighed
from cockpit.text import shortened, visible

_UNREAD = "until then its probes and targets are not asked"


def of_trust(weighed: Weighed, file: str, now: datetime, went_without: str = "") -> Iterator[Finding]:
    """What is missing for a run of this profile to begin here. `went_without`: why it may do without approvals."""
    yield from _approvals(weighed, file, went_without)
    yield from _confirmed(weighed, file, now)


def _approvals(weighed: Weighed, file: str, went_without: str) -> Iterator[Finding]:
    review = weighed.review
    if not review.wanted:
        return
    if went_without:
        yield Finding("look", f"{review.refusal}; gone without: {shortened(went_without, 200)}", "approvals")
    elif not review.is_enough:
        who = "somebody else has to read and sign it" if weighed.policy.four_eyes else "read and sign it"
        yield Finding("missing", f"{review.refusal}; {_UNREAD}", "approvals", f"{who}: cockpit approve {visible(file)}")
    else:
        names = ", ".join(shortened(name, 40) for name, _ in review.found.approvers[:5])
        yield Finding("ok", f"{len(review.found.approvers)} of {review.wanted} count: {names}", "approvals")


def _confirmed(weighed: Weighed, file: str, now: datetime) -> Iterator[Finding]:
    if not weighed.does_something:
        return
    digest = weighed.executed.digest
    known = weighed.known.of(digest)
    if known is not None and known.how in ("asked", "reviewed"):  # of what no person did there is nothing to tell
        yield Finding("ok", told_confirmed(ProfileTrust(how=known.how, by=known.by, at=known.at), now), "profile")
    elif known is None and weighed.policy.first_use != "note":
        said = "it was never confirmed on this machine"
        if weighed.known.confirmed:
            said = f"it changed since {weighed.known.confirmed[-1].at:%Y-%m-%d %H:%M} UTC, when it was confirmed here"
        read = f"read what it executes: cockpit trust {visible(file)} (--digest {digest} in a script)"
        yield Finding("missing", f"{said}; {_UNREAD}", "profile", read)
