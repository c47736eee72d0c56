"""From a message step to the text that goes out, and to the channel that it goes through.

Invariant: a text goes out whole or not at all: what it names and what has no value yet is said, before anything is
sent. The channel's address is resolved here for the one use, and is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import asdict, replace

from cockpit.errors import ActionError
from cockpit.keeper.values import RunValues, references_in
from cockpit.profile.model import Channel, Step, Template
from cockpit.profile.open_channels import CURE, is_open
from cockpit.profile.pasting import refusal_in
from cockpit.profile.references import fill, fill_secret
from cockpit.run.messages import filled, missing, template_of
from cockpit.run.state import RunState
from cockpit.text import shortened


def message_of(
    state: RunState, step: Step, public: Mapping[str, str], values: RunValues
) -> tuple[Template | None, Channel | None]:
    """The filled template of a message step and its channel; None for any other step, None: it is sent by hand.

    Raises ActionError, saying what is missing.
    """
    template = template_of(state, step) if step.behaviour == "message" else None
    if template is None:
        return None, None
    if unknown := missing(state, template):
        raise ActionError(f"`{shortened(unknown[0], 60)}` in the message has no value yet")
    title, body = filled(state, template)
    channel = next((one for one in state.profile.channels if one.id == template.channel), None)
    is_used = channel is not None and not state.is_rehearsal
    return (
        replace(template, title=title, body=body, to=fill(template.to, public)),
        resolved_channel(channel, public, values) if channel is not None and is_used else channel,
    )


def resolved_channel(channel: Channel, public: Mapping[str, str], values: RunValues) -> Channel:
    """The channel with its references filled in, secrets included. Raises ActionError."""
    fields: dict[str, str] = asdict(channel)
    if why := next((why for name in sorted(references_in(fields)) if (why := values.missing(name))), ""):
        raise ActionError(why)
    known = {**public, **values.secrets}
    if why := refusal_in(fields, known):
        raise ActionError(f"channel `{channel.id}`: {why}")
    try:
        resolved = Channel(**{name: fill_secret(text, known) for name, text in fields.items()})
    except KeyError as error:
        raise ActionError(f"channel `{channel.id}`: `{shortened(str(error.args[0]), 60)}` has no value") from None
    if values.is_production and is_open(resolved):
        raise ActionError(f"channel `{channel.id}`: nothing was sent: it would go unencrypted to another host; {CURE}")
    return resolved
