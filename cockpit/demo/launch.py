"""Starting and stopping the demo, for the command line: a system, a profile for tonight around it, a run of that.

A demo's folder is `cockpit-demo-<uid>-…` in the folder for temporary files, and names its system's process.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import tomli_w
from msgspec import Struct

from cockpit.demo import ending, postgres_server
from cockpit.demo.at_work import is_at_work
from cockpit.demo.faults import FaultName
from cockpit.demo.system import LONGEST_S, POSTGRES, READY, RUN, System
from cockpit.errors import KeeperError
from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.profile.variables import resolve
from cockpit.session.runs import create_run, live_runs
from cockpit.text import shortened

PROFILES = Path(__file__).parent / "profile"
"""The profiles as shipped: `shop.toml`, and `shop_postgres.toml` which extends it."""
_TONIGHT = "tonight.toml"
_START_S = 30.0
_STOP_S = 10.0


class Demo(Struct, frozen=True):
    """A demo that was started."""

    run_dir: Path
    folder: Path
    """Of its system; gone when that has ended."""
    remark: str
    """Why there is no PostgreSQL in it, a sentence; empty if there is."""


def start(*, fault: FaultName | None = None, speed: float = 1.0, longest_s: float = LONGEST_S) -> Demo:
    """Start a system and a run to deploy it (about 1 s). Raises `CockpitError` if that cannot be.

    The system ends with the run, or by `stop`, or after `longest_s`; whatever becomes of this process.
    """
    folder = Path(tempfile.mkdtemp(prefix=_prefix()))
    if os.geteuid() == 0:
        folder.chmod(0o755)  # as root, PostgreSQL runs as a user of its own and has to pass
    process = _start_system(folder, "--speed", str(speed), "--longest-s", str(longest_s), *_option("--fault", fault))
    try:
        system = _wait_until_ready(folder, process)
        profile = _write_profile(folder, system)
        loaded = load(profile, installed(), environ=os.environ)
        others = live_runs(loaded.profile.id, loaded.profile.environment)
        despite = {run.run: "every demo has a system of its own" for run in others}
        run_dir = create_run(loaded, resolve(loaded.profile, os.environ, {}), despite=despite)
        part = folder / "run.part"
        part.write_text(str(run_dir))
        part.rename(folder / RUN)
    except BaseException:
        _end(process, folder)
        raise
    # Somebody must wait for it, or it stays a zombie for as long as this process lives.
    threading.Thread(target=process.wait, name="cockpit-demo-reaper", daemon=True).start()
    remark = f"the demo's database is SQLite, not PostgreSQL: {system.remark}" if system.remark else ""
    return Demo(run_dir, folder, remark)


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


def _option(name: str, value: str | None) -> list[str]:
    return [name, value] if value else []


def _start_system(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    with (folder / "system.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "cockpit.demo.system", str(folder), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            # the package that brings PostgreSQL keeps a lock there, and would leave it among the temporary files
            env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
        )


def _wait_until_ready(folder: Path, process: subprocess.Popen[bytes]) -> System:
    give_up = time.monotonic() + _START_S
    while not (folder / READY).exists():
        if process.poll() is not None or time.monotonic() > give_up:
            log = folder / "system.log"  # gone with the folder if the system got as far as cleaning up
            said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
            why = shortened(said[-1], 200) if said else f"it was not ready within {_START_S:.0f} s"
            raise KeeperError(
                f"the demo's system did not start: {why}", hint="see that loopback and the temporary folder work"
            )
        time.sleep(0.02)
    return msgspec.json.decode((folder / READY).read_bytes(), type=System)


def _write_profile(folder: Path, system: System) -> Path:
    """Lay tonight's addresses and times over the shipped profile, in a copy of it beside the system."""
    for shipped in PROFILES.glob("*.toml"):
        shutil.copyfile(shipped, folder / shipped.name)
    now = datetime.now(UTC).replace(microsecond=0, second=0)
    where = {
        "service": system.service,
        "service_port": str(system.service_port),
        "platform": system.platform,
        "folder": str(folder),
        **({"database": system.postgres} if system.postgres else {}),
    }
    tonight = {
        "extends": "shop_postgres.toml" if system.postgres else "shop.toml",
        "window": {
            "start": (now - timedelta(minutes=10)).isoformat(),
            "end": (now + timedelta(minutes=50)).isoformat(),
        },
        "variables": {name: {"value": text} for name, text in where.items()},
    }
    path = folder / _TONIGHT
    path.write_text(
        "# Made by `cockpit demo`: where the demo's system listens, and a window around now.\n" + tomli_w.dumps(tonight)
    )
    return path


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End a system that this process started, and wait for it."""
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _end_folder(folder: Path) -> None:
    """See a demo's system end, by itself or by signal, and its folder gone; at most about 30 s."""
    ready = folder / READY
    pid = msgspec.json.decode(ready.read_bytes(), type=System).pid if ready.exists() else 0
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None and is_at_work(pid, folder):
            os.kill(pid, number)
        give_up = time.monotonic() + _STOP_S
        while is_at_work(pid, folder) and time.monotonic() < give_up:
            time.sleep(0.05)
    postgres_server.stop_orphan(folder / POSTGRES)
    shutil.rmtree(folder, ignore_errors=True)
