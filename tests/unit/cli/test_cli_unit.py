"""`cockpit unit`: printed for anybody, installed by who holds the pen, with a reason, over nothing that is there."""

from __future__ import annotations

from pathlib import Path

from cli_desk import Cockpit, act, one_sentence

from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.tail import Tail
from cockpit.run import events as e
from cockpit.run.commands import AbortRun


def notes(run_dir: Path) -> list[str]:
    tail = Tail(run_dir)
    try:
        return [entry.event.body.text for entry in tail.read() if isinstance(entry.event.body, e.NoteAdded)]
    finally:
        tail.close()


def test_a_unit_is_printed_and_nothing_is_written(cockpit: Cockpit, run_dir: Path, tmp_path: Path) -> None:
    ended = cockpit("unit", run_dir.name, XDG_CONFIG_HOME=str(tmp_path / "config"))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f'-m cockpit.keeper "{run_dir}"' in ended.stdout
    assert not (tmp_path / "config").exists()
    assert notes(run_dir) == []


def test_it_is_installed_with_a_reason_that_the_log_keeps(cockpit: Cockpit, run_dir: Path, tmp_path: Path) -> None:
    config = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    path = tmp_path / "config" / "systemd" / "user" / f"cockpit-{run_dir.name}.service"
    ended = cockpit("unit", run_dir.name, "--install", **config)
    assert (ended.returncode, "needs a reason; give it: --reason TEXT" in one_sentence(ended)) == (4, True)
    assert not path.exists()
    ended = cockpit("unit", run_dir.name, "--install", "--reason", "the 24 h checkpoint", **config)
    assert ended.returncode == 0
    assert path.read_text() == cockpit("unit", run_dir.name, **config).stdout
    assert f"systemctl --user daemon-reload && systemctl --user enable --now {path.name}" in ended.stderr
    assert "loginctl enable-linger" in ended.stderr
    assert notes(run_dir) == [f"installs {path.name}, which starts keepers of this run: the 24 h checkpoint"]
    again = cockpit("unit", run_dir.name, "--install", "--reason", "again", **config)
    assert (again.returncode, "is there already, as it should be" in again.stderr) == (0, True)
    path.write_text("theirs\n")
    other = cockpit("unit", run_dir.name, "--install", "--reason", "again", **config)
    assert (other.returncode, "is another; look at it" in one_sentence(other)) == (4, True)
    assert (path.read_text(), len(notes(run_dir))) == ("theirs\n", 1)


def test_only_who_holds_the_pen_installs_it(cockpit: Cockpit, run_dir: Path, tmp_path: Path) -> None:
    store = FileStore.open(run_dir)
    store.append(None, draft(e.PenTaken(epoch=2, reason="my turn"), e.Actor("somebody", "elsewhere")))
    store.close()
    ended = cockpit("unit", run_dir.name, "--install", "--reason", "r", XDG_CONFIG_HOME=str(tmp_path))
    assert (ended.returncode, "somebody@elsewhere holds the pen" in one_sentence(ended)) == (4, True)
    assert not (tmp_path / "systemd").exists()


def test_a_run_that_is_over_gets_none(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, AbortRun, reason="no more")
    ended = cockpit("unit", run_dir.name)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "was aborted: no keeper is needed any more" in one_sentence(ended)
