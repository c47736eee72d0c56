"""Hostile text on a real terminal: nothing of a stranger's log, a profile or a command's output acts on it."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import sys
from pathlib import Path

from attacks import ATTACKS, MARK, foreign
from hostile_screens import Lace, laced
from report_story import RUN, written
from screen_pen import troubled
from seated import Night, night
from terminal import Terminal

STORABLE = {name: text.replace("\0", "").encode(errors="ignore").decode() for name, text in ATTACKS.items()}
PROFILE_TEXT = f"{MARK}[@click=app.exit()]x[/] [link=file:///e]y[/link] &#27;]0;owned&#7; &#x202e;z <b>w</b>"
"""What a profile may hold: `check` refuses characters that act."""


def acts(terminal: Terminal) -> list[str]:
    """What in the bytes that the program sent acts on the terminal."""
    return foreign(terminal.raw.decode(errors="surrogateescape"))


def quoted(text: str) -> str:
    """A string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def profile(folder: Path) -> str:
    """A step with a hostile text in whatever it shows, and one whose command writes all attacks, 8-bit ones raw too."""
    raw = (
        "\n".join(f"{MARK}{text}{MARK}" for text in STORABLE.values()).encode()
        + b'\n\x9b2J\x90$q"p\x9c\x9d52;c;?\x9c\n'
    )
    (folder / "attacks").write_bytes(raw)
    text = quoted(PROFILE_TEXT)
    return f"""
title = {text}
[[contacts]]
id = "lead"
title = {text}
name = {text}
reach = {text}
[[phases]]
id = "all"
title = {text}
[[phases.steps]]
id = "first"
title = {text}
kind = "command"
instructions = {quoted(PROFILE_TEXT + chr(10) * 2 + STORABLE["markdown_entities"])}
rollback = {text}
argv = ["cat", "{folder}/attacks"]
[[phases.steps]]
id = "second"
title = {text}
command = {quoted(f"ls{chr(10)}rm -rf {PROFILE_TEXT}")}
"""


def test_a_strangers_log_acts_on_no_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / RUN
    folder.mkdir(parents=True)
    log = written(laced(troubled(), Lace(storable=True)).events, folder / "audit.jsonl")
    assert b"\\u001b" in log.read_bytes(), "the characters themselves are in it"
    env = {**os.environ, "TERM": "xterm-256color", "COCKPIT_RUNS": str(folder.parent)}
    cockpit = [sys.executable, "-m", "cockpit.cli"]
    with Terminal([*cockpit, "join", str(folder)], env=env, columns=80, lines=24) as terminal:
        terminal.wait_for("WATCHING")
        terminal.wait_for(MARK)
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        assert acts(terminal) == []
    with Terminal([*cockpit, "replay", str(log)], env=env, columns=80, lines=24) as terminal:
        terminal.wait_for(rf"(?s){MARK}.*verified")
        terminal.send(">", "m", "end")
        for key, title in (("l", "Log"), ("i", "here"), ("C", "Contacts"), ("d", "Diff")):
            terminal.send(key)
            terminal.wait_for(rf"{title}.* – ↑ ↓ scroll")
            terminal.send("escape")
            terminal.wait_until_gone("↑ ↓ scroll")
        terminal.send("/")
        terminal.wait_for("Enter goes there")
        terminal.type("owned\r")
        terminal.wait_until_gone("Enter goes there")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        assert acts(terminal) == []
        assert terminal.modes_left_on() == []


def test_a_hostile_run_acts_on_no_terminal_to_its_end(tmp_path: Path) -> None:
    with night(tmp_path, profile(tmp_path)) as run, run.screen() as terminal:
        run.keeper_pid()
        walk(terminal)
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        assert acts(terminal) == []
        assert copied(terminal)[0].startswith("cat ")
        assert terminal.modes_left_on() == []
        hung_up_on(run)


def walk(terminal: Terminal) -> None:
    """Run the command, look at what it wrote, copy, and see the plain screen."""
    terminal.wait_for("r runs it")
    press(terminal, "r", "succeeded")  # until its keeper takes orders
    terminal.send("v")
    terminal.wait_for(rf"(?s)Output of.*{MARK}")
    for _ in range(6):
        terminal.send("pageup")
    terminal.send("escape")
    terminal.wait_until_gone("Output of")
    terminal.send("y")
    terminal.wait_for("sent to your terminal's clipboard")
    terminal.send("n")
    terminal.wait_for("Enter sends")
    terminal.send("escape")
    terminal.wait_until_gone("Enter sends")
    terminal.send("down", "y")
    terminal.wait_for(r"(?s)2 lines \(␊\).*rm -rf")
    press(terminal, "y", "sent to your terminal's clipboard")  # until the question takes keys
    terminal.send("Y")
    terminal.wait_for("Press Enter to go back")
    terminal.send("enter")
    terminal.wait_for("Home back to now")


def press(terminal: Terminal, key: str, sign: str) -> None:
    """Press a key, again if it came too early, until the screen shows what it does."""
    for _ in range(20):
        terminal.send(key)
        if terminal.wait_until(lambda text: sign in text, 1):
            return
    terminal.wait_for(sign)


def copied(terminal: Terminal) -> list[str]:
    """What was put into the clipboard."""
    return [base64.b64decode(each).decode() for each in re.findall(rb"\x1b\]52;c;([^\x07]*)\x07", terminal.raw)]


def hung_up_on(run: Night) -> None:
    """And so it ends where the terminal goes away."""
    with run.screen() as terminal:
        terminal.wait_for(MARK)
        terminal.kill(signal.SIGHUP)
        terminal.wait_for_exit()
        assert acts(terminal) == []
