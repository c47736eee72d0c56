"""A log is verified beside whoever shows it, with the same result, and nothing of it is left when that one goes."""

from __future__ import annotations

import time
from pathlib import Path
from queue import Queue

import psutil
import pytest

from cockpit.audit.verdict import Verification
from cockpit.audit.verify import verify
from cockpit.report.replay import proving
from cockpit.report.replay.proving import Prover

NIGHT = Path(__file__).parents[2] / "logs" / "v1" / "night.jsonl"


def proven(path: Path) -> Verification:
    told: Queue[Verification] = Queue()
    prover = Prover(path, told.put)
    found = told.get(timeout=30)
    prover.close()
    return found


@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize("damage", [b"", b"the twelve are best users"])
def test_it_finds_what_verify_finds_in_whichever_process(tmp_path, monkeypatch, is_alone, damage):
    log = tmp_path / "log.jsonl"
    log.write_bytes(NIGHT.read_bytes().replace(b"the twelve are test users", damage or b"the twelve are test users"))
    if is_alone:
        monkeypatch.setattr(proving, "ALONE_BYTES", 0)
    found = proven(log)
    assert found == verify(log)
    assert found.ok is not bool(damage)


def test_closing_ends_what_is_under_way(monkeypatch):
    monkeypatch.setattr(proving, "ALONE_BYTES", 0)
    monkeypatch.setattr(proving.subprocess, "Popen", _waits(proving.subprocess.Popen))
    prover = Prover(NIGHT, lambda found: pytest.fail("it was closed"))
    end = time.monotonic() + 10
    while prover._process is None:
        assert time.monotonic() < end
        time.sleep(0.001)
    process = psutil.Process(prover._process.pid)
    prover.close()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not prover._thread.is_alive()


def _waits(popen):
    def start(command, **keywords):
        return popen(["/bin/sleep", "60"], **keywords)

    return start


def test_a_process_that_dies_is_done_without(monkeypatch):
    monkeypatch.setattr(proving, "ALONE_BYTES", 0)
    monkeypatch.setattr(proving.sys, "executable", "/bin/false")
    assert proven(NIGHT) == verify(NIGHT)
