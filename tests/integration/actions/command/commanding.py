"""What the tests of commands share: a context, and a run folder that a shim may write in."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.runner import RUNNER
from cockpit.actions.runner import ActionContext, Ending, Output
from cockpit.masking.mask import Mask
from cockpit.profile.model import Target


def context_of(
    folder: Path,
    settings: CommandSettings,
    *,
    timeout_s: float = 30.0,
    secrets: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    rehearsal: bool = False,
    target: Target | None = None,
    action: str = "a1",
) -> ActionContext:
    return ActionContext(
        action=action,
        run_dir=folder,
        base_dir=folder,
        rehearsal=rehearsal,
        timeout_s=timeout_s,
        settings=settings,
        values=values or {},
        secrets=secrets or {},
        target=target,
        mask=Mask(secrets or {}),
    )


async def run_script(folder: Path, script: str, **more: object) -> Ending:
    """Run a script to its end."""
    return await run(context_of(folder, CommandSettings(script=script), **more))  # type: ignore[arg-type]


async def run(context: ActionContext, told: list[Output] | None = None) -> Ending:
    return await RUNNER.run(context, (told if told is not None else []).append)


async def until(condition: Callable[[], bool], longest_s: float = 60.0) -> None:
    """Wait for a condition, not for a time."""
    give_up = time.monotonic() + longest_s
    while not condition():
        assert time.monotonic() < give_up, "it did not come"
        await asyncio.sleep(0.02)


def log_of(folder: Path, action: str = "a1") -> str:
    return (folder / "outputs" / f"{action}.log").read_text()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
