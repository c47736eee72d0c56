"""Starting and stopping demos, for the command line: a system, a profile for tonight around it, a run of that.

A demo's folder is `cockpit-demo-<uid>-…` in the folder for temporary files, and names its system's process.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.demo import ending, missing, postgres_server, starting, tonight
from cockpit.demo.at_work import is_at_work
from cockpit.demo.faults import FaultName
from cockpit.demo.lifetime import LONGEST_S, POSTGRES, READY, RUN, AtWork
from cockpit.demo.standing import Kind
from cockpit.demo.system import System
from cockpit.errors import KeeperError
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.variables import resolve
from cockpit.run.events import ProfileTrust
from cockpit.session.creating import create_run
from cockpit.session.runs import live_runs
from cockpit.session.trust_digest import executed

_STOP_S = 10.0


class Demo(Struct, frozen=True):
    """A demo that was started."""

    run_dir: Path
    folder: Path
    """Of its system; gone when that has ended."""
    remark: str
    """Why there is no PostgreSQL in it, a sentence; empty if there is."""


def start(*, fault: FaultName | None = None, speed: float = 1.0, longest_s: float = LONGEST_S) -> Demo:
    """Start the shop and a run to deploy it (about 1 s). Raises `CockpitError` if that cannot be.

    The system ends with the run, or by `stop`, or after `longest_s`; whatever becomes of this process.
    """
    options = ["--speed", str(speed), "--longest-s", str(longest_s), *(["--fault", fault] if fault else [])]
    with _folder() as folder, starting.process(folder, "cockpit.demo.system", *options) as process:
        system = msgspec.json.decode(starting.ready(folder, process), type=System)
        run_dir = _begin(folder, tonight.of_shop(folder, system))
        _reap(process)
    remark = f"the demo's database is SQLite, not PostgreSQL: {system.remark}" if system.remark else ""
    return Demo(run_dir, folder, remark)


def start_standing(kind: Kind, *, longest_s: float = LONGEST_S) -> Demo:
    """Start a system that stands in for a real one, and a run of its profile. Raises `CockpitError` if that cannot be.

    Its environment, secrets too, becomes part of this process's own, from which the run's keeper inherits it. It ends
    as the shop does.
    """
    with _folder() as folder:
        if obstacle := missing.obstacle(kind, folder / POSTGRES):
            raise KeeperError(f"the demo {kind.name} cannot be started: {obstacle.what}", hint=obstacle.instead)
        options = [kind.name, "--longest-s", str(longest_s)]
        with starting.process(folder, "cockpit.demo.standing_process", *options, is_asked=True) as process:
            os.environ.update(starting.environ(folder, process))
            run_dir = _begin(folder, tonight.of_standing(folder, kind))
            _reap(process)
    return Demo(run_dir, folder, "")


def _begin(folder: Path, profile: Path) -> Path:
    """Create the run of a profile, and tell the system in `folder` which it is."""
    loaded = load(profile, installed(), environ=os.environ)
    others = live_runs(loaded.profile.id, loaded.profile.environment)
    despite = {run.run: "every demo has a system of its own" for run in others}
    trust = ProfileTrust(digest=executed(loaded).digest, how="shipped", at=datetime.now(UTC))
    run_dir = create_run(loaded, resolve(loaded.profile, os.environ, {}), despite=despite, trust=trust)
    part = folder / "run.part"
    part.write_text(str(run_dir))
    part.rename(folder / RUN)
    return run_dir


@contextmanager
def _folder() -> Iterator[Path]:
    """A demo's folder, which is deleted again if the demo does not come about."""
    folder = Path(tempfile.mkdtemp(prefix=_prefix()))
    try:
        if os.geteuid() == 0:
            folder.chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Somebody must wait for it, or it stays a zombie for as long as this process lives."""
    threading.Thread(target=process.wait, name="cockpit-demo-reaper", daemon=True).start()


def stop() -> list[Path]:
    """Abort the runs of all demos of this user that live, end their systems, and return the runs' folders.

    Raises `CockpitError` if a run cannot be aborted; its system ends all the same.
    """
    stopped: list[Path] = []
    for folder in sorted(Path(tempfile.gettempdir()).glob(f"{_prefix()}*")):
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            continue
        try:
            run_dir = Path((folder / RUN).read_text()) if (folder / RUN).exists() else None
            if run_dir is not None and ending.abort(run_dir, "the demo was stopped"):
                stopped.append(run_dir)
        finally:
            _end_folder(folder)
    return stopped


def _prefix() -> str:
    return f"cockpit-demo-{os.geteuid()}-"


def _end_folder(folder: Path) -> None:
    """See a demo's system end, by itself or by signal, and its folder gone; at most about 30 s."""
    ready = folder / READY
    pid = msgspec.json.decode(ready.read_bytes(), type=AtWork).pid if ready.exists() else 0
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None and is_at_work(pid, folder):
            os.kill(pid, number)
        give_up = time.monotonic() + _STOP_S
        while is_at_work(pid, folder) and time.monotonic() < give_up:
            time.sleep(0.05)
    postgres_server.stop_orphan(folder / POSTGRES)
    shutil.rmtree(folder, ignore_errors=True)
