"""Sends a message for the keeper: once, through the channel that its template names.

Invariant: a rehearsal sends nothing; what was sent is kept as to whom, through which channel, and as a digest of the
text. Sending takes seconds, and no keeper can see afterwards what became of it: adopting knows nothing.
"""

from __future__ import annotations

import asyncio
import time

from msgspec.structs import replace

from cockpit.actions.message.channels import TIMEOUT_S, send
from cockpit.actions.runner import DETACH, ActionContext, Ending, OnOutput, Output, Planned
from cockpit.run.messages import digest, whole
from cockpit.text import shortened, visible

_SHOWN = 4096
_DETAIL = 300


class MessageRunner:
    """The runner of kind `message`."""

    def plan(self, context: ActionContext) -> Planned:
        """The text as it would go out."""
        template = context.template
        if template is None:
            return Planned(shown="", refusal="the profile has no template of this name")
        is_by_hand = context.channel is None and not context.rehearsal
        return Planned(
            shown=_cut(whole(template.title, template.body)),
            mode="shown" if context.rehearsal else "real",
            refusal="this template has no channel: copy it and send it by hand" if is_by_hand else "",
        )

    async def run(self, context: ActionContext, on_output: OnOutput) -> Ending:
        """Send it. Cancelled once it is on its way: whether it arrived is not known."""
        planned = self.plan(context)
        if planned.refusal:
            return Ending(outcome="refused", detail=planned.refusal)
        template, channel = context.template, context.channel
        assert template is not None
        if context.rehearsal:
            return Ending(outcome="succeeded", detail="shown only, nothing was sent")
        assert channel is not None
        extra = {
            "run": context.values.get("run.id", ""),
            "environment": context.values.get("run.environment", ""),
            "to": template.to,
        }
        on_output(Output(progress=(f"sending through channel {channel.id}",)))
        began = time.monotonic()
        timeout_s = min(TIMEOUT_S, context.timeout_s)
        try:
            sent = await send(channel, template.title, template.body, extra, timeout_s=timeout_s)
        except asyncio.CancelledError as cancelled:
            if DETACH in cancelled.args:
                raise
            ending = Ending(outcome="unknown", detail="cancelled while it was on its way: it may have arrived")
        else:
            on_output(Output(progress=()))
            ending = Ending(outcome=sent.outcome, detail=shortened(context.mask.text(sent.detail), _DETAIL))
        text = whole(template.title, template.body)
        told = {"to": visible(template.to), "channel": channel.id, "digest": digest(text)}
        is_out = ending.outcome in ("succeeded", "unknown")
        return replace(ending, duration_s=time.monotonic() - began, sent=told if is_out else {})

    async def adopt(self, context: ActionContext, on_output: OnOutput) -> Ending | None:
        """Nothing is known of it."""
        return None


def _cut(text: str) -> str:
    """At most 4 KiB of it."""
    raw = text.encode()
    return text if len(raw) <= _SHOWN else raw[: _SHOWN - 3].decode(errors="ignore") + "…"


RUNNER = MessageRunner()
