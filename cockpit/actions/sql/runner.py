"""Runs SQL for the keeper: sends it, watches over it, stops it when asked, and finds out how it ended.

Invariant: nothing that waits on the server is cancelled from here; the server is asked to cancel, and answers, or the
connection is cut. So an ending is what the server said, or what looking afterwards found, or `unknown`. What is known
is kept beside the output at each turn, for a keeper that comes after.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg
from msgspec.structs import replace

from cockpit.actions.runner import DETACH, ActionContext, Ending, OnOutput, Planned
from cockpit.actions.sql.adopting import adopted
from cockpit.actions.sql.executing import Execution, Order, Stopped
from cockpit.actions.sql.judging import StopReason, Verdict, ended, left_nothing, needs_settling, settled, succeeded
from cockpit.actions.sql.keeping import Kept, keep, kept_path
from cockpit.actions.sql.planning import plan, prepare
from cockpit.actions.sql.settling import PATIENCE_S, settle
from cockpit.actions.sql.transcript import Transcript
from cockpit.errors import ActionError
from cockpit.probes.threads import in_own_thread
from cockpit.text import shortened

_TICK_S = 0.5
"""At most two outputs a second."""
_COMMIT_GRACE_S = 2.0
"""A COMMIT under way is left alone for so long: cancelling it could only undo that it waits for a standby."""
_PATIENCE_S = 10.0
"""For the server to answer a cancel; then the connection is cut."""
_DETAIL = 800


class SqlRunner:
    """The runner of kind `sql`."""

    def __init__(self, *, patience_s: float = _PATIENCE_S, settle_s: float = PATIENCE_S) -> None:
        """`patience_s`: for the answer to a cancel, before the connection is cut; `settle_s`: for a lost commit."""
        self._patience_s = patience_s
        self._settle_s = settle_s

    def plan(self, context: ActionContext) -> Planned:
        """What would be sent, or why it cannot be."""
        return plan(context)

    async def run(self, context: ActionContext, on_output: OnOutput) -> Ending:
        """Send it. Cancelled: the server is asked to cancel, and its answer decides.

        `DETACH` stops it too, since a transaction ends with its connection; how is kept for the keeper that adopts it.
        """
        stop = _Stop(self._patience_s)
        acting = asyncio.create_task(_act(context, on_output, stop, self._settle_s))
        while not acting.done():
            try:
                await asyncio.wait({acting})
            except asyncio.CancelledError as cancelled:
                stop.ask("cancelled", detached=DETACH in cancelled.args)
                task = asyncio.current_task()
                assert task is not None
                task.uncancel()
        if stop.is_detached:
            acting.exception()
            raise asyncio.CancelledError(DETACH)
        return acting.result()

    async def adopt(self, context: ActionContext, on_output: OnOutput) -> Ending | None:
        """How what an earlier keeper sent ended, after its connection is gone; None: nothing was kept of it."""
        return await adopted(context, on_output)


class _Stop:
    """That it was asked to stop, when and why."""

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s
        self.reason: StopReason = ""
        self.is_detached = False
        self._since = 0.0

    def ask(self, reason: StopReason, *, detached: bool = False) -> None:
        self.is_detached = self.is_detached or detached
        if not self.reason:
            self.reason, self._since = reason, time.monotonic()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._since


class _Keeping:
    """Keeps how far an action came, in the order in which it was told, from threads that may be late."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._told = self._written = 0

    async def __call__(self, kept: Kept, *, durable: bool = True) -> None:
        self._told += 1
        number = self._told
        await in_own_thread(lambda: self._write(kept, number, durable))

    def _write(self, kept: Kept, number: int, durable: bool) -> None:
        with self._lock:
            if number > self._written:
                self._written = number
                keep(self._path, kept, durable=durable)


async def _act(context: ActionContext, on_output: OnOutput, stop: _Stop, settle_s: float) -> Ending:
    """From reading the files to the ending; never cancelled."""
    try:
        prepared = await in_own_thread(lambda: prepare(context))
    except ActionError as error:
        return Ending(outcome="refused", detail=_line(str(error), context))
    if prepared.only_shown:
        return Ending(outcome="succeeded", detail=_line(f"shown only: {prepared.only_shown}", context))
    try:
        transcript = Transcript(context.run_dir / "outputs" / f"{context.action}.log", context.mask, on_output)
    except OSError as error:
        return Ending(outcome="failed", detail=f"nothing was sent: no output file can be made: {error.strerror}")
    return await _acted(context, prepared.order, transcript, stop, settle_s)


async def _acted(context: ActionContext, order: Order, transcript: Transcript, stop: _Stop, settle_s: float) -> Ending:
    began = time.monotonic()
    keeping = _Keeping(kept_path(context.run_dir, context.action))
    execution = Execution(order, transcript, keeping)
    try:
        work = await _performed(execution, transcript, stop, began + context.timeout_s)
        verdict = await _judged(execution, work, transcript, stop, settle_s)
    finally:  # also after what nobody foresaw: a transaction left open would hold its locks
        await execution.leave()
    detail = _line(verdict.detail, context)
    transcript.say(f"{verdict.outcome}: {detail}\n")
    written = await in_own_thread(transcript.close)  # it waits for the disk, and the keeper must not
    ending = Ending(
        outcome=verdict.outcome,
        detail=f"{detail} ({written.fault})" if written.fault else detail,
        duration_s=time.monotonic() - began,
        facts=execution.facts(),
        output=f"{context.action}.log",
        output_bytes=written.bytes,
        output_sha256=written.sha256,
        nothing_done=left_nothing(execution, verdict),
    )
    with suppress(OSError):  # a full disk: the keeper still hears the ending from here
        await keeping(replace(execution.kept, stage="ended", ending=ending))
    return ending


async def _performed(execution: Execution, transcript: Transcript, stop: _Stop, deadline: float) -> asyncio.Task[None]:
    """Run it to an end, its own or one that was asked for; the task that ended."""
    work = asyncio.create_task(execution.perform())
    asking: asyncio.Task[None] | None = None
    while not work.done():
        await asyncio.wait({work}, timeout=_TICK_S)
        transcript.progress(execution.progress())
        transcript.flush()
        if time.monotonic() >= deadline and not work.done():
            stop.ask("timed_out")
        if not stop.reason or work.done():
            continue
        execution.stop = True
        if execution.stage == "connecting":
            work.cancel()  # nothing that acts was sent
        elif stop.age_s >= stop.patience_s:
            execution.cut()
        elif (execution.stage != "committing" or stop.age_s >= _COMMIT_GRACE_S) and (asking is None or asking.done()):
            asking = asyncio.create_task(execution.cancel())
    if asking is not None:
        await asyncio.wait({asking})
    return work


async def _judged(
    execution: Execution, work: asyncio.Task[None], transcript: Transcript, stop: _Stop, settle_s: float
) -> Verdict:
    try:
        await work
    except asyncio.CancelledError:
        return ended(execution, Stopped(), stop.reason)
    except (psycopg.Error, ActionError, OSError, Stopped) as error:
        if not needs_settling(execution):
            return ended(execution, error, stop.reason)

        def tell(line: str) -> None:
            transcript.progress((f"the connection was lost while committing: {line}",))
            transcript.flush()

        order = execution.order
        return settled(
            await settle(
                order.dsn,
                order.name,
                execution.kept,
                unverified=order.unverified,
                patience_s=settle_s,
                tell=tell,
            )
        )
    return succeeded(execution)


def _line(text: str, context: ActionContext) -> str:
    return shortened(context.mask.text(text), _DETAIL)


RUNNER = SqlRunner()
