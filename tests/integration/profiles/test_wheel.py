"""The wheel, really built and installed into an environment of its own: what ships, ships whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.demo.standing import kinds
from cockpit.profile.shipped import names

TOP = Path(__file__).parents[3]


def uv() -> str:
    """`uv run` says where it is."""
    found = os.environ.get("UV") or shutil.which("uv")
    if found is None:
        pytest.skip("uv is not here to build a wheel")
    return found


def done(*command: str, cwd: Path) -> str:
    """What a command prints; it must succeed."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=110, cwd=cwd, env=env, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_profiles_and_stand_ins_come_with_the_wheel(tmp_path: Path):
    done(uv(), "build", "-q", "--wheel", "--out-dir", str(tmp_path), str(TOP), cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    done(uv(), "venv", "-q", "--python", sys.executable, "env", cwd=tmp_path)
    done(uv(), "pip", "install", "-q", "--python", "env/bin/python", f"{wheel}", cwd=tmp_path)
    cockpit = str(tmp_path / "env" / "bin" / "cockpit")
    assert [line.split()[0] for line in done(cockpit, "new", "--list", cwd=tmp_path).splitlines()] == names()
    assert [line.split()[0] for line in done(cockpit, "demo", "--list", cwd=tmp_path).splitlines()[1:]] == [*kinds()]
    for name in names():
        done(cockpit, "new", name, "--from", name, cwd=tmp_path)
        files = [str(path) for path in (tmp_path / name).glob("*.toml")]
        told = done(cockpit, "check", *files, cwd=tmp_path)
        assert [line for line in told.splitlines() if "digest" not in line] == [], "no problem of any file"
    done(cockpit, "report", str(TOP / "tests" / "logs" / "v1" / "night.jsonl"), "-o", "night.html", cwd=tmp_path)
    assert (tmp_path / "night.html").read_text().count("<svg ") > 3, "its templates and its charts"
    (package,) = tmp_path.glob("env/lib/python*/site-packages/cockpit")
    source = TOP / "cockpit"
    programs = [path.relative_to(source) for path in source.glob("demo/*/bin/*") if os.access(path, os.X_OK)]
    lost = [str(path) for path in programs if path.is_file() and not os.access(package / path, os.X_OK)]
    assert lost == [], "programs that stand in can be started"
