"""The ways out for texts to people: one call for messages and for alerts, whatever the channel is.

Invariant: a channel's address is a secret. It is used, and never stands in what is answered, raised or logged. What
became of a text is said as far as it is known: once any of it was on its way and no answer came, it is `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.actions.message.sent import Sent
from cockpit.profile.model import Channel
from cockpit.text import visible

TIMEOUT_S = 10.0
"""For one text, from the first look-up of a name to the answer."""


async def send(
    channel: Channel, title: str, text: str, extra: Mapping[str, str], *, timeout_s: float = TIMEOUT_S
) -> Sent:
    """Send once, never again by itself. `channel` has its references filled in; `extra` goes into a webhook's object.

    Raises nothing for what can go wrong outside.
    """
    title, text = visible(title), visible(text, multiline=True)
    # Each brings its driver, which only a keeper that sends through it needs.
    if channel.webhook:
        from cockpit.actions.message import webhook

        content = {**extra, "title": title, "text": text}
        return await webhook.post(channel.webhook, content, timeout_s, verifies=not channel.unverified)
    if channel.apprise:
        from cockpit.actions.message import services

        return await services.notify(channel.apprise, title, text, timeout_s)
    return Sent("failed", f"nothing was sent: channel `{visible(channel.id)}` leads nowhere, its address is empty")
