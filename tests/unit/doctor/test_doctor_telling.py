"""Findings for eyes and for programs: visible text, lines to paste, at most 80 columns of prose."""

from __future__ import annotations

import json

import pytest
from attacks import ACTING, ATTACKS, MARK, attack

from cockpit.doctor.examine import looked
from cockpit.doctor.findings import Finding, Level, advice, as_json, error, finding, in_order, ok, unknown, warning
from cockpit.doctor.telling import summary, told

SOME = [
    ok("files.home", "~", "mode 0700"),
    error("files.pgpass", "~/.pgpass", "everybody may read it", "its passwords lie open", "chmod 600 ~/.pgpass"),
    unknown("terminal.copying", "copying", "it does not say", "", "# try it"),
    advice("files.umask", "umask", "0022", "others read", "umask 077"),
    warning("terminal.size", "size", "60x10", "nothing can be confirmed"),
]


def test_areas_stay_together_and_the_gravest_comes_first_in_each():
    assert [each.id for each in in_order([*SOME, SOME[1]])] == [
        "files.pgpass", "files.umask", "files.home", "terminal.size", "terminal.copying",
    ]  # fmt: skip


def test_a_glyph_and_a_word_say_how_grave_it_is_and_the_cure_stands_below():
    lines = list(told(in_order(SOME)))
    assert lines[:4] == [
        "files of yours",
        "  ✖ error   ~/.pgpass: everybody may read it; its passwords lie open",
        "            → chmod 600 ~/.pgpass",
        "  · advice  umask: 0022; others read",
    ]
    assert "  ✔ ok      in order: ~" in lines
    assert "            → try it" in lines, "what is for people alone stands there without its #"
    assert "  ✔ ok      ~: mode 0700" in list(told(in_order(SOME), everything=True))


def test_prose_keeps_to_80_columns_and_a_command_is_never_broken():
    command = "printf " + "x" * 100
    long = warning("host.x", "w" * 30, "found " * 20, "because " * 20, command, "# " + "prose " * 30)
    lines = list(told([long]))
    assert [line for line in lines if len(line) > 80] == [f"            → {command}"]


def test_the_summary_counts_each_level():
    assert summary(SOME) == "1 error, 1 warning, 1 to consider, 1 not known, 1 in order"


def test_the_json_has_every_field_and_the_level_by_its_word():
    [first, *_] = json.loads(as_json(SOME))
    assert first == {"level": "ok", "id": "files.home", "what": "~", "found": "mode 0700", "why": "", "cure": []}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_nothing_from_outside_acts_in_a_finding(name: str):
    text = attack(name)
    one = finding(Level.ERROR, "files.x", text, text, text, f"chmod 600 {text}")
    for line in [*told([one]), as_json([one]).decode()]:
        assert not ACTING.search(line)
    assert MARK in one.cure[0]


def test_a_look_that_fails_is_unknown_and_keeps_what_it_found_before():
    def look():
        yield SOME[0]
        raise RuntimeError("a host like no other \x1b[2J")

    first, second = looked("files", look)
    assert first is SOME[0]
    assert (second.level, second.id) == (Level.UNKNOWN, "files.failed")
    assert "\x1b" not in second.found


def test_an_ok_that_says_nothing_of_a_cure_is_no_finding_to_mend():
    assert Finding(Level.OK, "a.b", "c", "d").cure == ()
