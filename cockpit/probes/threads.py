"""Blocking work on a thread that nobody has to wait for.

`asyncio.to_thread` has a few threads for the whole process and the interpreter joins them at its end: one disk or
server that never answers would hold up every other probe, and the keeper's exit. Here each call has its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


async def in_own_thread(work: Callable[[], _T]) -> _T:
    """Return what `work` returns, or raise what it raises. If the wait is cancelled, the thread goes on unheard."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_T] = loop.create_future()

    def settle(value: _T | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]  # None only if that is what `work` returned

    def run() -> None:
        try:
            value, error = work(), None
        except BaseException as raised:  # noqa: BLE001 - handed on to whoever waits
            value, error = None, raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=run, name="cockpit-probe", daemon=True).start()
    return await answer
