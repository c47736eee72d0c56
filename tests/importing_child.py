"""`cockpit import` of hostile texts, each in a process of its own with bounded time and memory.

    python -m importing_child NAME…      (one JSON object a line: what became of each text)

The processes are forked from one that has imported cockpit already, so that a hundred of them take seconds.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path

import importing_hostile

from cockpit.cli import main
from cockpit.importing import imported  # noqa: F401  # loaded before the forks, once
from cockpit.text.streams import guard

CPU_S = 10
"""Of a processor: what an answer may take."""
MEMORY_BYTES = 3 << 29
"""Of addresses: 1.5 GiB."""
ALL = {
    **importing_hostile.LARGE,
    **importing_hostile.DEEP,
    **importing_hostile.BROKEN,
    **importing_hostile.NO_MARKDOWN,
}


def tried(name: str, folder: Path) -> dict[str, object]:
    """Import one text; `status` is the exit status, or minus the signal that ended it."""
    source, made, said = folder / "RUNBOOK.md", folder / "out.toml", folder / "stderr"
    made.unlink(missing_ok=True)
    source.write_bytes(ALL[name]())
    pid = os.fork()
    if pid == 0:
        _import(source, made, said)
    _, waited, used = os.wait4(pid, 0)
    return {
        "name": name,
        "status": os.waitstatus_to_exitcode(waited),
        "said": said.read_text(errors="replace"),
        "toml": made.read_text() if made.exists() else None,
        "cpu_s": used.ru_utime + used.ru_stime,
        "memory_bytes": used.ru_maxrss * 1024,
    }


def _import(source: Path, made: Path, said: Path) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    status = 70
    try:
        sys.argv = ["cockpit", "import", str(source), "-o", str(made)]
        main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    except BaseException as error:
        print(f"Traceback: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    guard()  # which also writes all of a line to a pipe that takes a part
    with tempfile.TemporaryDirectory() as place:
        for wanted in sys.argv[1:] or ALL:
            print(json.dumps(tried(wanted, Path(place))), flush=True)
