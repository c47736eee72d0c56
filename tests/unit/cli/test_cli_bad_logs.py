"""Whatever is given for a log gets a clear answer, and everything that can be shown of it is shown."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from bad_logs import BAD_LOGS, EVENTS, LINES, NIGHT, BadLog

from cockpit.audit.line import DOMAIN, digest
from cockpit.cli import main

TOLD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  +(\d+)  ", re.MULTILINE)


class Answer:
    """What a command printed and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        self.status = ended.value.code
        self.out, self.err = capsys.readouterr()
        self.all = self.out + self.err
        assert "Traceback" not in self.all
        assert "\x1b" not in self.all
        assert "this should not have happened" not in self.all
        assert "cockpit-unpacked-" not in self.all  # it names what the person gave


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_verify_says_what_is_wrong_and_what_holds(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bad.write(tmp_path)
    answer = Answer(capsys, "verify", str(path))
    assert answer.status == bad.status
    assert re.search(bad.says, answer.all)
    assert path.name in answer.all
    if bad.counting:
        assert f"chain unbroken from line 1 to line {bad.counting};" in answer.out
    if bad.line:
        assert f"PROBLEM at line {bad.line}: " in answer.out
    assert (f"the run finished at seq {EVENTS - 1}" in answer.out) is (bad.counting == EVENTS)


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_log_tells_all_that_can_be_told_and_marks_the_damage(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bad.write(tmp_path)
    answer = Answer(capsys, "log", "--all", str(path))
    assert answer.status == (bad.status or bool(bad.says))
    assert re.search(bad.says, answer.all)
    told = answer.out.splitlines()
    assert [TOLD.match(line) is not None for line in told[: bad.counting]] == [True] * bad.counting
    assert len(TOLD.findall(answer.out)) == bad.counting + bad.after
    assert [int(seq) for seq in TOLD.findall(answer.out)[: bad.counting]] == list(range(1, bad.counting + 1))
    if bad.line:
        assert told[bad.counting].startswith("✖ ")
        assert "from here on nothing is proven" in told[bad.counting]
    if bad.says:
        assert answer.err.startswith("cockpit: ")


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_print_prints_what_counts_and_says_first_what_is_wrong(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Answer(capsys, "print", str(bad.write(tmp_path)))
    if bad.counting:
        assert "THE REST OF A RUN" in answer.out
        assert answer.status == bool(bad.says and bad.name != "cut in a line")  # which its writer may still go on with
    else:
        assert answer.status in (1, 3)
        assert answer.err.startswith("cockpit: ")
    if bad.status:
        assert re.search(bad.says, answer.all)


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_tasks_are_those_of_what_counts_and_the_trouble_is_said(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Answer(capsys, "tasks", str(bad.write(tmp_path)))
    if bad.counting:
        assert answer.out.startswith("# organizational model (production): tasks")
        assert answer.status == bool(bad.status)
    else:
        assert (answer.status, answer.out) == (3, "")
    if bad.status:
        assert re.search(bad.says, answer.err)


@pytest.mark.parametrize("bad", BAD_LOGS, ids=str)
def test_a_checkpoint_is_made_of_what_verifies_alone(
    bad: BadLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Answer(capsys, "checkpoint", str(bad.write(tmp_path)))
    assert answer.status == bad.status
    assert bool(answer.out) is (bad.status == 0)
    if bad.status:
        assert re.search(bad.says, answer.err)


def test_of_a_damaged_log_only_what_counts_is_given_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for bad in BAD_LOGS:
        if bad.after:
            path = tmp_path / bad.name.replace(" ", "-")
            path.mkdir()
            answer = Answer(capsys, "log", "--json", str(bad.write(path)))
            assert answer.status == 1
            assert answer.out.count("\n") == bad.counting


def test_what_stands_behind_a_break_is_marked_also_where_something_is_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"".join([*LINES[:9], *LINES[12:30], b"junk\n", b"junk\n", *LINES[30:33], *LINES[35:], LINES[40]]))
    answer = Answer(capsys, "log", "--grep", "finished the run", str(path))
    gap = "line 10 has the sequence number 13, expected 10: events 10 to 12 are missing before it"
    assert answer.status == 1
    assert [line for line in answer.out.splitlines() if not line.startswith("2026")] == [
        f"✖ {gap}: from here on nothing is proven",
        "✖ lines 28 to 29 are no events of this run, and cannot be shown",
        "✖ events 34 to 35 are missing before line 33",
        "✖ line 46 has the sequence number 41 again, after 48",
    ]
    assert len(TOLD.findall(answer.out)) == 1


# ---- what only a real process shows ------------------------------------------------------------------------------


def limited(folder: Path, *arguments: str, memory_mb: int) -> tuple[int, str, float]:
    """Status, output and seconds of a processor of the real command, with no more memory than so much."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * 1024 * 1024,) * 2)

    before_s = used_s()
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "cockpit.cli", *arguments],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        preexec_fn=limit,
        env={**os.environ, "COCKPIT_RUNS": str(folder / "runs"), "TMPDIR": str(folder)},
    )
    return ended.returncode, ended.stdout, used_s() - before_s


def used_s() -> float:
    """Of a processor, by what has ended here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def large_log(path: Path, lines: int) -> None:
    """A real run's lines, and then so many that chain to them: about 400 bytes each."""
    prev = digest(LINES[-1][:-1])
    run = '{"v":1,"run":"01M7NGHT000000000000000000","seq":'
    rest = (
        '"class":"telemetry","type":"probes.sampled","id":"01M7NGHT000000000000000040",'
        '"at":"2026-11-21T21:50:01.000000Z","boot":"boot-a","mono":2681.0,"actor":{"user":"ana","host":"b1"},'
        '"data":{"readings":[],"ages":[' + "1," * 60 + "1]}}"
    )
    with path.open("wb", buffering=1 << 20) as log:
        log.write(NIGHT.read_bytes())
        for seq in range(EVENTS + 1, EVENTS + lines + 1):
            line = f'{run}{seq},"prev":"{prev}",{rest}'.encode()
            log.write(line + b"\n")
            prev = sha256(DOMAIN + line).hexdigest()


@pytest.mark.parametrize("command", ["verify", "log"])
def test_a_large_log_takes_seconds_and_little_memory(
    tmp_path: Path, command: str, request: pytest.FixtureRequest
) -> None:
    """50 MB, and 300 MB with --many: the memory is the same."""
    many = request.config.getoption("--many")
    path = tmp_path / "large.jsonl"
    large_log(path, 750_000 if many else 120_000)
    assert path.stat().st_size > (300_000_000 if many else 50_000_000)
    status, said, took_s = limited(tmp_path, command, str(path), memory_mb=90)
    assert status == 0, said[-500:]
    assert took_s < (40 if many else 12)


@pytest.mark.parametrize("command", [["verify", "--strict"], ["log"], ["print"]])
def test_10_gb_of_nothing_behind_a_log_take_seconds_and_little_memory(tmp_path: Path, command: list[str]) -> None:
    bad = next(bad for bad in BAD_LOGS if bad.name == "10 GB of nothing at its end")
    path = bad.write(tmp_path)
    with path.open("ab") as log:
        log.write(b"\n" + LINES[0])
    status, said, took_s = limited(tmp_path, *command, str(path), memory_mb=120)
    assert status == 1, said
    assert "2097152 bytes" in said
    assert took_s < 10
    if command == ["log"]:
        assert "line 50 has the sequence number 1 again, after 48" in said


@pytest.mark.parametrize("command", ["compare", "checkpoint", "tasks", "report", "log"])
def test_a_log_that_goes_on_for_ever_is_refused_at_once_by_whatever_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path = str(next(bad for bad in BAD_LOGS if bad.name == "one of 50 GB").write(tmp_path))
    answer = Answer(capsys, command, *((path, path) if command == "compare" else (path,)))
    assert answer.status == 3
    assert "has 50.0 GiB, more than the 4.0 GiB of the longest log" in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may pass, which those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="cockpit-open-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("command", ["verify", "log", "print", "checkpoint"])
def test_a_log_that_one_has_no_right_to_read_is_a_sentence(
    open_folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = open_folder / "closed"
    run_dir.mkdir()
    path = run_dir / "audit.jsonl"
    path.write_bytes(NIGHT.read_bytes())
    for named in (path, run_dir):
        assert Answer(capsys, command, str(named)).status == 0  # and all that it needs is imported
    for folder_mode, mode in ((0o755, 0o600), (0o700, 0o644)):
        path.chmod(mode)
        run_dir.chmod(folder_mode)
        for named in (path, run_dir):
            os.seteuid(65534)
            try:
                answer = Answer(capsys, command, str(named))
            finally:
                os.seteuid(0)
            assert answer.status == 3, (named, answer.all)
            assert re.fullmatch(r"cockpit: .*Permission denied.*\n", answer.all), answer.all


@pytest.mark.parametrize("command", [["verify"], ["verify", "--format", "json"], ["log"], ["checkpoint"]])
def test_a_name_that_is_no_text_and_a_small_character_set_stop_nobody(tmp_path: Path, command: list[str]) -> None:
    for content, status in ((NIGHT.read_bytes(), 0), (b"".join(LINES[:9] + LINES[12:]), 1)):
        path = os.fsencode(tmp_path) + b"/log-\xff\x1b[31m"
        Path(os.fsdecode(path)).write_bytes(content)
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "cockpit.cli", *command, path],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )
        assert ended.returncode == status, ended.stderr
        assert b"Traceback" not in ended.stderr
        assert b"\x1b" not in ended.stdout + ended.stderr
