"""A process that gives commands of cockpit's about hostile profiles, and tells everything it did to the outside.

    python hostile_child.py FOLDER SAMPLE COMMAND…      one JSON object for each file and command, on stdout

Everything that Python can do to the outside is an audit event (PEP 578): what is started, connected to, written, made,
removed or loaded is told; nothing can be hidden from it by the code under test.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

ACTS = (
    "subprocess.Popen",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.forkpty",
    "os.system",
    "os.spawn",
    "pty.spawn",
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.getaddrinfo",
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.symlink",
    "os.link",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.putenv",
    "os.kill",
    "shutil.rmtree",
    "ctypes.dlopen",
    "os.mkfifo",
    "os.mknod",
    "webbrowser.open",
    "tempfile.mkstemp",
    "tempfile.mkdtemp",
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
told: list[str] = []


def hook(event: str, arguments: tuple[object, ...]) -> None:
    """Note what acts on the outside."""
    if event in ACTS:
        told.append(f"{event} {arguments!r}"[:300])
    elif event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & WRITES:
            told.append(f"open for writing {path!r}")
    elif event == "import" and str(arguments[0]).startswith("hostile_"):
        told.append(f"import {arguments[0]!r}")


def given(words: list[str]) -> dict[str, object]:
    """Give one command; what it did, how it ended, what it said."""
    from cockpit.cli import main

    told.clear()
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code
    return {"words": words, "did": list(told), "code": code, "said": out.getvalue() + err.getvalue()}


def run(folder: Path, sample: int, commands: list[str]) -> None:
    """Every command about every profile (or a `sample` of them in turn), after one round about a harmless one.

    That one loads what has to be loaded.
    """
    os.chdir(folder)
    warm = str(folder / "harmless.toml")
    sys.addaudithook(hook)
    for command in commands:
        given([*command.split(), warm])
    for place, path in enumerate(sorted(folder.glob("hostile_*.toml"))):
        for turn in range(sample or len(commands)):
            command = commands[(place * (sample or 1) + turn) % len(commands)]
            print(json.dumps(given([*command.split(), path.name])), flush=True)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.stdin = open(os.devnull)  # noqa: SIM115 - for as long as this process lives
    run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
