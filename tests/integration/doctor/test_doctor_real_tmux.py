"""A real tmux asked for its settings, from inside one of its panes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from cockpit.doctor.findings import Level
from cockpit.doctor.tmux.judging import judge
from cockpit.doctor.tmux.looking import look

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")


class Server:
    """A tmux of a test's own, with nobody's settings."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "s"
        self.environ = {**os.environ, "LC_ALL": "C.UTF-8"}
        self.environ.pop("TMUX", None)
        self("-f", "/dev/null", "new-session", "-d", "-x", "90", "-y", "30", "sleep 600")
        pane = self("display-message", "-p", "#{pane_id}")
        self.inside = {**self.environ, "TMUX": f"{self.socket},1,0", "TMUX_PANE": pane}

    def __call__(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self.socket), *arguments]
        return subprocess.run(
            command, env=self.environ, check=True, capture_output=True, text=True, timeout=20
        ).stdout.strip()


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="ck-") as folder:
        it = Server(Path(folder))
        yield it
        it("kill-server")


def levels(server: Server) -> dict[str, Level]:
    seen = look(server.inside)
    assert seen is not None
    return {each.id: each.level for each in judge(seen)}


def test_the_lines_that_are_told_mend_a_real_tmux(server: Server):
    server("set", "-s", "escape-time", "500")
    server("set", "-s", "set-clipboard", "external")
    server("set", "-g", "destroy-unattached", "off")
    server("set", "-g", "bell-action", "none")
    server("set", "-w", "synchronize-panes", "on")
    seen = look(server.inside)
    assert seen is not None
    found = {each.id: each for each in judge(seen)}
    assert found["tmux.synchronize_panes"].level is Level.ERROR
    assert seen.window == (90, 30)
    wrong = [each for each in found.values() if each.level is not Level.OK]
    assert {"tmux.escape_time", "tmux.set_clipboard", "tmux.bell_action", "tmux.set_titles"} <= {
        each.id for each in wrong
    }
    for each in wrong:
        if each.cure[0].startswith("tmux "):
            line = each.cure[0]
            subprocess.run(["sh", "-c", line], env=server.inside, check=True, timeout=60, capture_output=True)
    # nobody is attached, so what the terminal can is not known; all else is mended
    assert {id_ for id_, level in levels(server).items() if level is not Level.OK} <= {
        "tmux.rgb", "tmux.sync", "tmux.set_clipboard",
    }  # fmt: skip


def test_a_terminal_that_is_attached_is_seen_with_what_tmux_takes_it_to_be_able(server: Server):
    server("set", "-as", "terminal-features", ",*:RGB:sync:clipboard")
    attach = ["tmux", "-S", str(server.socket), "attach"]
    with Terminal(attach, env={**server.environ, "TERM": "xterm-256color"}, columns=90, lines=30):
        deadline = subprocess.run(
            ["sh", "-c", f"until tmux -S {server.socket} list-clients | grep -q .; do sleep 0.05; done"],
            env=server.environ, timeout=60, check=True,
        )  # fmt: skip
        assert deadline.returncode == 0
        seen = look(server.inside)
        assert seen is not None
        [client] = seen.clients
        assert (client.columns, client.term) == (90, "xterm-256color")
        assert client.features >= {"RGB", "sync", "clipboard"}


def test_the_command_in_a_pane_says_what_is_wrong_with_it(server: Server, tmp_path: Path):
    server("set", "-w", "synchronize-panes", "on")
    told = subprocess.run(
        [sys.executable, "-P", "-m", "cockpit.cli", "doctor"],
        env={**server.inside, "HOME": str(tmp_path), "COCKPIT_RUNS": str(tmp_path / "runs")},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "✖ error   synchronize-panes: on" in told.stdout
    assert "→ tmux set -w synchronize-panes off" in told.stdout


def test_a_tmux_that_has_gone_is_unknown(tmp_path: Path):
    seen = look({**os.environ, "TMUX": f"{tmp_path}/none,1,0"})
    assert seen is not None
    assert "cannot be asked" in seen.problem
    assert look({}) is None
    assert look({"TMUX": "x,1,0", "PATH": str(tmp_path)}).problem.startswith("there is no `tmux`")  # type: ignore[union-attr]
