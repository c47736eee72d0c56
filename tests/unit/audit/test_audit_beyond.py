"""What stands behind a break is shown whole: each line as an event, or in a sentence that says why not."""

from __future__ import annotations

import os
import random
import re
from itertools import pairwise
from pathlib import Path

import pytest
from bad_logs import LINES

from cockpit.audit import beyond
from cockpit.audit.beyond import Beyond, Break
from cockpit.audit.line import Envelope
from cockpit.audit.walking import Walk

RUN = "01M7NGHT000000000000000000"


def read(path: Path, *, line: int = 1, start: int = 0, seq: int = 0, run: str = RUN) -> list[Envelope | Break]:
    with path.open("rb") as log:
        told = Beyond(log.fileno(), start=start, line=line, run=run, seq=seq).read()
        return [each if isinstance(each, Break) else each[0] for each in told]


def test_every_line_is_an_event_or_in_a_sentence(tmp_path: Path) -> None:
    """Whatever was taken out, put in, repeated or moved."""
    chance, path = random.Random(11), tmp_path / "log"
    for _ in range(150):
        lines = [line for line in LINES if chance.random() < 0.9]
        for _ in range(chance.randrange(4)):
            junk = chance.choice([b"\n", b"junk\n", b"\xff\n", b"{}\n", lines[0].replace(RUN.encode(), b"R2")])
            lines[chance.randrange(len(lines))] = junk
        if chance.random() < 0.3:
            chance.shuffle(lines)
        path.write_bytes(b"".join(lines))
        told = read(path)
        shown = [each.seq for each in told if isinstance(each, Envelope)]
        breaks = [each for each in told if isinstance(each, Break)]
        ours = [line for line in lines if line in LINES]
        assert shown == [LINES.index(line) + 1 for line in ours]
        skipped = [
            match for each in breaks if (match := re.match(r"lines? (\d+)(?: to (\d+))? (is|are) no", each.what))
        ]
        not_shown = {n for match in skipped for n in range(int(match[1]), int(match[2] or match[1]) + 1)}
        assert not_shown == {number for number, line in enumerate(lines, 1) if line not in LINES}
        # The order of the first line that is looked at is for whoever found the break to tell.
        steps = list(pairwise(shown))
        if lines[0] in LINES:
            assert len(
                [each for each in breaks if "missing before" in each.what or " again, after " in each.what]
            ) == sum(later != earlier + 1 for earlier, later in steps)


def test_of_a_run_that_nobody_knows_yet_the_first_event_says_which_it_is(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"junk\n" + LINES[4] + LINES[5].replace(RUN.encode(), b"R2") + LINES[6])
    told = read(tmp_path / "log", run="")
    assert [each.seq if isinstance(each, Envelope) else each.what for each in told] == [
        "line 1 is no event of this run, and cannot be shown",
        "events 1 to 4 are missing before line 2",
        5,
        "line 3 is no event of this run, and cannot be shown",
        "event 6 is missing before line 4",
        7,
    ]


def test_a_line_of_a_newer_cockpit_ends_it(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"junk\n" + LINES[0] + b'{"v":2}\n' + LINES[1])
    told = read(tmp_path / "log")
    assert isinstance(told[-1], Break)
    assert told[-1].what == "line 3 was written by a newer cockpit, and what follows: update cockpit"
    assert len([each for each in told if isinstance(each, Envelope)]) == 1


def test_a_cut_line_behind_others_is_told_and_alone_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(LINES[0] + b'{"v":1')
    assert isinstance(told := read(tmp_path / "log")[-1], Break)
    assert told.what == "line 2 was cut off: its newline is missing, so it is no line yet"
    assert read(tmp_path / "log", line=2, start=len(LINES[0]), seq=1) == []


def test_what_is_no_log_any_more_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "FRUITLESS_BYTES", 1000)
    (tmp_path / "log").write_bytes(LINES[0] + b"x" * 99 + b"\n" + (b"y" * 99 + b"\n") * 500 + LINES[1])
    told = read(tmp_path / "log")
    assert isinstance(told[-1], Break)
    assert re.fullmatch(r"after line \d+ no more events were looked for", told[-1].what)


def test_a_hole_is_stepped_over_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    path.write_bytes(LINES[0])
    os.truncate(path, 5 * 1024**3)
    with path.open("ab") as log:
        log.write(b"\n" + LINES[1])
    reads = []
    pread = os.pread
    monkeypatch.setattr(beyond.os, "pread", lambda *given: reads.append(given) or pread(*given))
    told = read(path)
    assert [each.seq for each in told if isinstance(each, Envelope)] == [1, 2]
    assert len(reads) < 100


def test_a_walk_leads_to_what_is_beyond_its_end(tmp_path: Path) -> None:
    """From the first line that does not count, also where a torn line lies between."""
    for damaged in ([*LINES[:9], *LINES[12:]], [*LINES[:9], b"torn\n", *LINES[12:]], [b"torn\n", *LINES[12:]]):
        (tmp_path / "log").write_bytes(b"".join(damaged))
        walk = Walk(tmp_path / "log")
        counted = sum(len(batch) for batch in walk.batches())
        rest = [each for each in walk.beyond().read() if not isinstance(each, Break)]
        walk.close()
        assert counted == (9 if damaged[0] == LINES[0] else 0)
        assert [raw for _, raw in rest] == [line[:-1] for line in LINES[12:]]
