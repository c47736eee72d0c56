"""What is written to stdout and stderr, past everything that should have made it visible."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from attacks import ACTING, ATTACKS, attack
from looks import PATIENCE_S, looks
from pty_once import in_terminal

PROGRAM = """
import sys, threading, warnings, logging
from cockpit.text.streams import exact, guard
guard()
guard()
raw = open(sys.argv[1], "rb").read()
text = raw.decode("utf-8", "surrogatepass")
"""
WAYS = {
    "print": "print(text)",
    "print to stderr": "print(text, file=sys.stderr)",
    "write": "sys.stdout.write(text); sys.stdout.writelines([text, text])",
    "character by character": "[(sys.stdout.write(each), sys.stdout.flush()) for each in text]",
    "bytes": "sys.stdout.buffer.write(raw)",
    "byte by byte": "[sys.stdout.buffer.write(raw[at:at + 1]) for at in range(len(raw))]",
    "own stdout": "print(text, file=sys.__stdout__)",
    "click": "import click; click.echo(text); click.echo(raw); click.echo(text, err=True); click.secho(text, fg='red')",
    "a warning": "warnings.warn(text)",
    "a log": "logging.getLogger('x').error(text)",
    "a traceback": "raise ValueError(text)",
    "an error of the command line": "import click; raise click.UsageError(text)",
    "a thread": "thread = threading.Thread(target=lambda: 1 / int(text)); thread.start(); thread.join()",
    "what nobody catches": "class X:\\n    def __del__(self): raise ValueError(text)\\nX()",
    "after all": "import atexit; atexit.register(print, text)",
}
OTHER = {
    "ASCII": ({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, "ascii"),
    "Latin-1": ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
    "unbuffered": ({"PYTHONUNBUFFERED": "1"}, "utf-8"),
    "strict": ({"PYTHONIOENCODING": "utf-8:strict"}, "utf-8"),
}


@pytest.fixture
def every(tmp_path: Path) -> Path:
    path = tmp_path / "attacks"
    path.write_bytes("\n".join(map(attack, ATTACKS)).encode("utf-8", "surrogatepass"))
    return path


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_is_written_acts_by_whatever_way_it_is_written(way: str, every: Path) -> None:
    program = [sys.executable, "-c", PROGRAM + WAYS[way].replace("\\n", "\n"), str(every)]
    ended = subprocess.run(program, capture_output=True, text=True, errors="strict", timeout=60)
    told = (ended.stdout + ended.stderr).replace("\r\n", "\n")
    assert not ACTING.search(told)
    assert "mark7␛]0;owned␇mark7" in told or "\\x1b]0;owned\\x07" in told


@pytest.mark.many
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", OTHER)
def test_nor_in_other_character_sets_or_in_a_terminal(way: str, other: str, every: Path) -> None:
    program = [sys.executable, "-c", PROGRAM + WAYS[way].replace("\\n", "\n"), str(every)]
    environ, encoding = OTHER[other]
    ended = subprocess.run(program, capture_output=True, timeout=60, env={**os.environ, **environ})
    told = (ended.stdout + ended.stderr).decode(encoding)
    assert not ACTING.search(told.replace("\r\n", "\n"))
    assert "mark7" in told
    seen = in_terminal(program, {**os.environ, **environ}, encoding=encoding)
    assert "mark7" in seen
    assert not ACTING.search(seen)


def test_exact_bytes_stay_exact_but_in_a_terminal(every: Path) -> None:
    program = [sys.executable, "-c", PROGRAM + "sys.stdout.write('first\\n'); exact().write(raw)", str(every)]
    ended = subprocess.run(program, capture_output=True, check=True, timeout=60)
    assert ended.stdout == b"first\n" + every.read_bytes()
    assert not ACTING.search(in_terminal(program))


def test_texts_in_two_writes_stay_what_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    from cockpit.text.streams import guard

    theirs = sys.stdout
    undo = guard()
    raw = "✔ two\r\nlines\tand ‹U+202E›\n".encode()
    for at in range(len(raw)):
        if raw[at - 1 : at + 1] != b"\r\n":
            sys.stdout.buffer.write(raw[at : at + 2] if raw[at : at + 2] == b"\r\n" else raw[at : at + 1])
    sys.stdout.flush()
    undo()
    assert sys.stdout is theirs
    print("as before\x1b")
    assert capsys.readouterr().out == raw.decode() + "as before\x1b\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "what", ["sys.stdout.write(text)", "exact().write(text.encode())", "print(text, file=sys.stderr)"]
)
def test_a_writer_that_is_stopped_before_a_full_pipe_loses_nothing_when_it_goes_on(what: str, unbuffered: str) -> None:
    """Ctrl+Z and `fg`; `python -u`, which container images like, drops there what the pipe did not take at once."""
    program = f"""
import sys
from cockpit.text.streams import exact, guard
guard()
text = "x" * 1_000_000
{what}
"""
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    ) as writing:
        assert writing.stdout is not None
        held = bytearray(4)
        for _ in looks(PATIENCE_S):
            fcntl.ioctl(writing.stdout, termios.FIONREAD, held)
            if int.from_bytes(held, sys.byteorder) == fcntl.fcntl(writing.stdout, fcntl.F_GETPIPE_SZ):
                break
        for number, state in ((signal.SIGSTOP, "T"), (signal.SIGCONT, "SR")):
            writing.send_signal(number)
            for _ in looks(PATIENCE_S):
                if Path(f"/proc/{writing.pid}/stat").read_text().rpartition(")")[2].split()[0] in state:
                    break
        assert writing.stdout.read().count(b"x") == 1_000_000


def test_what_is_written_without_a_buffer_is_there_at_once() -> None:
    program = "import os, sys; from cockpit.text.streams import guard; guard(); sys.stdout.write('x'); os._exit(0)"
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, env=env, check=True).stdout == b"x"
