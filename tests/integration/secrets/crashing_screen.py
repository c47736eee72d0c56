"""cockpit with a fault in it: `crashing_screen.py WHERE ARGUMENT…`. Secrets are in the exception and its locals."""

from __future__ import annotations

import os
import sys
import threading

from cockpit.cli import main


def _fails(*_: object) -> None:
    password = os.environ["CANARY_PASSWORD"]
    settings = {"dsn": os.environ["CANARY_DSN"], "key": os.environ["CANARY_OPENSSH_PRIVATE_KEY"].encode()}
    raise ValueError(f"cannot connect with {password!r}: {settings}")


async def _fails_later(*_: object) -> None:
    _fails()


def _in_a_thread(*_: object) -> None:
    threading.Thread(target=_fails, name="faulty").start()


def break_at(where: str) -> None:
    """Put the fault where it is asked for."""
    match where:
        case "reading":  # cockpit probe
            from cockpit.cli import probing

            probing.read_once = _fails_later  # type: ignore[assignment] # it only has to fail
        case "key":  # a key of the screen
            from cockpit.tui.app import CockpitApp

            CockpitApp.action_theme = _fails  # type: ignore[method-assign,assignment] # it only has to fail
        case "painting":
            from cockpit.tui.screens.run import RunScreen

            RunScreen.draw = _fails  # type: ignore[method-assign,assignment] # it only has to fail
        case "worker":
            from cockpit.tui.app import CockpitApp

            CockpitApp.action_theme = lambda self: self.run_worker(_fails_later())  # type: ignore[method-assign,assignment] # so
        case "thread":
            from cockpit.tui.app import CockpitApp

            CockpitApp.action_theme = _in_a_thread  # type: ignore[method-assign,assignment] # it only has to fail


if __name__ == "__main__":
    break_at(sys.argv[1])
    main(sys.argv[2:])
