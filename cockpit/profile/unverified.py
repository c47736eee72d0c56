"""What a profile lets go unverified, and why: a certificate nobody checks, credentials on a line that all can read.

Invariant: servers are verified unless the profile gives a reason, in a setting that is the reason itself:
`unverified = "self-signed until the new CA is there"`. Whoever turns verifying off says why, and a run of such a
profile has a deviation for each from its first line on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from cockpit.profile.model import Probe, Profile
from cockpit.text import shortened, visible

if TYPE_CHECKING:  # every screen folds a run's start, and judges no profile
    from cockpit.profile.nodes import Findings, Node

KEY = "unverified"
"""Of a probe's settings, a target and a channel. A plug-in that uses the same name means the same."""
LONGEST_REASON = 200
"""Characters."""


class Unverified(Struct, frozen=True):
    """One thing that is not verified."""

    where: str
    """`probe api`, `target main`, `channel chat`."""
    reason: str
    """One visible line."""
    path: tuple[str | int, ...]
    """Of its setting in the profile's tree."""


def unverified(profile: Profile) -> tuple[Unverified, ...]:
    """Everything that the profile lets go unverified: probes, targets, channels, in its order."""
    return tuple(_found(profile))


def _found(profile: Profile) -> Iterator[Unverified]:
    for index, probe in enumerate(profile.probes):
        if reason := reason_of(probe):
            yield Unverified(f"probe {visible(probe.id)}", reason, ("probes", index, KEY))
    for target in profile.targets:
        if reason := _line(target.unverified):
            yield Unverified(f"target {visible(target.id)}", reason, ("targets", target.id, KEY))
    for channel in profile.channels:
        if reason := _line(channel.unverified):
            yield Unverified(f"channel {visible(channel.id)}", reason, ("channels", channel.id, KEY))


def reason_of(probe: Probe) -> str:
    """Why what the probe reaches is not verified; empty: it is."""
    reason = probe.settings.get(KEY)
    return _line(reason) if isinstance(reason, str) else ""


def _line(reason: str) -> str:
    return shortened(visible(reason.strip()), LONGEST_REASON)


def advise_unverified(profile: Profile, root: Node, findings: Findings) -> None:
    """Note a warning for each: what `check` lists is what a run's log will count."""
    for each in unverified(profile):
        said = f"{each.where} is not verified: whoever stands between reads and answers in its name"
        findings.add(
            root.find(*each.path), said, severity="warning", expected="a server that is verified; see `ca_file`"
        )


def reason_problems(reason: str) -> tuple[str, ...]:
    """What is wrong with a reason, naming the setting in backquotes."""
    if not reason:
        return ()
    if not reason.strip() or "\n" in reason or len(reason) > LONGEST_REASON:
        return (f"`{KEY}` is the reason why nothing is verified: one line of {LONGEST_REASON} characters at most",)
    return ()
