"""The desk: where orders to act come in, are looked at, and are carried out, one at a time.

Invariant: an order is taken once, as the log tells it; nothing is done before its intent (`action.started`) is durable,
its target has just proved to be the declared one, and its files are those of the run's start. What was begun ends with
`action.ended`, or is left to its shim when this keeper ends, for the next one to adopt. It is never begun again by
itself, and no keeper's end stops it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cockpit.actions.files import changed
from cockpit.actions.runner import Ending, Planned
from cockpit.audit.clock import now
from cockpit.audit.layout import outputs_dir
from cockpit.errors import ActionError, LogError
from cockpit.keeper.acting import Doing, Workshop
from cockpit.keeper.expecting import expected
from cockpit.keeper.orders import LATEST_S, Objection, is_id, left_behind, objection, still_wanted
from cockpit.keeper.room import Room
from cockpit.keeper.telling import ended, intent
from cockpit.keeper.work import Work
from cockpit.probes.threads import in_own_thread
from cockpit.run.elapsed import elapsed_s
from cockpit.run.events import ActionCancelled, ActionRequested, Event, Instant
from cockpit.run.numbering import find_step
from cockpit.run.readings import ConditionVerdict
from cockpit.run.state import RunState
from cockpit.run.state_walk import ActionState
from cockpit.text import shortened

_LET_GO_S = 3.0
_LAST_WORDS_S = 0.2
_WATCHED_AFTER_S = 0.5


class Desk:
    """Takes orders on the loop, until it is closed."""

    def __init__(
        self,
        room: Room,
        workshop: Workshop,
        target_objection: Callable[[str], Awaitable[str]],
        on_failure: Callable[[Exception], None],
    ) -> None:
        """`target_objection` looks anew at who a target is, and says why it must not be acted on, or nothing."""
        self._room = room
        self._workshop = workshop
        self._target_objection = target_objection
        self._on_failure = on_failure
        self._works: dict[str, Work] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    @property
    def is_busy(self) -> bool:
        """Whether something is being done, or about to be."""
        return bool(self._works)

    def begin(self, left_on: str = "") -> None:
        """Take over what earlier keepers left: what had begun is watched to its end, what had not lapses.

        `left_on`: the other host on which the keeper before this one was: of what it began, nothing can be seen here.
        """
        for action in left_behind(self._room.state):
            if action.action in self._works:
                continue  # asked of this keeper, the moment it came
            if action.status == "requested":
                detail = "the keeper that it was asked of ended before it began: press again"
                self._end(action.action, action.step, Ending(outcome="lapsed", detail=detail))
            elif left_on:
                host = shortened(left_on, 60)
                detail = f"the keeper on {host} began it, and whether it goes on cannot be seen from here: look there"
                self._end(action.action, action.step, Ending(outcome="unknown", detail=detail))
            else:
                self._send(self._adopt(action, self._work(action.action, action.step)))

    def take(self, event: Event) -> None:
        """Something was appended to the log."""
        body = event.body
        if isinstance(body, ActionRequested):
            if body.action in self._works:
                return  # the same order twice: it is taken once
            if self._works:
                busy = Ending(outcome="refused", detail="something else is being done")
                self._end(body.action, body.step, busy)
                return
            self._send(self._carry_out(body, event.instant, self._work(body.action, body.step)))
        elif isinstance(body, ActionCancelled) and body.action in self._works:
            self._works[body.action].stop()  # before it runs, `still_wanted` sees it

    def look(self) -> None:
        """Time has passed."""
        for work in self._works.values():
            work.look()

    async def close(self) -> bool:
        """Take nothing more and let go of what runs; whether every runner let go of it.

        If not, this process must end without ending its tasks in order: that could stop what must go on.
        """
        self._closing.set()  # what is being looked at does not begin any more
        let_go = await asyncio.gather(*(work.detach(_LET_GO_S) for work in self._works.values()))
        if self._errands:
            await asyncio.wait(self._errands, timeout=_LAST_WORDS_S)  # what did end is told
        for errand in self._errands:
            errand.cancel()
        if self._errands:
            await asyncio.wait(self._errands, timeout=_LET_GO_S)
        return all(let_go)

    # ---- an order ------------------------------------------------------------------------------------------------

    def _work(self, action: str, step: str) -> Work:
        values = self._workshop.values
        work = self._works[action] = Work(action, step, self._room.tell, lambda text: values.mask.text(text))
        return work

    def _send(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._back)

    def _back(self, task: asyncio.Task[None]) -> None:
        self._errands.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and isinstance(error, Exception):
            self._on_failure(error)

    async def _carry_out(self, order: ActionRequested, given: Instant, work: Work) -> None:
        try:
            against = objection(order, given, self._room.state, self._room.epoch, now())
            if against is not None:
                self._refuse(order, against)
                return
            doing, planned, against = await self._looked_at(order)
            if doing is None or planned is None or against is not None:
                self._refuse(order, against or Objection("refused", "it cannot be done"))
                return
            if self._closing.is_set():
                return  # it lapses with the next keeper
            asked = now()
            try:
                await self._room.durable(intent(order, doing, planned, self._room.actor))
            except (LogError, OSError):
                return  # the log cannot be written: the keeper is ending, and nothing was begun
            except asyncio.CancelledError:
                self._not_begun(order)  # it waits behind the intent: whoever writes the one writes the other
                raise
            if self._closing.is_set():
                self._not_begun(order)
                return
            if (late_s := elapsed_s(asked, now())) > LATEST_S:
                detail = f"the log could not be written for {late_s:.0f} s: nothing was done, press again"
                self._end(order.action, order.step, Ending(outcome="lapsed", detail=detail, nothing_done=True))
                return
            await self._do(order, doing, planned, work)
        finally:
            self._works.pop(order.action, None)

    async def _looked_at(self, order: ActionRequested) -> tuple[Doing | None, Planned | None, Objection | None]:
        """What would be done, and what lies outside the log that speaks against it."""
        state = self._room.state
        try:
            doing = self._made(order.action, order.step, state)
            if await in_own_thread(lambda: _was_begun(self._workshop.run_dir, order.action)):
                return doing, None, Objection("refused", "its id was used before: whatever wrote it was not cockpit")
            planned = await in_own_thread(lambda: _plan(doing))  # it may read files
        except ActionError as error:
            return None, None, Objection("refused", str(error))
        why = planned.refusal or await self._changed(doing, state)
        if not why and doing.context.target is not None and planned.mode != "shown":
            why = await self._target_objection(doing.context.target.id)
        if why:
            return doing, planned, Objection("refused", why)
        # Looking took its time: whoever asked may have thought better of it.
        return doing, planned, still_wanted(order, self._room.state)

    def _made(
        self, action: str, step_id: str, state: RunState, *, is_begun: bool = False, told_bytes: int = 0
    ) -> Doing:
        found = find_step(state.profile, step_id)
        if found is None:
            raise ActionError(f"the profile has no step `{shortened(step_id, 60)}`")
        try:
            return self._workshop.make(action, found[1], state, is_begun=is_begun, told_bytes=told_bytes)
        except ActionError:
            raise
        except Exception as error:  # a plug-in's declaration may raise anything; one step must not end the keeper
            raise ActionError(_failed("while it was prepared", error)) from error

    async def _changed(self, doing: Doing, state: RunState) -> str:
        """Which files are not those of the run's start; read in a thread, since they may be large or far away."""
        if not doing.files or state.started is None:
            return ""
        return await asyncio.to_thread(changed, doing.files, self._workshop.base_dir, state.started.files)

    async def _do(self, order: ActionRequested, doing: Doing, planned: Planned, work: Work) -> None:
        against = still_wanted(order, self._room.state)
        if against is not None and against.outcome == "cancelled":
            self._end(order.action, order.step, Ending(outcome="cancelled", detail=against.detail))
            return
        began = now()
        ending = await work.end_of(doing.runner.run(doing.context, work.on_output), doing.context.timeout_s)
        if work.is_let_go:
            return  # it has not ended: the next keeper tells how it did
        if ending is None:  # only `adopt` may know nothing
            ending = Ending(outcome="unknown", detail="the runner did not say how it ended")
        self._tell_end(order.action, order.step, doing, ending, began, planned.mode)

    # ---- what an earlier keeper began ------------------------------------------------------------------------------

    async def _adopt(self, action: ActionState, work: Work) -> None:
        try:
            began = action.started or action.requested
            try:
                if not is_id(action.action):
                    raise ActionError("its id names no action: whatever wrote it was not cockpit")
                doing = self._made(
                    action.action, action.step, self._room.state, is_begun=True, told_bytes=action.told_bytes
                )
            except ActionError as error:
                self._end(action.action, action.step, Ending(outcome="unknown", detail=str(error)))
                return
            left_s = max(0.0, action.timeout_s - elapsed_s(began, now()))
            current = self._room.state.steps[action.step].action
            if current is not None and current.action == action.action and current.cancel_reason:
                self._stop_soon(work)
            ending = await work.end_of(doing.runner.adopt(doing.context, work.on_output), left_s, is_adopted=True)
            if work.is_let_go:
                return
            if ending is None:
                detail = "the keeper that began it ended, and it left no trace of its end"
                ending = Ending(outcome="unknown", detail=detail)
            self._tell_end(action.action, action.step, doing, ending, began, action.mode)
        finally:
            self._works.pop(action.action, None)

    def _stop_soon(self, work: Work) -> None:
        """It was to be stopped, and the keeper that was told so ended: stop it, once it is being watched."""
        asyncio.get_running_loop().call_later(_WATCHED_AFTER_S, work.stop)

    # ---- ends ----------------------------------------------------------------------------------------------------

    def _not_begun(self, order: ActionRequested) -> None:
        detail = "the keeper ended before it began: nothing was done"
        self._end(order.action, order.step, Ending(outcome="cancelled", detail=detail))

    def _refuse(self, order: ActionRequested, against: Objection) -> None:
        self._end(order.action, order.step, Ending(outcome=against.outcome, detail=against.detail))

    def _tell_end(self, action: str, step: str, doing: Doing, ending: Ending, began: Instant, mode: str) -> None:
        conditions: tuple[ConditionVerdict, ...] = ()
        if mode in ("real", "rolled_back"):  # what a dry run says, or what was only shown, was not asked for
            ending, conditions = expected(doing.step, doing.kind, ending, doing.context.mask)
        if not ending.duration_s:
            ending = replace(ending, duration_s=elapsed_s(began, now()))
        self._end(action, step, ending, conditions)

    def _end(self, action: str, step: str, ending: Ending, conditions: tuple[ConditionVerdict, ...] = ()) -> None:
        self._room.tell(ended(action, step, ending, conditions, self._workshop.values.mask))


def _was_begun(run_dir: Path, action: str) -> bool:
    """Whether something of this id has left its files: their end would be taken for that of another try."""
    return any(outputs_dir(run_dir).glob(f"{action}.*"))


def _plan(doing: Doing) -> Planned:
    try:
        return doing.runner.plan(doing.context)
    except Exception as error:  # a plug-in may raise anything; then nothing is done
        raise ActionError(_failed("while planning", error)) from error


def _failed(when: str, error: Exception) -> str:
    return f"the plug-in's own code failed {when}: {shortened(f'{type(error).__name__}: {error}', 200)}"
