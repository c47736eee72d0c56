"""What a terminal's answers say, and what is lacking."""

from __future__ import annotations

import ast
import struct
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import cockpit.tui
from cockpit.doctor.findings import Finding, Level
from cockpit.doctor.terminal.answers import GLYPHS, Answers, questions, understood
from cockpit.doctor.terminal.asking import Said
from cockpit.doctor.terminal.judging import judge
from cockpit.doctor.terminal.looking import Seen, between, of_said
from cockpit.doctor.terminal.terminfo import colours
from cockpit.session.whence import Process

ACTING, READING = (72, 20), (40, 13)
PLACES = b"".join(b"\x1b[1;2R" for _ in GLYPHS)
WHOLE = (
    PLACES + b"\x1bP>|foot(1.16)\x1b\\\x1b[?2026;2$y\x1b[?2004;1$y\x1b[?1004;2$y\x1b[?1006;0$y\x1b[?1u"
    b"\x1b]11;rgb:ffff/fafa/f0f0\x07\x1bP1+r4d73=1b\x1b\\\x1b[1;1R\x1b[?62;4;22;52c"
)
ANSWERS = Answers(
    round_trip_s=0.004,
    name="foot(1.16)",
    attributes=(62, 52),
    modes={2026: 2, 2004: 2, 1004: 2, 1006: 2},
    background=(0, 0, 0),
    widths=dict.fromkeys(GLYPHS, 1),
)
WELL = Seen(
    is_terminal=True,
    size=(120, 40),
    term="xterm-256color",
    colorterm="truecolor",
    locale="C.UTF-8",
    colours=256,
    answers=ANSWERS,
)


def judged(seen: Seen = WELL, **changes: object) -> dict[str, Finding]:
    return {each.id: each for each in judge(replace(seen, **changes), ACTING, READING)}


def answering(**changes: object) -> dict[str, Finding]:
    return judged(answers=replace(ANSWERS, **changes))


def test_every_answer_is_understood():
    told = understood(WHOLE, 0.01)
    assert (told.name, told.attributes, told.kitty, told.has_ms) == ("foot(1.16)", (62, 4, 22, 52), True, True)
    assert (told.mode(2026), told.mode(2004), told.mode(1006), told.mode(7)) == (True, True, False, None)
    assert (told.background, told.is_light, told.takes_clipboard) == ((255, 250, 240), True, True)
    assert set(told.widths.values()) == {1}
    assert not told.obeys_c1
    assert not told.obeys_raw_c1


def test_an_answer_to_an_8_bit_control_is_told_by_where_it_comes():
    as_text = understood(PLACES + b"\x1b[0n\x1b[1;1R\x1b[?6c", 0.01)
    as_byte = understood(PLACES + b"\x1b[1;1R\x1b[0n\x1b[?6c", 0.01)
    assert (as_text.obeys_c1, as_text.obeys_raw_c1) == (True, False)
    assert (as_byte.obeys_c1, as_byte.obeys_raw_c1) == (False, True)


def test_keys_between_answers_change_nothing():
    keys = b"ls\n\x1b[A\x1bOP"
    assert understood(keys + WHOLE[:400] + keys + WHOLE[400:], 0.01).widths == understood(WHOLE, 0.01).widths


@given(st.binary(max_size=300))
def test_whatever_a_terminal_says_is_understood_or_passed_over(raw: bytes):
    told = understood(raw, 0.01)
    assert told.name.isprintable()


@pytest.mark.parametrize("form", ["\x1b[1;%sR", "\x1b[%s;1R", "\x1b[?64;%sc", "\x1b[?%s;2$y", "\x1b[?%su"], ids=ascii)
def test_a_number_without_end_is_no_answer(form: str):
    assert understood(form.encode() % (b"9" * 5000), 0.01) == Answers(round_trip_s=0.01)


def test_a_hostile_name_of_a_terminal_is_only_shown():
    assert understood(b"\x1bP>|evil\x9b2J\xe2\x80\xae\x1b\\", 0.01).name.isprintable()


def test_every_sign_that_screens_draw_with_is_measured():
    drawn = set()
    for path in Path(cockpit.tui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                drawn |= {char for char in node.value if ord(char) > 0x7F and unicodedata.category(char)[0] in "SP"}
    pictures = set(map(chr, range(0x2400, 0x2427)))  # stand for controls from outside, and are all alike
    assert drawn - pictures - set(GLYPHS) == set()


def test_a_plain_terminal_is_asked_nothing_that_it_would_print():
    assert b"\x1bP" not in questions(is_plain=True)
    assert b"\x1b]" not in questions(is_plain=True)


def test_a_terminal_that_is_well_has_nothing_to_mend():
    assert {each.level for each in judged().values()} == {Level.OK}


@pytest.mark.parametrize(
    ("changes", "id_", "level"),
    [
        ({"size": (30, 10)}, "terminal.size", Level.ERROR),
        ({"size": (71, 40)}, "terminal.size", Level.ERROR),
        ({"size": (80, 24)}, "terminal.size", Level.ADVICE),
        ({"size": None}, "terminal.size", Level.UNKNOWN),
        ({"term": "dumb"}, "terminal.term", Level.ERROR),
        ({"term": ""}, "terminal.term", Level.ERROR),
        ({"colours": None}, "terminal.term", Level.ADVICE),
        ({"colorterm": ""}, "terminal.colours", Level.ADVICE),
        ({"colorterm": "", "no_color": True}, "terminal.colours", Level.OK),
        ({"locale": "POSIX"}, "terminal.locale", Level.WARNING),
        ({"locale": ""}, "terminal.locale", Level.WARNING),
        ({"locale": "it_IT.utf8"}, "terminal.locale", Level.OK),
        ({"between": ("screen",)}, "terminal.screen", Level.WARNING),
        ({"between": ("mosh",)}, "terminal.mosh", Level.ADVICE),
        ({"between": ("script",)}, "terminal.script", Level.WARNING),
        ({"between": ("zellij",)}, "terminal.zellij", Level.ADVICE),
        ({"is_ssh": True}, "terminal.no_tmux", Level.ADVICE),
        ({"answers": None, "not_asked": "it did not answer, or too late"}, "terminal.answers", Level.UNKNOWN),
    ],
    ids=[str(number) for number in range(18)],
)
def test_what_is_around_the_terminal(changes: dict[str, object], id_: str, level: Level):
    assert judged(**changes)[id_].level is level


@pytest.mark.parametrize(
    ("changes", "id_", "level"),
    [
        ({"round_trip_s": 0.2}, "terminal.link", Level.ADVICE),
        ({"round_trip_s": 0.9}, "terminal.link", Level.WARNING),
        ({"widths": {**ANSWERS.widths, "✔": 2}}, "terminal.glyphs", Level.WARNING),
        ({"widths": dict.fromkeys(GLYPHS, 3)}, "terminal.glyphs", Level.WARNING),
        ({"widths": {}}, "terminal.glyphs", Level.UNKNOWN),
        ({"attributes": (62, 22)}, "terminal.copying", Level.UNKNOWN),
        ({"attributes": (62, 22), "has_ms": True}, "terminal.copying", Level.OK),
        ({"attributes": (52,)}, "terminal.copying", Level.UNKNOWN),
        ({"modes": {}}, "terminal.sync", Level.UNKNOWN),
        ({"modes": {2026: 0}}, "terminal.sync", Level.ADVICE),
        ({"modes": {2026: 4}}, "terminal.sync", Level.ADVICE),
        ({"modes": {2004: 0}}, "terminal.paste", Level.ADVICE),
        ({"background": None}, "terminal.background", Level.UNKNOWN),
        ({"background": (255, 255, 255)}, "terminal.background", Level.ADVICE),
        ({"obeys_c1": True}, "terminal.c1", Level.ADVICE),
        ({"obeys_raw_c1": True}, "terminal.c1", Level.ADVICE),
    ],
    ids=[str(number) for number in range(16)],
)
def test_what_the_terminal_said(changes: dict[str, object], id_: str, level: Level):
    assert answering(**changes)[id_].level is level


def test_a_glyph_that_takes_two_cells_is_named():
    assert answering(widths={**ANSWERS.widths, "✔": 2})["terminal.glyphs"].found == "these do not take one cell: ✔"


def test_in_tmux_what_it_answers_for_the_terminal_is_not_taken_for_the_terminals():
    silent = judged(between=("tmux",), answers=replace(ANSWERS, modes={}))
    assert "terminal.sync" not in silent, "tmux's own settings tell"
    assert silent["terminal.paste"].level is Level.OK
    found = judged(between=("tmux",))
    assert (found["terminal.link"].level, found["terminal.copying"].level) == (Level.UNKNOWN, Level.UNKNOWN)


def test_no_terminal_is_said_and_is_no_error():
    found = judged(Seen(is_terminal=False, not_asked="x", locale="C.UTF-8"))
    assert found["terminal.terminal"].level is Level.UNKNOWN
    assert max(found.values(), key=lambda each: -each.level).level > Level.WARNING


def test_no_answer_is_unknown():
    assert of_said(WELL, Said()).not_asked == "it did not answer, or too late"
    told = of_said(WELL, Said(0.01, b"")).answers
    assert told is not None
    assert told.mode(2026) is None


def test_what_stands_between_is_known_by_variables_and_by_the_processes_above():
    above = [Process(9, name, 0, 0, 1) for name in ("bash", "script", "su", "mosh-server")]
    assert between({"TMUX": "x,1,0", "STY": "", "ZELLIJ": "0"}, above) == ("tmux", "zellij", "script", "su", "mosh")


def entry(colours: int, magic: int) -> bytes:
    names, numbers = b"x|test\0", [-1] * 13 + [colours]
    wide = magic == 0o1036
    head = struct.pack("<6H", magic, len(names), 1, len(numbers), 0, 0) + names + b"\1"
    head += b"\0" * (len(head) % 2)
    return head + struct.pack(f"<{len(numbers)}{'i' if wide else 'h'}", *numbers)


@pytest.mark.parametrize(("magic", "many"), [(0o432, 256), (0o1036, 0x1000000)], ids=["16 bits", "32 bits"])
def test_terminfo_is_read_in_both_forms_and_where_the_host_keeps_it(tmp_path: Path, magic: int, many: int):
    for folder in ("usr/share/terminfo/x", "home/.terminfo/79"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/share/terminfo/x/xt").write_bytes(entry(many, magic))
    (tmp_path / "home/.terminfo/79/yt").write_bytes(entry(8, magic))
    (tmp_path / "usr/share/terminfo/x/xbad").write_bytes(b"\x1a\x01nonsense")
    environ = {"HOME": str(tmp_path / "home")}
    assert colours("xt", environ, tmp_path) == many
    assert colours("yt", environ, tmp_path) == 8
    assert colours("xbad", environ, tmp_path) == 0
    assert colours("none", environ, tmp_path) is None
    assert colours("../../etc/passwd", environ, tmp_path) is None
