"""`cockpit verify` over several logs, heads and checkpoints, and `cockpit checkpoint`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_logs import LINES, NIGHT
from cli_desk import act, one_sentence
from msgspec import Struct

from cockpit.audit.line import digest
from cockpit.cli import main
from cockpit.run.commands import AbortRun, ConfirmStep

LOGS = NIGHT.parent
HEAD = "9d4a·f72d"
CODE = "9d4af72d1a44059a428ea2fa2972a2f1af5dbc226e244bddb2cea1ef04299f34"
Cockpit = Callable[..., "Ended"]
needs_keys = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here")


class Ended(Struct, frozen=True):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def cockpit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cockpit:
    """The command in this process: there are many calls, and each starts in 0.2 s."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COCKPIT_RUNS", str(tmp_path / "runs"))

    def call(*arguments: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return Ended(int(ended.value.code or 0), *capsys.readouterr())

    return call


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """The night without its last eight lines."""
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b"".join(LINES[:40]))
    return path


@pytest.mark.parametrize("head", [HEAD, CODE, CODE[:8].upper(), CODE[:32], f"48:{CODE[:8]}", f"48:{HEAD}"])
def test_a_head_as_it_stood_on_a_screen_anchors(cockpit: Cockpit, head: str) -> None:
    ended = cockpit("verify", str(NIGHT), "--head", head)
    assert ended.returncode == 0
    assert f"anchored to seq 48 ({HEAD}), 0 records after it" in ended.stdout


@pytest.mark.parametrize("head", [HEAD, f"48:{CODE}"])
def test_a_cut_tail_shows_against_a_head(cockpit: Cockpit, cut: Path, head: str) -> None:
    assert cockpit("verify", str(cut)).returncode == 0
    ended = cockpit("verify", str(cut), "--head", head)
    assert ended.returncode == 1
    assert "PROBLEM at anchor: " in ended.stdout
    assert "tail was cut off" in ended.stdout
    assert "chain unbroken from line 1 to line 40" in ended.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--head", "7f3a"], ["--head", "nonsense"], ["--head", "0:7f3a91c2"], ["--head", "x" * 500],
        ["--head", "\x1b[31m"], ["--anchor", CODE], ["--signature", "x"],
        [str(NIGHT), "--head", HEAD], ["--checkpoint", "a", "--checkpoint", "b", "--signature", "x"],
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_a_usage_error(cockpit: Cockpit, arguments: list[str]) -> None:
    ended = cockpit("verify", str(NIGHT), *arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "\x1b" not in one_sentence(ended)


def test_a_list_of_signers_that_is_not_there_is_a_sentence(cockpit: Cockpit) -> None:
    ended = cockpit("verify", str(NIGHT), "--signers", "x")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "x cannot be opened" in one_sentence(ended)


def test_several_logs_are_told_apart_and_the_worst_counts(cockpit: Cockpit, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"".join([*LINES[:9], *LINES[12:]]))
    good = LOGS / "stopped.jsonl"
    for logs, status in (([good], 0), ([good, bad], 1), ([bad, "./none", good], 3), ([good, bad, NIGHT], 1)):
        ended = cockpit("verify", *map(str, logs))
        assert ended.returncode == status
        for log in logs:
            assert str(log) in ended.stdout + ended.stderr
        assert ended.stdout.count("\n\n") == len([log for log in logs if log != "./none"]) - 1
    told = [json.loads(line) for line in
            cockpit("verify", "--format", "json", str(bad), "./none", str(good)).stdout.splitlines()]  # fmt: skip
    assert [(each["path"], each["ok"], each["status"]) for each in told] == [
        (str(bad), False, 1), ("./none", False, 3), (str(good), True, 0),
    ]  # fmt: skip
    assert (told[0]["problem_line"], told[0]["problems"][0]["kind"]) == (10, "chain")
    assert "events 10 to 12 are missing" in told[0]["problem"]


def test_a_runs_folder_its_id_and_its_file_are_the_same_log(cockpit: Cockpit, run_dir: Path) -> None:
    act(run_dir, ConfirmStep, step="first")
    for name in (str(run_dir), run_dir.name[:20], str(run_dir / "audit.jsonl")):
        ended = cockpit("verify", name)
        assert ended.returncode == 0
        assert "the run is live, or its end is not here" in ended.stdout
    act(run_dir, AbortRun, reason="enough")
    assert "the run aborted at seq " in cockpit("verify", str(run_dir)).stdout


def test_json_says_all_that_the_format_documents(cockpit: Cockpit) -> None:
    page = (Path(__file__).parents[3] / "docs" / "log-format.md").read_text()
    rows = page.partition("## What verify tells")[2].partition("\n## ")[0]
    documented = {
        name.strip(" `") for row in rows.splitlines() if row.startswith("| `") for name in row.split("|")[1].split(",")
    }
    told = json.loads(cockpit("verify", "--format", "json", "--strict", "--head", HEAD, str(NIGHT)).stdout)
    assert set(told) == documented
    assert (told["ok"], told["status"], told["is_strict"], told["seq"], told["digest"]) == (True, 0, True, 48, CODE)
    assert told["ending"] == {"seq": 47, "how": "finished", "at": "2026-11-21T21:40:11Z"}
    assert told["anchored"] == [{"seq": 48, "digest": CODE[:8]}]


def test_strict_finds_a_key_that_is_given_twice(cockpit: Cockpit, tmp_path: Path) -> None:
    lines = [*LINES[:-1], LINES[-1].replace(b'"data":{', b'"data":{"reason":"x",')]
    (tmp_path / "log").write_bytes(b"".join(lines))
    assert cockpit("verify", "log").returncode == 0
    ended = cockpit("verify", "--strict", "log")
    assert ended.returncode == 1
    assert "PROBLEM at line 48: line 48 gives the key `reason` twice in one object" in ended.stdout


# ---- checkpoints -------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_printed_and_holds(cockpit: Cockpit, cut: Path, tmp_path: Path) -> None:
    ended = cockpit("checkpoint", str(cut))
    assert (ended.returncode, ended.stderr) == (0, "")
    seq, code = 37, digest(LINES[36][:-1])
    assert ended.stdout == f"cockpit/01M7NGHT000000000000000000\n{seq}\n{code}\n"
    (tmp_path / "noted").write_text(ended.stdout)
    ended = cockpit("verify", str(NIGHT), "--checkpoint", "noted")
    assert ended.returncode == 0
    assert f"anchored to seq 37 ({code[:4]}·{code[4:8]}), 11 records after it" in ended.stdout
    assert "no signatures" in ended.stdout


def test_a_checkpoint_shows_a_cut_tail(cockpit: Cockpit, cut: Path, tmp_path: Path) -> None:
    (tmp_path / "noted").write_text(cockpit("checkpoint", str(NIGHT)).stdout)
    ended = cockpit("verify", str(cut), "--checkpoint", "noted")
    assert ended.returncode == 1
    assert "PROBLEM at checkpoint: the log ends at 40, but the checkpoint noted was noted at 48" in ended.stdout


def test_of_several_logs_each_is_held_against_its_own_checkpoint(cockpit: Cockpit, tmp_path: Path) -> None:
    for name in ("night", "stopped", "aborted"):
        (tmp_path / name).write_text(cockpit("checkpoint", str(LOGS / f"{name}.jsonl")).stdout)
    logs = [str(NIGHT), str(LOGS / "stopped.jsonl")]
    ended = cockpit("verify", *logs, "--checkpoint", "night", "--checkpoint", "stopped")
    assert ended.returncode == 0
    assert ended.stdout.count("0 records after it") == 2
    ended = cockpit("verify", *logs, "--checkpoint", "night", "--checkpoint", "aborted")
    assert ended.returncode == 1
    assert "aborted is of the run 01JD7ZZZZZZZZZZZZZZZZZZZZZ, which none of these logs is of" in one_sentence(ended)


def test_no_checkpoint_is_made_of_a_log_that_does_not_verify(cockpit: Cockpit, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"".join([*LINES[:9], *LINES[12:]]))
    ended = cockpit("checkpoint", "bad")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no checkpoint of bad was made: line 10" in one_sentence(ended)


@pytest.mark.parametrize("text", [b"", b"cockpit/R1\n", b"\x1b[31m\xff\n\n\n"])
def test_what_is_no_checkpoint_is_a_sentence(cockpit: Cockpit, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "noted").write_bytes(text)
    ended = cockpit("verify", str(NIGHT), "--checkpoint", "noted")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "noted is no checkpoint" in one_sentence(ended)


@needs_keys
def test_signatures_under_checkpoints_are_told_with_whose_they_are(cockpit: Cockpit, cut: Path, tmp_path: Path) -> None:
    def keygen(*arguments: str) -> None:
        subprocess.run(["ssh-keygen", *arguments], cwd=tmp_path, check=True, capture_output=True)

    for name in ("ana", "bo"):
        keygen("-q", "-t", "ed25519", "-N", "", "-f", name)
        kind, key = (tmp_path / f"{name}.pub").read_text().split()[:2]
        (tmp_path / f"{name}.signers").write_text(f"{name}@example.org {kind} {key}\n")
    (tmp_path / "noted").write_text(cockpit("checkpoint", str(cut)).stdout)

    def verified(*options: str) -> Ended:
        return cockpit("verify", str(NIGHT), "--checkpoint", "noted", *options)

    assert "there is none: noted.sig is not beside it" in verified("--signers", "ana.signers").stdout
    assert verified("--signers", "ana.signers").returncode == 1
    keygen("-Y", "sign", "-n", "cockpit-checkpoint@v1", "-f", "ana", "noted")
    ended = verified()
    assert (ended.returncode, "a signature lies beside noted, not checked" in ended.stdout) == (0, True)
    ended = verified("--signers", "ana.signers")
    assert ended.returncode == 0
    assert "signed by ana@example.org with ED25519 SHA256:" in ended.stdout
    assert "and everything before it" in ended.stdout
    (tmp_path / "shorter").write_bytes(b"".join(LINES[:20]))
    shorter = cockpit("verify", "shorter", "--checkpoint", "noted", "--signers", "ana.signers")
    assert shorter.returncode == 1
    assert "its tail was cut off" in shorter.stdout
    assert "ana@example.org put a good signature under seq 37" in shorter.stdout
    assert "WHICH THIS CHAIN DOES NOT HOLD" in shorter.stdout
    assert "signed by" not in shorter.stdout
    assert "not anchored: no head that was noted elsewhere is in this log" in shorter.stdout
    ended = verified("--signers", "bo.signers")
    assert ended.returncode == 1
    assert "PROBLEM at signature: the signature under noted: the key SHA256:" in ended.stdout
    assert "no signatures" in ended.stdout
    (tmp_path / "noted.sig").rename(tmp_path / "elsewhere")
    assert verified("--signers", "ana.signers", "--signature", "elsewhere").returncode == 0
    told = json.loads(verified("--signers", "ana.signers", "--signature", "elsewhere", "--format", "json").stdout)
    assert told["checkpoints"][0]["signature"]["by"] == "ana@example.org"
    # What was signed is not of this log any more: the signature is good, and signs another chain.
    (tmp_path / "other").write_bytes(b"".join(LINES[:30]))
    ended = cockpit("verify", "other", "--checkpoint", "noted", "--signers", "ana.signers", "--signature", "elsewhere")
    assert ended.returncode == 1
    assert "signed by" not in ended.stdout
