"""What commands wrote on other hosts, brought to this one: whole files, each with the digest that the log has of it.

Invariant: a thread of its own, which connects only while something is missing here; the log alone says what is wanted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.audit.layout import log_path, outputs_dir
from cockpit.audit.line import decode
from cockpit.errors import LogError
from cockpit.patterns import late
from cockpit.run.events import ActionEnded, BranchTold
from cockpit.run.state import RunState
from cockpit.run.told_lines import told_events
from cockpit.session.attendance import lines_with

if TYPE_CHECKING:  # a driver, which runs in files never need
    from cockpit.audit.postgres.incoming import ToldOutput

LOOK_S = 1.0
_TRIES = 60
"""An output that is not whole in the database after so many looks is not waited for any more."""
_NAME = late(r"[0-9A-Za-z]{1,64}\.[a-z]{1,16}")
_ENDED, _TOLD = b'"type":"action.ended"', b'"type":"branch.told"'


def is_output(name: str) -> bool:
    """Whether this can be the name of an action's output: the log that gives it is data."""
    return _NAME.fullmatch(name) is not None


def missing(run_dir: Path) -> dict[str, ToldOutput]:
    """The outputs that the log tells of and that are not in the run's folder, by name."""
    from cockpit.audit.postgres.incoming import ToldOutput

    found: dict[str, ToldOutput] = {}
    with suppress(OSError, ValueError):  # ValueError: the file is empty
        log = log_path(run_dir)
        for line in chain(lines_with(log, _ENDED), lines_with(log, _TOLD)):
            with suppress(LogError):
                body = decode(line).body
                bodies = (
                    [body] if not isinstance(body, BranchTold) else [fact.body for fact in told_events(body.text)[0]]
                )
                for each in bodies:
                    if isinstance(each, ActionEnded) and is_output(each.output) and each.output_sha256:
                        found[each.output] = ToldOutput(each.output_bytes, each.output_sha256)
    return {name: told for name, told in found.items() if not (outputs_dir(run_dir) / name).exists()}


def told_outputs(state: RunState) -> tuple[tuple[str, str], ...]:
    """Name and digest of the outputs of each step's last try that ended."""
    actions = (step.action for step in state.steps.values())
    return tuple((each.output, each.output_sha256) for each in actions if each is not None and each.output_sha256)


class Bringing:
    """Of one seat. Begun once, closed once."""

    def __init__(self, run_dir: Path, dsn: str, told: Callable[[], object]) -> None:
        """`told`: what was read of outputs, another value whenever that changed."""
        self._run_dir, self._dsn, self._told = run_dir, dsn, told
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cockpit-outputs", daemon=True)

    def begin(self) -> None:
        """Look from time to time."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; a file that is on its way is not waited for."""
        self._closing.set()

    def _run(self) -> None:
        looked: object = None
        tries = _TRIES
        while not self._closing.wait(LOOK_S):
            told = self._told()
            if told == looked and tries >= _TRIES:
                continue
            tries = 0 if told != looked else tries + 1
            looked = told
            with suppress(LogError, OSError):  # it is tried again; who only reads the copy has it from its owner
                wanted = missing(self._run_dir)
                if not wanted or not self._left(wanted):
                    tries = _TRIES

    def _left(self, wanted: dict[str, ToldOutput]) -> list[str]:
        from cockpit.audit.postgres.incoming import bring_outputs

        return bring_outputs(self._dsn, self._run_dir.name, self._run_dir, wanted)
