"""How SQL ended that an earlier keeper sent, from what that one kept and from looking at the server.

Invariant: nothing is sent that acts, and nobody is terminated: the server process is waited for until it is gone. A
transaction whose COMMIT was not sent by then never will be.
"""

from __future__ import annotations

import asyncio
import hashlib
import os

from cockpit.actions.runner import DETACH, ActionContext, Ending, OnOutput, Outcome, Output
from cockpit.actions.sql.keeping import Kept, kept_path, recall
from cockpit.actions.sql.planning import application_name
from cockpit.actions.sql.settling import Settled, settle
from cockpit.audit.layout import action_log
from cockpit.audit.opening import opened
from cockpit.probes.threads import in_own_thread
from cockpit.text import shortened


async def adopted(context: ActionContext, on_output: OnOutput) -> Ending | None:
    """The ending; None: nothing was kept. A cancel ends the waiting, not the SQL."""
    kept = await in_own_thread(lambda: recall(kept_path(context.run_dir, context.action)))
    if kept is None:
        return None
    if kept.ending is not None:
        return kept.ending
    if kept.stage == "connecting":
        return await _ending(context, "failed", "the keeper went away before anything was sent")
    outcome, detail = _said(kept, await _settled(context, kept, on_output))
    return await _ending(context, outcome, f"the keeper went away; {detail}")


async def _settled(context: ActionContext, kept: Kept, on_output: OnOutput) -> Settled:
    if context.target is None or not context.target.dsn:
        return Settled("unknown", "the target is not known")

    last = f"server process {kept.pid} was not asked about"

    def tell(line: str) -> None:
        nonlocal last
        last = line
        shown = shortened(context.mask.text(line), 300)
        on_output(Output(progress=(f"an earlier keeper sent it, which went away: {shown}",)))

    name = application_name(context.action)
    try:
        target = context.target
        return await settle(
            target.dsn, name, kept, unverified=target.unverified, patience_s=context.timeout_s, tell=tell
        )
    except asyncio.CancelledError as cancelled:
        if DETACH in cancelled.args:
            raise
        return Settled("unknown", f"{last}, and it was not waited for")


def _said(kept: Kept, found: Settled) -> tuple[Outcome, str]:
    """Outcome and the rest of the sentence."""
    if not kept.transaction:
        return (
            "unknown",
            f"statement {kept.statement} of {kept.of} was under way, without a transaction; {found.detail}",
        )
    if kept.stage == "running":
        if found.verdict == "aborted":
            return "failed", "COMMIT was never sent, and its server process is gone: it was rolled back"
        return "unknown", f"COMMIT was never sent, so nothing can be committed, but {found.detail}"
    outcomes: dict[str, Outcome] = {"committed": "succeeded", "aborted": "failed", "unknown": "unknown"}
    return outcomes[found.verdict], f"COMMIT was sent; {found.detail}"


async def _ending(context: ActionContext, outcome: Outcome, detail: str) -> Ending:
    size, digest = await in_own_thread(lambda: _output(context))
    return Ending(
        outcome=outcome,
        detail=shortened(context.mask.text(detail), 800),
        output=f"{context.action}.log" if digest else "",
        output_bytes=size,
        output_sha256=digest,
        nothing_done=outcome == "failed",  # only what was in a transaction is ever known to have failed
    )


def _output(context: ActionContext) -> tuple[int, str]:
    """Size and digest of the output file as the other keeper left it."""
    try:
        with open(opened(action_log(context.run_dir, context.action), os.O_RDONLY), "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), digest
    except OSError:
        return 0, ""  # it died before there was one
