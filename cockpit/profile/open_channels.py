"""Webhooks that texts would be sent to in clear: everybody between here and there reads them, and the address too.

Invariant: in production that takes a reason, `unverified`, which makes it a deviation of every run; elsewhere it is
warned of. What a text's address hides until it is sent is judged by the same rule then (`keeper.messaging`, `ready`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cockpit.profile.elsewhere import is_here
from cockpit.profile.model import Channel, Profile
from cockpit.profile.references import fill, references
from cockpit.profile.unverified import KEY
from cockpit.text import shortened, visible

if TYPE_CHECKING:  # a keeper judges what it sends through, and no file
    from cockpit.profile.nodes import Findings, Node

CURE = f'use https://, or say in the profile why not: `{KEY}` = "…"'


def open_host(webhook: str) -> str:
    """The host that a filled-in webhook reaches in clear; empty: it is encrypted, on this machine, or no URL."""
    try:
        parts = urlsplit(webhook)
        host = parts.hostname or ""
    except ValueError:
        return ""  # said elsewhere
    return host if parts.scheme == "http" and host and not is_here(host) else ""


def is_open(channel: Channel) -> bool:
    """Whether a filled-in channel sends in clear to another host, and the profile does not say why."""
    return bool(channel.webhook) and not channel.unverified and bool(open_host(channel.webhook))


def judge_channels(profile: Profile, root: Node, findings: Findings) -> None:
    """Note every webhook that sends in clear, as far as its host stands in the file: an error in production."""
    known = {each.name: each.value for each in profile.variables if each.value is not None and not each.secret}
    for channel in profile.channels:
        webhook = fill(channel.webhook, known)
        host = open_host(webhook)
        if channel.unverified or not host or any(references(webhook.partition("://")[2].partition("/")[0])):
            continue
        said = f"channel `{visible(channel.id)}` would send unencrypted to {shortened(visible(host), 80)}"
        node = root.find("channels", channel.id, "webhook")
        findings.add(node, said, severity="error" if profile.production else "warning", expected=CURE)
