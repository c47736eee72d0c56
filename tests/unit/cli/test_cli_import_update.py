"""`cockpit import --update` and `cockpit enable` by the real command: what is written, said and refused."""

from __future__ import annotations

import io
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_desk import Cockpit

from cockpit.cli import main
from cockpit.exits import Exit

COCKPIT = (sys.executable, "-m", "cockpit.cli")
RUNBOOK = """\
# Shop

## Deployment

- [ ] Tell the team

```bash
systemctl stop shop
```
"""
CHANGED = RUNBOOK.replace("Tell the team", "Tell the whole team")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "R.md").write_text(RUNBOOK)
    subprocess.run([*COCKPIT, "import", "R.md", "-o", "shop.toml"], cwd=folder, check=True, timeout=60)
    return folder


@pytest.fixture
def profile(made: Path, tmp_path: Path) -> Path:
    for file in made.iterdir():
        shutil.copy2(file, tmp_path)
    return tmp_path / "shop.toml"


def called(*arguments: str) -> int:
    """The exit status of a command in this process, which takes a tenth of the time."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def test_an_import_into_a_file_keeps_what_it_was_made_of_beside_it(profile: Path):
    kept = profile.with_name("shop.import.json")
    assert "- [ ] Tell the team" in kept.read_text()
    assert kept.stat().st_mode == profile.stat().st_mode


def test_a_changed_runbook_is_shown_and_merged_and_a_second_time_nothing_is_left_to_do(cockpit: Cockpit, profile: Path):
    profile.write_text(profile.read_text().replace('kind = "', '# mine\nkind = "', 1) + "# the end\n")
    profile.with_name("R.md").write_text(CHANGED)
    before = profile.read_text()
    shown = cockpit("import", "--update", "shop.toml", "--dry-run")
    assert (shown.returncode, profile.read_text()) == (Exit.OK, before)
    ended = cockpit("import", "--update", "shop.toml")
    assert (ended.returncode, ended.stdout) == (Exit.OK, shown.stdout)
    assert "-- [ ] Tell the team\n+- [ ] Tell the whole team\n" in ended.stdout
    assert "~ step tell_the_team: title\n" in ended.stdout
    assert profile.read_text() == before.replace("Tell the team", "Tell the whole team")
    assert "left as it is: 0 taken over" in cockpit("import", "--update", "shop.toml").stderr


def test_a_conflict_is_shown_and_is_the_exit_status(cockpit: Cockpit, profile: Path):
    profile.write_text(profile.read_text().replace("Tell the team", "Tell Ana"))
    profile.with_name("R.md").write_text(CHANGED)
    ended = cockpit("import", "--update", "shop.toml")
    assert ended.returncode == Exit.PROBLEMS
    assert "! step tell_the_team: title: yours stays" in ended.stdout
    assert '# runbook now: title = "Tell the whole team"\ntitle = "Tell Ana"\n' in profile.read_text()


def test_a_profile_keeps_its_mode_its_line_ends_and_the_link_that_leads_to_it(cockpit: Cockpit, profile: Path):
    profile.write_bytes(("\ufeff" + profile.read_text().replace("\n", "\r\n")).encode())
    profile.chmod(0o640)
    folder = profile.parent / "links"
    folder.mkdir()
    (folder / "prod.toml").symlink_to(profile)
    profile.with_name("R.md").write_text(CHANGED)
    assert cockpit("import", "--update", "links/prod.toml").returncode == Exit.OK
    written = profile.read_bytes()
    assert b"\xef\xbb\xbf# Imported" in written
    assert b'title = "Tell the whole team"\r\n' in written
    assert written.count(b"\n") == written.count(b"\r\n")
    assert (folder / "prod.toml").is_symlink()
    assert profile.stat().st_mode & 0o777 == 0o640
    assert not [each for each in os.listdir(profile.parent) if each.endswith(".part")]


@pytest.mark.parametrize("content", ["{}", '{"format": 99, "cockpit": "9.9"}', "\0", None])
def test_without_what_was_kept_the_update_says_so_and_takes_all_for_edits(
    profile: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str | None
):
    monkeypatch.chdir(profile.parent)
    kept = profile.with_name("shop.import.json")
    kept.unlink() if content is None else kept.write_text(content)
    assert called("import", "--update", "shop.toml") == Exit.USAGE
    assert "name the runbook" in capsys.readouterr().err
    profile.with_name("R.md").write_text(CHANGED + "- [ ] Tell Ana\n")
    assert called("import", "--update", "shop.toml", "R.md") == Exit.PROBLEMS
    assert "what was imported is not known" in capsys.readouterr().err
    assert 'title = "Tell the team"' in profile.read_text()
    assert 'title = "Tell Ana"' in profile.read_text()
    assert called("import", "--update", "shop.toml") == Exit.OK


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("import", "--update", "none.toml", "R.md"), Exit.PROBLEMS, "there is no none.toml"),
        (("import", "--update", "."), Exit.PROBLEMS, "is no file"),
        (("import", "--update", "bad.toml", "R.md"), Exit.REFUSED, "does not pass `cockpit check`"),
        (("import", "--update", "shop.toml", "none.md"), Exit.REFUSED, "none.md cannot be read"),
        (("import", "--update", "shop.toml", "empty.md"), Exit.PROBLEMS, "nothing in it asks for anything"),
        (("import", "--update", "shop.toml", "--id", "x"), Exit.USAGE, "--update takes runbooks"),
        (("import", "R.md", "--dry-run"), Exit.USAGE, "--dry-run goes with --update"),
        (("import", "R.md", "-o", "shop.toml"), Exit.REFUSED, "merge the runbook into it with --update"),
        (("enable", "none.toml", "x"), Exit.PROBLEMS, "there is no none.toml"),
        (("enable", "shop.toml"), Exit.USAGE, "name the steps"),
        (("enable", "shop.toml", "nope", "--yes"), Exit.PROBLEMS, "there is no step `nope`"),
        (("enable", "shop.toml", "systemctl_stop_shop"), Exit.REFUSED, "--yes"),
        (("enable", "bad.toml", "x", "--yes"), Exit.REFUSED, "does not pass `cockpit check`"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    profile: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: Exit,
    said: str,
):
    monkeypatch.chdir(profile.parent)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (profile.parent / "bad.toml").write_text('id = "x"\nnonsense = 1\n')
    (profile.parent / "empty.md").write_text("# Nothing\n")
    before = {each.name: each.read_bytes() for each in profile.parent.iterdir() if each.is_file()}
    assert called(*arguments) == status
    stderr = capsys.readouterr().err
    assert said in stderr
    assert "Traceback" not in stderr
    assert {each.name: each.read_bytes() for each in profile.parent.iterdir() if each.is_file()} == before


def test_a_step_that_is_turned_on_is_shown_first_and_stays_on_over_an_update(cockpit: Cockpit, profile: Path):
    listed = cockpit("enable", "shop.toml", "--list")
    step = listed.stdout.split()[0]
    assert "systemctl stop shop" in listed.stdout
    ended = cockpit("enable", "shop.toml", step, "--yes")
    assert ended.returncode == Exit.OK
    assert "command, run by bash -euo pipefail as whoever starts the keeper:\n    systemctl stop shop\n" in ended.stderr
    assert 'kind = "command"\nscript = "systemctl stop shop"\n' in profile.read_text()
    assert cockpit("enable", "shop.toml", "--list").stdout == ""
    profile.with_name("R.md").write_text(RUNBOOK.replace("stop shop", "stop shop --now"))
    assert cockpit("import", "--update", "shop.toml").returncode == Exit.PROBLEMS
    assert 'script = "systemctl stop shop"\n' in profile.read_text()
    assert '# runbook now: command = "systemctl stop shop --now"\n' in profile.read_text()
    assert cockpit("check", "shop.toml").returncode == Exit.OK


@pytest.mark.parametrize(("answer", "turned_on"), [("y", True), ("n", False), ("", False)])
def test_on_a_terminal_each_step_is_asked_for_and_no_is_the_default(profile: Path, answer: str, turned_on: bool):
    before = profile.read_text()
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        ended = subprocess.run(
            [*COCKPIT, "enable", "shop.toml", "systemctl_stop_shop"], cwd=profile.parent,
            stdin=theirs, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert (ended.returncode, "turn on systemctl_stop_shop? [y/N]" in ended.stderr) == (Exit.OK, True)
    assert (profile.read_text() != before) is turned_on
