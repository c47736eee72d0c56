"""A keeper reduced to one command: `python command_keeper.py FOLDER SCRIPT`. Prints `told` when it heard something."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from commanding import context_of

from cockpit.actions.command.declaration import CommandSettings
from cockpit.actions.command.runner import RUNNER

if __name__ == "__main__":
    context = context_of(Path(sys.argv[1]), CommandSettings(script=sys.argv[2]))
    asyncio.run(RUNNER.run(context, lambda _: print("told", flush=True)))
