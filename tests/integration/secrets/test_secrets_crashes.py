"""Whatever crashes with a secret in its hands (a command, a screen, a keeper, a plug-in) tells none of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from seated import keeper_pid, until
from secret_scene import Scene
from terminal import Terminal

from cockpit.audit.layout import keeper_beat, keeper_lock
from cockpit.audit.locks import holder_alive
from cockpit.profile.load import load
from cockpit.session.creating import create_run
from cockpit.session.spawn import start_keeper

pytestmark = pytest.mark.xdist_group("secrets")
many = pytest.mark.many
HERE = Path(__file__).parent
PROFILE = """
id = "crash"
environment = "staging"

[variables.password]
env = "CANARY_PASSWORD"
secret = true

[[probes]]
id = "faulty"
kind = "faulty"
interval = 600
how = "{how}"
secret = "${{password}}"

[[phases]]
id = "one"
title = "One"
steps = [{{ id = "first", title = "First" }}]
"""


@pytest.fixture
def scene(postgres_dsn: str) -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="cockpit-secrets-") as folder:
        scene = Scene(Path(folder), postgres_dsn)
        yield scene
        scene.close()


def profile(scene: Scene, how: str = "prints") -> Path:
    path = scene.folder / "work" / f"{how}.toml"
    path.write_text(PROFILE.format(how=how))
    return path


def found(scene: Scene, said: bytes = b"") -> str:
    hits = [*scene.hunt.in_folder(scene.folder), *scene.hunt.in_bytes(said, "what was printed")]
    return "\n".join(map(str, hits))


def crashing(where: str, *arguments: str) -> list[str]:
    return [sys.executable, "-P", str(HERE / "crashing_screen.py"), where, *arguments]


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_command_that_crashes_tells_no_secret(scene: Scene, debug: str) -> None:
    done = subprocess.run(
        crashing("reading", "probe", str(profile(scene))),
        env=scene.environ(COCKPIT_DEBUG=debug),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    assert done.returncode != 0
    assert b"ValueError" in done.stdout, "it did not crash as it was to"
    assert b"\xe2\x80\xb9secret" in done.stdout, "what is masked is named"
    if not debug:
        assert list(scene.folder.glob("errors/*.txt")), "the details are kept"
    assert found(scene, done.stdout) == ""


@pytest.mark.parametrize(
    ("where", "debug"),
    [
        ("key", "1"),
        pytest.param("key", "", marks=many),
        *(pytest.param(where, debug, marks=many) for where in ("painting", "worker", "thread") for debug in ("", "1")),
    ],
)
def test_a_screen_that_crashes_tells_no_secret(scene: Scene, where: str, debug: str) -> None:
    run_dir = create_run(load(profile(scene), scene.kinds), {}, folder=scene.folder / "runs", kinds=scene.kinds)
    argv = crashing(where, "join", str(run_dir))
    with Terminal(argv, env=scene.environ(COCKPIT_DEBUG=debug), columns=120, lines=40) as terminal:
        if where != "painting":
            terminal.wait_for("First")
            terminal.send("t")
        if where == "thread":
            terminal.look()
            terminal.send("q")
        status = terminal.wait_for_exit()
        assert found(scene, terminal.raw) == ""
        assert status != 0 or where == "thread"
        assert terminal.modes_left_on() == []


@pytest.mark.parametrize("how", ["exits", pytest.param("dies", marks=many), pytest.param("raises", marks=many)])
def test_a_keeper_that_a_plug_in_takes_down_leaves_no_secret_behind(
    scene: Scene, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = scene.kinds
    loaded = load(profile(scene, how), kinds)
    run_dir = create_run(loaded, {}, folder=scene.folder / "runs", kinds=replace(kinds))
    for name, value in scene.environ().items():
        monkeypatch.setenv(name, value)
    start_keeper(run_dir)
    until(lambda: keeper_beat(run_dir).exists(), "a keeper that beats")
    if how != "dies":
        os.kill(keeper_pid(run_dir), signal.SIGTERM)
    until(lambda: not holder_alive(keeper_lock(run_dir)), "its end")
    assert found(scene) == ""
    assert not list(scene.folder.rglob("core*")), "a core dump was left"
