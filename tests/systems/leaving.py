"""Ending a test's run, whatever state it is in, and every process that works in its folder."""

from __future__ import annotations

from pathlib import Path

import psutil
from systems.looking import until

from cockpit.audit.layout import keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.demo.ending import abort


def end_run(run_dir: Path) -> None:
    """Give the run up if it lives, wait until its keeper is gone, and leave no process behind."""
    try:
        abort(run_dir, "the test is over")
        until(lambda: not holder_alive(keeper_lock(run_dir)), "the keeper's end")
    finally:
        _kill_what_is_left(run_dir)


def _kill_what_is_left(run_dir: Path) -> None:
    for process in psutil.process_iter():
        try:
            if str(run_dir) in " ".join(process.cmdline()):
                process.kill()
        except psutil.Error:  # it ended while we looked
            continue
