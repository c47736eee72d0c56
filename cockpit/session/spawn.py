"""Starting the run's keeper, by executing it: it must outlive this screen, its terminal and its session.

The keeper's own lock decides races: starting a second one is harmless, it leaves quietly. Nothing is inherited but the
environment, and two descriptors of a log file of its own under the run's outputs.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from cockpit.audit import clock
from cockpit.audit.layout import origin_path, outputs_dir
from cockpit.audit.opening import make_folder, opened
from cockpit.errors import KeeperError, TrustError
from cockpit.run.commands import KeeperSight
from cockpit.run.refusals import KEEPER_SILENCE_S
from cockpit.session.sight import keeper_sight
from cockpit.session.trust_foreign import foreign, led_elsewhere
from cockpit.text import shortened, visible

_LOOK_EVERY_S = 0.05
_LAST_WORDS_BYTES = 4096


def start_keeper(run_dir: Path, env: Mapping[str, str] | None = None) -> bool:
    """Start a keeper for the run unless one lives; whether one was started. It inherits this environment, plus `env`.

    Returns before it is up: see `wait_for_keeper`. Raises KeeperError if it cannot be executed, or if the run was begun
    elsewhere and nobody here has confirmed what it executes.
    """
    if keeper_sight(run_dir, clock.now()).alive:
        return False
    require_trust(run_dir)
    import subprocess

    try:
        output = _open_output(run_dir)
        try:
            # -P: nothing is imported from the folder that the operator happens to be in.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "cockpit.keeper", str(run_dir.absolute())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, **(env or {})},
            )
        finally:
            os.close(output)
    except OSError as error:
        hint = "start it by hand: python -m cockpit.keeper RUN_DIR"
        raise KeeperError(f"the keeper of {run_dir.name} could not be started: {error.strerror}", hint=hint) from error
    # Somebody must wait for it, or it stays a zombie for as long as this screen is open.
    threading.Thread(target=process.wait, name="cockpit-reaper", daemon=True).start()
    return True


def require_trust(run_dir: Path) -> None:
    """Refuse to have a run executed here that was begun elsewhere, until somebody here confirmed it.

    A keeper asks it of itself too: a systemd unit or a person by hand starts one without a screen. Raises KeeperError.
    """
    started = foreign(run_dir)
    if started is None:
        if (led := led_elsewhere(run_dir)) is not None:
            said, noted = (visible(str(each)) for each in led)
            why = f"the run {run_dir.name} began with the profile's folder {noted}, and its `origin` now says {said}"
            raise KeeperError(why, hint=f"write back what it said: {origin_path(run_dir)}")
        return
    from cockpit.session.trust_runs import objection  # the listing of a profile, which hardly any screen needs

    try:
        why = objection(run_dir.name, started)
    except TrustError as error:
        raise KeeperError(error.message, hint=error.hint) from error
    if why:
        raise KeeperError(why, hint=f"leave, and come back with: cockpit resume {run_dir.name}")


def wait_for_keeper(run_dir: Path, timeout_s: float) -> KeeperSight:
    """Wait until a keeper beats; what was seen last, beating or not."""
    give_up = time.monotonic() + timeout_s
    while True:
        sight = keeper_sight(run_dir, clock.now())
        if (sight.alive and sight.silent_s <= KEEPER_SILENCE_S) or time.monotonic() >= give_up:
            return sight
        time.sleep(_LOOK_EVERY_S)


def last_words(run_dir: Path) -> str:
    """The last line that the newest keeper printed, or an empty text: why it is not there, if it could say."""
    logs = sorted(outputs_dir(run_dir).glob("keeper-*.log"), key=lambda path: _number(path))
    if not logs:
        return ""
    try:
        with os.fdopen(opened(logs[-1], os.O_RDONLY), "rb") as file:
            file.seek(max(0, logs[-1].stat().st_size - _LAST_WORDS_BYTES))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError as error:
        return f"{logs[-1]} cannot be read: {error.strerror}"
    return shortened(lines[-1], 400) if lines else ""


def _open_output(run_dir: Path) -> int:
    """A new file `keeper-<n>.log`, the first number that is free."""
    folder = outputs_dir(run_dir)
    make_folder(folder)
    number = max((_number(path) for path in folder.glob("keeper-*.log")), default=0)
    while True:
        number += 1
        try:
            return opened(folder / f"keeper-{number}.log", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        except FileExistsError:
            continue  # another screen starts one at this moment


def _number(path: Path) -> int:
    digits = path.stem.removeprefix("keeper-")
    return int(digits) if digits.isdecimal() else 0
