"""`cockpit doctor` at terminals that answer, that answer nothing, and that are interrupted."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from answering import XTERM, Answering

ASK = """
import sys, msgspec
from cockpit.doctor.terminal.looking import look
import os
try:
    seen = look(dict(os.environ))
except KeyboardInterrupt:
    print("interrupted"); sys.exit(130)
print("seen" + msgspec.json.encode(seen).decode() + "end")
"""
ENVIRON = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
WIDE = 4000
"""Columns, so that what is printed stands in one row."""


LATE = """
import sys, msgspec, os
from functools import partial
from cockpit.doctor.terminal import asking
from cockpit.doctor.terminal.looking import look
asking._LATE_S = 60
seen = look(dict(os.environ), put=partial(asking.ask, answer_s=0.3))
print("seen" + msgspec.json.encode(seen).decode() + "end")
"""


def asked(program: str = ASK, **settings: object) -> tuple[dict[str, object], Answering]:
    """What the terminal was seen to be, and the terminal, once the program has ended."""
    with Answering([sys.executable, "-c", program], env=ENVIRON, columns=WIDE, lines=10, **settings) as terminal:  # type: ignore[arg-type]
        assert terminal.wait_for_exit() == 0, terminal.text
        assert terminal.has_its_mode
        assert terminal.unread() == 0
        told = terminal.text.partition("seen")[2].rpartition("end")[0]
        return msgspec.json.decode(told), terminal


def test_a_terminal_that_answers_is_known_and_nothing_of_it_is_left_behind():
    seen, terminal = asked()
    answers = seen["answers"]
    assert isinstance(answers, dict)
    assert answers["name"] == "xterm(390)"
    assert answers["modes"] == {"2026": 2, "2004": 2, "1004": 2, "1006": 2}
    assert answers["background"] == [17, 17, 17]
    assert answers["has_ms"] is True
    assert set(answers["widths"].values()) == {1}
    assert answers["obeys_c1"], "pyte takes U+009B for the beginning of a sequence"
    assert not answers["obeys_raw_c1"]
    assert terminal.text.splitlines()[0].startswith("seen"), "the line of the questions is empty again"


def test_keys_that_are_pressed_meanwhile_are_dropped_and_take_no_answer_along():
    seen, _ = asked(typed="rm -rf ~\n\x1b[A")
    answers = seen["answers"]
    assert isinstance(answers, dict)
    assert answers["name"] == "xterm(390)"
    assert set(answers["widths"].values()) == {1}


def test_what_a_terminal_does_not_answer_is_not_known():
    seen, _ = asked(answers={})
    answers = seen["answers"]
    assert isinstance(answers, dict)
    assert (answers["name"], answers["modes"], answers["background"], answers["has_ms"]) == ("", {}, None, None)
    assert set(answers["widths"].values()) == {1}


def test_a_silent_terminal_is_asked_one_question_and_no_more():
    seen, terminal = asked(silent=True)
    assert (seen["answers"], seen["not_asked"]) == (None, "it did not answer, or too late")
    assert terminal.raw.count(b"\x1b[") == 1


def test_an_answer_that_comes_too_late_is_taken_off_the_input_and_not_believed():
    seen, terminal = asked(LATE, late_s=3.0)
    assert (seen["answers"], seen["not_asked"]) == (None, "it did not answer, or too late")
    assert terminal.raw.count(b"\x1b[") == 1


def test_a_terminal_that_falls_silent_is_waited_for_no_longer_than_it_takes():
    seen, _ = asked(mute_after=1)
    answers = seen["answers"]
    assert isinstance(answers, dict)
    assert (answers["widths"], answers["attributes"]) == ({}, None)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=lambda each: str(each),
)
def test_a_signal_in_the_middle_gives_the_terminal_its_mode_back(number: signal.Signals, status: int):
    with Answering([sys.executable, "-c", ASK], env=ENVIRON, silent=True) as terminal:
        assert terminal.asked.wait(60)
        assert not terminal.has_its_mode
        terminal.kill(number)
        assert terminal.wait_for_exit() == status
        assert terminal.has_its_mode


def test_ctrl_c_ends_it_at_once_and_gives_the_mode_back():
    with Answering([sys.executable, "-c", ASK], env=ENVIRON, silent=True, typed="\x03") as terminal:
        assert terminal.wait_for_exit() == 130
        assert terminal.has_its_mode
        assert terminal.unread() == 0


def doctor(tmp_path: Path, *arguments: str, **environ: str) -> Mapping[str, str]:
    return {
        **ENVIRON,
        "HOME": str(tmp_path),
        "COCKPIT_RUNS": str(tmp_path / "runs"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        **environ,
    }


def test_the_command_tells_what_the_terminal_said_within_80_columns(tmp_path: Path):
    argv = [sys.executable, "-P", "-m", "cockpit.cli", "doctor", "--all"]
    light = {**XTERM, r"\x1b\]11;\?\x1b\\": "\x1b]11;rgb:ffff/ffff/ffff\x07"}
    with Answering(argv, env=doctor(tmp_path), answers=light, columns=80, lines=150) as terminal:
        assert terminal.wait_for_exit() in (0, 1)
        text = terminal.look()
        assert terminal.has_its_mode
        assert terminal.unread() == 0
    assert "terminal: xterm(390)" in text
    assert "synchronised output: frames are shown whole" in text
    assert "copying (OSC 52): the terminal says that it takes what `y` copies" in text
    assert "background: it is light; cockpit begins with its dark theme" in text
    assert "→ export COCKPIT_THEME=light" in text
