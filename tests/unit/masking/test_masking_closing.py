"""Processes that hold secrets leave no memory behind, and no library in them logs what it was given."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

MOST = resource.getrlimit(resource.RLIMIT_CORE)[1]
"""What whoever runs the tests may let a core dump have."""
CLOSED = """
import ctypes, logging, os, sys
from cockpit.masking import told
told.tell({"token": "Zq8#never-there"})
logging.basicConfig(level=1, stream=sys.stdout)
logging.getLogger("httpx").error("HTTP Request: https://u:Zq8#never-there@x")
logging.getLogger("httpcore.connection").error("Zq8#never-there")
from cockpit.masking.closing import not_followed
print(not_followed(), "SSLKEYLOGFILE" in os.environ, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
"""


def _run(code: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, timeout=30,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (MOST, MOST)),
    )  # fmt: skip


def test_a_crash_leaves_no_core_and_without_closing_it_would(tmp_path: Path) -> None:
    crash = "\nos.kill(os.getpid(), 11)"
    ended = _run(CLOSED + crash, tmp_path)
    assert ended.returncode == -signal.SIGSEGV
    assert not list(tmp_path.iterdir())
    pattern = Path("/proc/sys/kernel/core_pattern").read_text(encoding="ascii").strip()
    if MOST and "/" not in pattern and "|" not in pattern:  # else the kernel puts it where this test cannot see it
        _run("import os" + crash, tmp_path)
        assert list(tmp_path.iterdir())


def test_libraries_log_nothing_and_files_of_tls_keys_are_not_written(tmp_path: Path) -> None:
    ended = _run(CLOSED, tmp_path, SSLKEYLOGFILE=str(tmp_path / "keys"))
    assert ended.stdout == (
        "('SSLKEYLOGFILE is not followed: it would write the keys of every TLS connection into a file',) False 0\n"
    )
    assert not (tmp_path / "keys").exists()


def test_children_may_not_dump_and_are_else_as_always(tmp_path: Path) -> None:
    child = "import ctypes, resource; print(resource.getrlimit(4), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    ended = _run(CLOSED + f"\nimport subprocess; subprocess.run([sys.executable, '-c', {child!r}])", tmp_path)
    assert ended.stdout.splitlines()[-1] == "(0, 0) 1"
