"""A log replayed in a real terminal, by real keys: it plays, jumps, tells moments apart, and changes nothing."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from terminal import Terminal

from cockpit.profile.kinds import installed
from cockpit.profile.load import load
from cockpit.run.commands import AbortRun, AddNote
from cockpit.session.creating import create_run
from cockpit.session.identity import actor
from cockpit.session.seat import Seat

GOLDEN = Path(__file__).parents[1] / "logs" / "v1"
PLAIN = """
id = "plain"
environment = "staging"
[[phases]]
id = "one"
title = "One"
[[phases.steps]]
id = "first"
title = "First of all"
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A night's log, alone in a folder, as somebody sent it."""
    copy = tmp_path / "that-night.jsonl"
    copy.write_bytes((GOLDEN / "night.jsonl").read_bytes())
    return copy


def replay(*arguments: str, columns: int = 120, lines: int = 40, tracer: tuple[str, ...] = (), **env: str) -> Terminal:
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    variables = {**kept, "TERM": "xterm-256color", "TZ": "America/New_York", "PYTHONDONTWRITEBYTECODE": "1", **env}
    argv = [*tracer, sys.executable, "-m", "cockpit.cli", "replay", *arguments]
    return Terminal(argv, env=variables, columns=columns, lines=lines)


def at_event(terminal: Terminal, number: int) -> None:
    terminal.wait_for(rf"event {number} of 24 ")


def test_a_night_is_walked_by_keys_and_left_as_it_was(log: Path) -> None:
    before = sha256(log.read_bytes()).hexdigest()
    with replay(str(log)) as terminal:
        terminal.wait_for("paused 1x · event 1 of 24 · line 1 · Europe/Rome · verified")
        terminal.wait_for("▌PRODUCTION▐.* REPLAY ")
        terminal.send("right")
        at_event(terminal, 2)
        terminal.send("shift+right")
        at_event(terminal, 12)
        terminal.send("left", "<")
        at_event(terminal, 1)
        terminal.send("]")
        terminal.wait_for("1.1 Maintenance on ")
        terminal.send("]")
        terminal.wait_for("1.2 Migrate ━")
        terminal.send("}")
        terminal.wait_for("2 Application ━|to be entered")
        terminal.send("home", ".", ".", ".")
        terminal.wait_for("HELD by bo: count them once more")
        terminal.send("m", "end")
        terminal.wait_for("REPLAY · FINISHED")
        terminal.send("d")
        terminal.wait_for("Difference – ")
        terminal.wait_for(r"2.1 Roll out +open → confirmed by ana")
        terminal.send("escape")
        terminal.wait_until_gone("Difference – ")
        terminal.send("z")
        terminal.wait_for("Log · times in UTC")
        assert re.search(r"Sat 2026-11-21 21:40:11 UTC", terminal.look())
        terminal.send("z")
        terminal.wait_for("times in America/New_York")
        terminal.wait_for("Sat 2026-11-21 16:40:11 New York")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.modes_left_on() == []
    assert sha256(log.read_bytes()).hexdigest() == before
    assert [each.name for each in log.parent.iterdir()] == [log.name]


def test_jumping_goes_where_it_was_told_to_or_says_what_is_not_clear(log: Path) -> None:
    with replay(str(log), "--zone", "utc", columns=80, lines=24) as terminal:
        terminal.wait_for("event 1 of 24")
        for typed, seen in (
            ("21:26:30", r"21 Nov 21:26:30 UTC"),
            ("1.2", r"1.2 Migrate.*n N again"),
            ("@bo", r"by bo  .*n N again"),
            ("!deviation", r"deviation .*n N again"),
            ("!d", r"could be damage, deviation or due"),
        ):
            terminal.send("g")
            terminal.wait_for("Enter goes there")
            terminal.type(typed)
            terminal.wait_for(re.escape(typed))
            terminal.send("enter")
            terminal.wait_until_gone("Enter goes there")  # the next key is for what is under it
            terminal.wait_for(seen)
        terminal.send("/")
        terminal.wait_for("Enter goes there")
        terminal.type("test users")
        terminal.send("enter")
        terminal.wait_for("“test users”")
        terminal.send("home", "n")
        at_event(terminal, 13)
        terminal.send("n")
        at_event(terminal, 15)
        terminal.send("N")
        at_event(terminal, 13)
        terminal.send("q")
        assert terminal.wait_for_exit() == 0


def test_playing_goes_by_the_log_s_own_time_and_stops_where_asked(log: Path) -> None:
    with replay(str(log), "--at", "22:26:19") as terminal:
        terminal.wait_for("22:26:19 Rome")
        terminal.send("M", " ")
        terminal.wait_for("playing 1x .* stops at marks")
        terminal.wait_for("22:26:20 Rome")
        terminal.wait_for("22:26:21 Rome")
        terminal.wait_for("paused at a mark: hold")
        terminal.send("M", "]", "+", "+", "+", "+", "+", " ")
        terminal.wait_for(r"skipped \d+ min \d+ s in which nothing happened; S plays it")
        terminal.send("+", "+")
        terminal.wait_for("the end of the log")
        terminal.wait_for("paused 600x")
        terminal.send(" ")
        terminal.wait_for("playing 600x")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0


def test_a_live_log_is_followed_and_a_look_back_is_left_alone(tmp_path: Path) -> None:
    profile = tmp_path / "plain.toml"
    profile.write_text(PLAIN)
    run_dir = create_run(load(str(profile), installed()), {}, folder=tmp_path / "runs")
    seat = Seat.open(run_dir, actor())
    with replay(str(run_dir)) as terminal:
        terminal.wait_for("event 1 of 1 .* verified")
        seat.submit(seat.command(AddNote, text="the first note", step=""))
        terminal.wait_for("event 1 of 2 ")
        assert "the first note" not in terminal.look()
        terminal.send("end")
        terminal.wait_for("the first note")
        terminal.wait_for("following 1x · event 2 of 2 ")
        seat.submit(seat.command(AddNote, text="the second note", step=""))
        terminal.wait_for("the second note")
        terminal.wait_for(r"event 3 of 3 .* verified to line \d")
        terminal.send("left")
        terminal.wait_until_gone("the second note")
        seat.submit(seat.command(AbortRun, reason="enough"))
        terminal.wait_for("event 2 of 4 ")
        terminal.send("end")
        terminal.wait_for("REPLAY · ABORTED")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
    seat.close()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_no_file_is_opened_for_writing(log: Path, tmp_path: Path) -> None:
    traced = tmp_path.parent / f"{tmp_path.name}-trace"
    tracer = ("strace", "-f", "-qq", "-e", "trace=openat,open,creat,rename,unlink,mkdir,ftruncate", "-o", str(traced))
    with replay(str(log), tracer=tracer) as terminal:
        terminal.wait_for("event 1 of 24", timeout_s=60)
        terminal.send("right", "end")
        for key, opened in (("p", "↑ ↓ scroll"), ("g", "Enter goes there"), ("?", "↑ ↓ scroll")):
            terminal.send(key)
            terminal.wait_for(opened, timeout_s=60)
            terminal.send("escape")
            terminal.wait_until_gone(opened, timeout_s=60)
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
    calls = [line for line in traced.read_text().splitlines() if "ENOENT" not in line and "resumed>" not in line]
    writing = [
        line for line in calls if not re.search(r"open(at)?\(", line) or re.search(r"O_(WRONLY|RDWR|CREAT)", line)
    ]
    assert [line for line in writing if "/dev/" not in line] == []


def test_a_log_that_was_cut_in_a_line_shows_what_is_there_and_a_compressed_one_too(tmp_path: Path) -> None:
    whole = (GOLDEN / "night.jsonl").read_bytes()
    lines = whole.split(b"\n")
    torn = tmp_path / "torn.jsonl.gz"
    torn.write_bytes(gzip.compress(whole[: len(whole) - len(lines[-2]) // 2]))
    with replay(str(torn)) as terminal:
        terminal.wait_for("event 1 of 23 ")
        terminal.send("end")
        terminal.wait_for("event 23 of 23 ")
        terminal.wait_for(r"THE LOG: it ends in the middle of a line: \d+ bytes are no event")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
    newer = tmp_path / "newer.jsonl"
    newer.write_bytes(b"".join([*(line + b"\n" for line in lines[:5]), lines[5].replace(b'{"v":1', b'{"v":2') + b"\n"]))
    with replay(str(newer)) as terminal:
        terminal.wait_for("event 1 of 4 ")
        terminal.send("end")
        terminal.wait_for("nothing more can be shown: line 6 has format version 2, .* update cockpit")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
    flipped = tmp_path / "flipped.jsonl"
    flipped.write_bytes(whole.replace(b"the twelve are test users", b"the twelve are best users"))
    with replay(str(flipped), "--at", "!hold") as terminal:
        terminal.wait_for("THE LOG: .*not proven from here on")
        terminal.wait_for("≠")
        terminal.wait_for("NOT VERIFIED")
        terminal.send("home")
        terminal.wait_until_gone("THE LOG: ")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--zone", "Nowhere/Land"), 2, "there is no time zone `Nowhere/Land`"),
        (("nothing-there",), 2, "got unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_is_answered_before_a_screen(
    log: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    with replay(str(log), *arguments) as terminal:
        assert terminal.wait_for_exit() == status
        terminal.wait_for(re.escape(said))


def test_in_a_tiny_window_nothing_breaks(log: Path) -> None:
    with replay(str(log), columns=40, lines=13) as terminal:
        terminal.wait_for("paused 1x · event 1 of 24")
        terminal.send(" ", "+", "right", "z", "m", "d")
        terminal.wait_for("Difference")
        terminal.send("escape")
        terminal.wait_until_gone("Difference")
        terminal.send("end")
        terminal.wait_for("FINISHED|event 24")
        terminal.resize(39, 12)
        terminal.wait_for("40x13 at least")
        terminal.resize(200, 60)
        terminal.wait_for("event 24 of 24")
        terminal.send("q")
        assert terminal.wait_for_exit() == 0
