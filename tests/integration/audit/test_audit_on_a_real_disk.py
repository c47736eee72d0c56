"""The file store against real processes, limits and system calls."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.audit import layout
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.locks import AppendLock
from cockpit.audit.store import Durable
from cockpit.audit.verify import verify
from cockpit.errors import StoreFailed
from cockpit.run.events import Actor, NoteAdded

ANA = Actor(user="ana", host="h")

WRITER = """
import sys
from pathlib import Path
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.audit.store import Durable
from cockpit.run.events import Actor, NoteAdded

run_dir, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = FileStore.open(run_dir)
print("open", flush=True)
sys.stdin.readline()
for number in range(count):
    outcome = None
    while not isinstance(outcome, Durable):
        head = store.head
        outcome = store.append(head.seq if head else 0, draft(NoteAdded(text=f"{name} {number}"), Actor(name, "h")))
    print(number, flush=True)
"""


def writer(run_dir: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(run_dir), name, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def start(*writers: subprocess.Popen[str]) -> None:
    for process in writers:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    opened = FileStore.create(tmp_path / "runs" / "R1", "R1")
    opened.append(0, draft(NoteAdded(text="begin"), ANA))
    yield opened
    opened.close()


def texts(path: Path) -> list[str]:
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    return [line["data"]["text"] for line in lines if line["type"] == "note.added"]


def test_two_processes_appending_at_once_lose_no_line_and_both_get_their_turn(
    store: FileStore, request: pytest.FixtureRequest
) -> None:
    count = 2000 if request.config.getoption("--many") else 150
    ana, bo = (writer(store.path.parent, name, count) for name in ("ana", "bo"))
    start(ana, bo)
    for process in (ana, bo):
        process.communicate()
        assert process.returncode == 0
    found = verify(store.path)
    assert found.ok, found.problem
    assert found.seq == 1 + 2 * count
    told = texts(store.path)
    assert [text for text in told if text.startswith("ana")] == [f"ana {number}" for number in range(count)]
    assert [text for text in told if text.startswith("bo")] == [f"bo {number}" for number in range(count)]
    turns = sum(one[0] != other[0] for one, other in itertools.pairwise(told))
    assert turns > count // 4, "one of them waited until the other was done"


def test_a_writer_killed_at_any_moment_loses_nothing_it_was_told(
    store: FileStore, request: pytest.FixtureRequest
) -> None:
    for round_ in range(40 if request.config.getoption("--many") else 4):
        killed = writer(store.path.parent, f"w{round_}", 10_000)
        start(killed)
        assert killed.stdout is not None
        for _ in range(20 + 7 * round_):
            acknowledged = int(killed.stdout.readline())
        killed.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, killed.stdout.read().splitlines())])
        killed.communicate()
        with_store = store.append(None, draft(NoteAdded(text=f"after w{round_}"), ANA))
        assert isinstance(with_store, Durable)
        told = texts(store.path)
        mine = [text for text in told if text.startswith(f"w{round_} ")]
        assert mine == [f"w{round_} {number}" for number in range(len(mine))]
        assert len(mine) > acknowledged
    assert verify(store.path).ok


def test_a_stopped_writer_delays_others_and_hangs_nobody(store: FileStore) -> None:
    """A process stopped while it holds the append lock: others get a sentence, and go on once it does."""
    other = AppendLock(layout.append_lock(store.path.parent), layout.turn_lock(store.path.parent))
    store._lock._deadline_s = 0.05
    with other.held(), pytest.raises(StoreFailed, match="nothing was written"):
        store.append(None, draft(NoteAdded(text="late"), ANA))
    assert not store.is_poisoned
    assert isinstance(store.append(None, draft(NoteAdded(text="late"), ANA)), Durable)
    other.close()


LIMITED = """
import resource, sys
from pathlib import Path
from cockpit.audit.files import FileStore
from cockpit.audit.line import draft
from cockpit.errors import StoreFailed
from cockpit.run.events import Actor, NoteAdded

store = FileStore.open(Path(sys.argv[1]))
size = store.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 900, size + 900))
for number in range(10):
    try:
        store.append(None, draft(NoteAdded(text=f"limited {number}"), Actor("ana", "h")))
    except StoreFailed as error:
        print(number, error)
        break
"""


def test_a_disk_that_takes_half_a_line_poisons_the_run_and_loses_nothing(store: FileStore) -> None:
    """The kernel's own file size limit cuts a write short, as a full disk does."""
    run_dir = store.path.parent
    limited = subprocess.run([sys.executable, "-c", LIMITED, run_dir], capture_output=True, text=True, check=True)
    assert re.match(r"2 the file may not grow any more: writing .*audit\.jsonl failed; nothing", limited.stdout)
    with pytest.raises(StoreFailed, match="may not grow"):
        store.append(None, draft(NoteAdded(text="more"), ANA))
    torn = store.path.read_bytes()
    assert not torn.endswith(b"\n")
    layout.poison_mark(run_dir).unlink()
    healed = FileStore.open(run_dir)
    assert isinstance(healed.append(None, draft(NoteAdded(text="more"), ANA)), Durable)
    healed.close()
    assert store.path.read_bytes().startswith(torn)
    found = verify(store.path)
    assert found.ok
    assert len(found.recoveries) == 1
    assert texts_that_count(store.path) == ["begin", "limited 0", "limited 1", "more"]


def texts_that_count(path: Path) -> list[str]:
    lines = []
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return [line["data"]["text"] for line in lines if line["type"] == "note.added"]


def test_it_works_where_a_file_may_only_be_appended_to(store: FileStore) -> None:
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+a", store.path], capture_output=True).returncode != 0:
        pytest.skip("this system or file system has no `chattr +a`, or it needs root")
    try:
        store.append(None, draft(NoteAdded(text="one"), ANA))
        fd = os.open(store.path, os.O_WRONLY | os.O_APPEND)
        os.write(fd, b"torn")
        os.close(fd)
        reopened = FileStore.open(store.path.parent)
        reopened.append(None, draft(NoteAdded(text="two"), ANA))
        reopened.close()
        with pytest.raises(PermissionError):
            os.truncate(store.path, 0)
    finally:
        subprocess.run([chattr, "-a", store.path], check=True)
    assert verify(store.path).ok


def test_the_system_calls_of_an_append_come_in_the_right_order(store: FileStore) -> None:
    strace = shutil.which("strace")
    calls = "flock,write,fdatasync"
    if strace is None or subprocess.run([strace, "-e", calls, "true"], capture_output=True).returncode != 0:
        pytest.skip("strace is not installed or may not trace")
    command = [strace, "-f", "-e", f"trace={calls}", "-o", "/dev/stderr"]
    program = [sys.executable, "-c", WRITER, str(store.path.parent), "ana", "1"]
    traced = subprocess.run([*command, *program], input="\n", capture_output=True, text=True, check=True)
    append = traced.stderr[traced.stderr.rindex("LOCK_EX") :]
    order = re.findall(r"LOCK_EX|write\(\d+, \"\{|fdatasync\(\d+\) += 0|LOCK_UN|write\(1", append)
    steps = [re.sub(r"\d+", "", step)[:9] for step in order[:6]]
    assert steps == ["LOCK_EX", "LOCK_UN", 'write(, "', "fdatasync", "LOCK_UN", "write("]  # the turn's unlock first


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_log_that_may_only_be_read_is_one_sentence(store: FileStore) -> None:
    store.path.chmod(0o400)
    with pytest.raises(Exception, match="Permission denied"):
        FileStore.open(store.path.parent)


def test_nobody_waits_for_more_than_a_turn_or_two_of_one_who_writes_all_the_time(store: FileStore) -> None:
    load = writer(store.path.parent, "load", 100_000)
    start(load)
    for number in range(30):
        store.append(None, draft(NoteAdded(text=f"mine {number}"), ANA))
    load.kill()
    load.communicate()
    mine = [at for at, line in enumerate(store.path.read_bytes().splitlines()) if b'"mine ' in line]
    others = sorted(after - before - 1 for before, after in itertools.pairwise(mine))
    print(others)
    assert others[len(others) // 2] <= 3
