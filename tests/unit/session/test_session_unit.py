"""The systemd unit of a run's keeper: its text, and that it overwrites nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from attacks import ACTING, ATTACKS, attack
from msgspec.structs import replace

from cockpit.errors import KeeperError
from cockpit.profile.model import Probe, Variable
from cockpit.run.evolve import fold
from cockpit.run.state import RunState
from cockpit.session.unit import install, started_by, unit_name, unit_text, units_folder

LOGS = Path(__file__).parents[2] / "logs" / "v1"
HOSTILE = 'A "title"\nExecStartPre=/bin/rm -rf / %n $HOME \\'


@pytest.fixture
def state() -> RunState:
    from cockpit.audit.line import decode

    lines = (LOGS / "night.jsonl").read_bytes().split(b"\n")[:3]
    state = fold(decode(line) for line in lines)
    assert state.started is not None
    profile = replace(
        state.profile,
        title=HOSTILE,
        variables=(
            Variable(name="token", env="SHOP_TOKEN", secret=True),
            Variable(name="host", env="SHOP_HOST"),
            Variable(name="pin", prompt="The pin", secret=True),
        ),
        probes=(Probe(id="key", kind="env", settings={"name": "SHOP_KEY"}),),
    )
    return replace(state, started=replace(state.started, profile=profile))


def test_a_unit_names_what_has_to_be_there_and_holds_no_value_but_the_path(state: RunState, tmp_path: Path) -> None:
    environ = {"SHOP_TOKEN": "hunter2", "SHOP_KEY": "hunter3", "PATH": "/opt/100%/bin:/bin", "HOME": "/h"}
    text = unit_text(tmp_path / "a run" / state.run, state, "ana", environ, 0o022)
    assert "hunter" not in text
    for wanted in (
        "#   SHOP_TOKEN\n#   SHOP_KEY\n", "# Typed at a screen, again for each keeper (cockpit resume): pin",
        'Environment="PATH=/opt/100%%/bin:/bin"', f'Environment="COCKPIT_UNIT={unit_name(state.run)}"',
        f'-P -m cockpit.keeper "{tmp_path}/a run/{state.run}"\n', "Restart=on-failure\n", "KillMode=process\n",
        "UMask=0022\n", "loginctl enable-linger ana",
    ):  # fmt: skip
        assert wanted in text, wanted
    assert "SHOP_HOST" not in text, "its value is in the log"
    assert [line.partition("=")[0] for line in text.split("\n") if line.startswith("Exec")] == ["ExecStart"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
def test_the_unit_of_a_run_that_a_group_shares_names_the_group(state: RunState, tmp_path: Path) -> None:
    text = unit_text(tmp_path / state.run, state, "ana", {"COCKPIT_GROUP": "ops"}, 0o022)
    assert 'Environment="COCKPIT_GROUP=ops"' in text
    assert "COCKPIT_GROUP" not in unit_text(tmp_path / state.run, state, "ana", {}, 0o022)


def test_systemd_finds_nothing_wrong_with_it(state: RunState, tmp_path: Path) -> None:
    path = tmp_path / unit_name(state.run)
    path.write_text(unit_text(tmp_path / 'a "run" of 100% $HOME', state, "ana", os.environ, 0o077))
    command = ["systemd-analyze", "verify", "--user", str(path)]
    with TemporaryDirectory(dir="/tmp") as runtime:  # other units' sockets lie in it, and their paths have to be short
        env = {**os.environ, "XDG_RUNTIME_DIR": runtime}
        ended = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)
    if "Failed to initialize manager" in ended.stderr:
        pytest.skip(f"systemd-analyze cannot work here: {ended.stderr.strip()}")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cockpit-x.service"
    assert install(path, "mine\n") is True
    assert install(path, "mine\n") is False
    path.write_text("theirs\n")
    with pytest.raises(KeeperError, match="is there already, and is another"):
        install(path, "mine\n")
    assert path.read_text() == "theirs\n"
    link = tmp_path / "cockpit-y.service"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeeperError):
        install(link, "mine\n")
    assert not (tmp_path / "elsewhere").exists()


def test_a_keeper_knows_its_unit_by_a_name_that_can_be_one() -> None:
    assert started_by({"COCKPIT_UNIT": "cockpit-01M7.service"}) == "cockpit-01M7.service"
    for name in ("", "sshd.service", "cockpit-../x.service", "cockpit-a b.service"):
        assert started_by({"COCKPIT_UNIT": name}) == ""


def test_units_are_where_the_user_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    assert units_folder({"XDG_CONFIG_HOME": "/etc/ana"}) == Path("/etc/ana/systemd/user")
    assert units_folder({"XDG_CONFIG_HOME": "relative"}) == Path("/home/ana/.config/systemd/user")


def test_nothing_in_a_unit_acts_or_ends_its_line_and_systemd_reads_the_same_value(state: RunState) -> None:
    every = "".join(attack(name) for name in ATTACKS if name not in ("null", "c0_all"))
    environ = {"PATH": f"/bin:{every}".encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")}
    text = unit_text(Path(f"/runs/{every}".replace("\ud83d", "")), state, "ana", environ, 0o022)
    assert not ACTING.search(text)
    line = next(line for line in text.split("\n") if line.startswith('Environment="PATH='))
    read = line.removeprefix('Environment="PATH=').removesuffix('"').replace("%%", "%").encode()
    read = re.sub(rb"\\x([0-9a-f]{2})|\\(.)", lambda m: bytes([int(m[1], 16)]) if m[1] else m[2], read)
    assert read == environ["PATH"].encode("utf-8", "surrogateescape")
    assert "[Install]" in text.split("\n")
