"""Somebody rewrites the log under two people who walk the run: both see it, from their own sessions, at once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from seated import until
from ssh_host import SshHost
from ssh_nights import press, shared

from cockpit.audit.ids import new_id
from cockpit.audit.layout import log_path
from cockpit.audit.line import digest

PHASES = """
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First"
[[phases.steps]]
id = "second"
title = "Second"
[[phases.steps]]
id = "third"
title = "Third"
"""
NOTICED_S = 3.0


def forged(log: Path) -> bytes:
    """The log as if something else had been confirmed first, with a chain that holds."""
    lines = log.read_bytes().splitlines()
    at = next(number for number, line in enumerate(lines) if b'"step.confirmed"' in line)
    before = lines[at]
    lines[at] = before.replace(b'"step":"first"', b'"step":"third"')
    assert lines[at] != before
    for number in range(at + 1, len(lines)):
        was, now = (digest(line).encode() for line in (before, lines[number - 1]))
        before = lines[number]
        lines[number] = before.replace(was, now, 1)
        assert lines[number] != before
    return b"".join(line + b"\n" for line in lines)


def in_place(log: Path) -> None:
    """As an editor that knows the chain: the same file, of the same size, and its times as they were."""
    seen = log.stat()
    data = forged(log)
    assert len(data) == seen.st_size
    with log.open("r+b") as file:
        file.write(data)
    os.utime(log, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def replaced(log: Path) -> None:
    """Another file takes its name, as `sed -i` does."""
    seen = log.stat()
    other = log.with_name("audit.new")
    other.write_bytes(forged(log))
    os.chown(other, seen.st_uid, seen.st_gid)
    other.chmod(seen.st_mode & 0o777)
    other.replace(log)


def truncated(log: Path) -> None:
    """The last decision never was."""
    lines = log.read_bytes().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if b'"step.confirmed"' in line)
    os.truncate(log, sum(map(len, lines[:last])))


def went_on(log: Path) -> None:
    """As if it had only grown: rewritten in place, with one more decision that fits what is there then."""
    data = forged(log)
    last = data.splitlines()[-1]
    head = json.loads(last)
    more = last.replace(f'"seq":{head["seq"]},'.encode(), f'"seq":{head["seq"] + 1},'.encode())
    more = more.replace(head["prev"].encode(), digest(last).encode()).replace(head["id"].encode(), new_id().encode())
    with log.open("r+b") as file:
        file.write(data + more + b"\n")


@pytest.mark.parametrize(
    "ways",
    [(truncated, went_on), pytest.param((in_place, replaced), marks=pytest.mark.many)],
    ids=lambda ways: " ".join(each.__name__ for each in ways),
)
def test_a_log_that_is_rewritten_under_a_pair_is_noticed_by_both(
    ssh_host: SshHost, ways: tuple[Callable[[Path], None], ...]
) -> None:
    with ExitStack() as stack:
        nights = {rewrite: stack.enter_context(shared(ssh_host, PHASES)) for rewrite in ways}
        pairs = {
            rewrite: [stack.enter_context(it.sits(who, how)) for who, how in (("ana", "resume"), ("bo", "join"))]
            for rewrite, it in nights.items()
        }
        heads = {}
        for rewrite, (ana, bo) in pairs.items():
            ana.wait_for(r"watching \(epoch 1")
            for number in (1, 2):
                ana.wait_for(rf"▶ 1\.{number}")
                press(ana, "c", rf"confirmed 1\.{number}")
                bo.wait_for(rf"confirmed 1\.{number}")
            heads[rewrite] = bo.wait_for(r"head (\S+)")[1]
            it = nights[rewrite]
            notes = it.host.folder / "home" / "bo" / ".local" / "state" / "cockpit" / "heads" / it.run_dir.name
            until(lambda it=it, notes=notes: notes.exists() and it.head().digest in notes.read_text(), "bo's notes")
        for rewrite, (ana, bo) in pairs.items():
            log = log_path(nights[rewrite].run_dir)
            began = time.monotonic()
            rewrite(log)
            told = []
            for screen in (ana, bo):
                screen.wait_for("THE LOG")
                told.append(time.monotonic() - began)
            print(f"{rewrite.__name__}: both had noticed it after {max(told):.2f} s")
            assert max(told) < NOTICED_S
            assert heads[rewrite] in bo.text, "what each has seen stays, to be compared with what is there now"
            before = log.read_bytes()
            press(ana, "c", "✖")
            assert log.read_bytes() == before, "nothing more is decided on it"
        # whoever was there can tell it afterwards, too; to others the chain holds
        for it in nights.values():
            verified = {who: it.host.run(who, "cockpit", "verify", str(it.run_dir)) for who in ("bo", "deploy")}
            assert verified["bo"].returncode == 1, verified["bo"].stdout
            assert "you held" in verified["bo"].stdout
            assert verified["deploy"].returncode == 0, verified["deploy"].stdout
