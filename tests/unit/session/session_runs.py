"""Runs made for the session's tests: a profile in a file, a run in a folder, and a keeper's lock and beat."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from looks import PATIENCE_S

from cockpit.audit import clock, layout
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.locks import HeldLock
from cockpit.profile.kinds import Kinds
from cockpit.profile.model import Phase, Probe, Profile, Step
from cockpit.run import events as e
from cockpit.session.creating import create_run

PROFILE = Profile(
    id="virtue",
    environment="staging",
    title="organizational model",
    probes=(Probe(id="api", kind="http"),),
    phases=(
        Phase(
            id="database",
            title="Database",
            steps=(
                Step(id="first", title="First"),
                Step(id="second", title="Second", gate=("api.passing",)),
                *(Step(id=f"more_{n}", title=f"More {n}") for n in range(30)),
            ),
        ),
    ),
)
NO_KINDS = Kinds(probes={}, steps={})


class Source(msgspec.Struct, frozen=True):
    name: str
    digest: str
    toml: str


class LoadedProfile(msgspec.Struct, frozen=True):
    """As `cockpit.profile.load.Loaded`, without loading."""

    profile: Profile
    sources: tuple[Source, ...]
    digest: str


def loaded(tmp_path: Path, profile: Profile = PROFILE) -> LoadedProfile:
    toml = 'id = "virtue"\n'
    digest = hashlib.sha256(toml.encode()).hexdigest()
    return LoadedProfile(profile, (Source(str(tmp_path / "virtue.toml"), digest, toml),), digest)


def new_run(tmp_path: Path, profile: Profile = PROFILE, **more: object) -> Path:
    return create_run(loaded(tmp_path, profile), {}, folder=tmp_path / "runs", kinds=NO_KINDS, **more)  # type: ignore[arg-type]


class Keeping:
    """Holds the keeper's lock and writes its beat, as a keeper would."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        lock = HeldLock.take(layout.keeper_lock(run_dir))
        assert lock is not None
        self.lock = lock
        self.beat()

    def beat(self, *, seconds_ago: float = 0.0) -> None:
        layout.keeper_beat(self.run_dir).write_text(f"1 4711 {time.monotonic() - seconds_ago}")

    def judges(self, gate: str, opened_seq: int, verdict: str) -> None:
        append(self.run_dir, e.GateChanged(gate=gate, opened_seq=opened_seq, verdict=verdict))  # type: ignore[arg-type]


def append(run_dir: Path, *bodies: e.Body, actor: e.Actor | None = None) -> None:
    """Append as another process would."""
    store = FileStore.open(run_dir)
    store.append(None, *(draft(body, actor or e.Actor("bo", "bastion-1"), clock.now()) for body in bodies))
    store.close()


def eventually(condition: Callable[[], object], *, within_s: float = PATIENCE_S) -> None:
    """Wait for a condition, not for a time."""
    give_up = time.monotonic() + within_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < give_up, "it did not come to be"
        pause.wait(0.01)
