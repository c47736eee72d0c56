"""The terminal driver, tried on small programs: what it says about cockpit counts only if it is right itself."""

import os
import re
import sys

import pytest
from terminal import Terminal

ECHO = """
import sys, tty, termios
old = termios.tcgetattr(0)
tty.setraw(0)  # first: it drops what was typed before
print("\\x1b[?1049h\\x1b[?25l\\x1b[>1uready\\r", flush=True)
key = sys.stdin.read(1)
print(f"got {key!r}\\r")
if key == "q":
    termios.tcsetattr(0, termios.TCSADRAIN, old)
    print("\\x1b[<u\\x1b[?25h\\x1b[?1049l", end="")
sys.exit(7)
"""


def program(text: str, **size: int) -> Terminal:
    return Terminal([sys.executable, "-c", text], env=dict(os.environ), **size)


def test_keys_go_in_and_the_screen_comes_out():
    with program(ECHO) as terminal:
        terminal.wait_for("^ready")
        terminal.send("q")
        assert terminal.wait_for_exit() == 7
        assert b"got 'q'" in terminal.raw
        assert terminal.modes_left_on() == []


def test_what_a_program_leaves_changed_is_named():
    with program(ECHO) as terminal:
        terminal.wait_for("ready")
        terminal.send("x")
        terminal.wait_for_exit()
        assert terminal.modes_left_on() == [
            "?1049h",
            "the cursor is hidden",
            "the kitty keyboard protocol is on",
            "the line discipline differs (echo, canonical mode)",
        ]


def test_waiting_for_what_never_comes_fails_with_the_screen():
    with program("print('something else')") as terminal, pytest.raises(AssertionError, match="something else"):
        terminal.wait_for("a thing", timeout_s=5)


def test_the_program_sees_the_size_and_its_changes():
    watch = "import os, signal\nsignal.signal(signal.SIGWINCH, lambda *a: print(os.get_terminal_size(), flush=True))\n"
    with program(
        watch + "print('at', os.get_terminal_size(), flush=True)\nwhile True: signal.pause()", columns=80, lines=24
    ) as t:
        t.wait_for(r"at .*columns=80, lines=24")
        t.resize(120, 40)
        t.wait_for(r"columns=120, lines=40")


def test_the_terminals_own_size_counts_whatever_the_environment_says():
    say = [sys.executable, "-c", "import shutil; print(shutil.get_terminal_size())"]  # COLUMNS and LINES come first
    with Terminal(say, env={**os.environ, "COLUMNS": "80", "LINES": "24"}, columns=120, lines=40) as terminal:
        terminal.wait_for("columns=120, lines=40")


def test_the_program_has_a_controlling_terminal_of_its_own():
    with program(
        "import os; print(os.getsid(0) == os.getpid(), os.path.exists('/dev/tty') and bool(open('/dev/tty')))"
    ) as terminal:
        terminal.wait_for("True True")


def test_a_key_waits_until_the_one_before_was_read_however_slow_the_program_is():
    slow = """
import os, time, tty
tty.setraw(0)
print("ready", end="\\r\\n", flush=True)
for _ in range(4):
    print("read", os.read(0, 100).decode(), end=".\\r\\n", flush=True)
    time.sleep(0.25)
"""
    with program(slow) as terminal:
        terminal.wait_for("ready")
        terminal.send("a", "b")
        terminal.type("cd")
        assert terminal.wait_for_exit() == 0
        assert re.findall(r"read (\w+)\.", terminal.text) == ["a", "b", "c", "d"]
