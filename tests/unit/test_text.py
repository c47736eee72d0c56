"""Text made visible, and counts with their nouns."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata

import pytest
from attacks import ACTING, ATTACKS, MARK, READING, TERMINAL, attack
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.cli.table import fitting, lines
from cockpit.text import MOST_MARKS, counted, inert, json_escaped, shortened, toml_escaped, visible
from cockpit.text.cells import cells, filled, fitted

SHAPED = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Formats by name that have a shape: Prepended_Concatenation_Mark (PropList.txt)."""
IGNORABLE = {
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010),
    *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0,
    *range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000),
}  # fmt: skip
"""Default_Ignorable_Code_Point (DerivedCoreProperties.txt), as it was from Unicode 14 to 17."""
BIDI = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
"""Bidi_Control (PropList.txt)."""
_PLANES = [
    range(0x34000),
    range(0xE0000, 0xE1100),
    *(range(plane << 16 | 0xFFC0, plane + 1 << 16) for plane in range(3, 17)),
]
EVERY = [chr(code) for codes in _PLANES for code in codes]
"""All characters there are, and of planes that hold none, or private ones alone, the ends."""


def has_to_be_replaced(character: str) -> bool:
    code, category = ord(character), unicodedata.category(character)
    if category in ("Cc", "Cs", "Co", "Zl", "Zp") or (category == "Cf" and code not in SHAPED):
        return True
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    is_hieroglyph_format = 0x13430 <= code <= 0x1343F  # formats since Unicode 15
    return code in IGNORABLE or code in BIDI or is_noncharacter or is_hieroglyph_format or code == 0xFFFC


HAVE_TO_GO = {each for each in EVERY if has_to_be_replaced(each)}


def test_of_all_of_unicode_nothing_is_left_that_acts_or_that_nobody_sees_and_nothing_else_is_touched() -> None:
    shown = visible("x".join(EVERY))
    left = set(shown)
    assert [f"{ord(each):X}" for each in EVERY if (each in left) is (each in HAVE_TO_GO)] == []
    assert shown.count("x") == len(EVERY) + 1  # none took another away, and the tag U+E0078 spells one
    assert visible(shown) == shown


@pytest.mark.parametrize("transform", [inert, json_escaped, toml_escaped])
def test_the_filters_of_data_know_the_same_characters_and_leave_line_ends_and_tabs(transform: object) -> None:
    assert callable(transform)
    left = set(transform("x".join(EVERY)))
    assert left == set(EVERY) - HAVE_TO_GO | {"\n", "\t"}
    assert transform("a\r\nb\tc\n") == "a\r\nb\tc\n"
    assert "\r" not in transform("a\rb")


def test_controls_are_shown_as_unicode_has_pictures_of_them() -> None:
    assert visible("a\x00b\x1b[31m\x7f\x9b2J\r\n") == "a␀b␛[31m␡‹U+009B›2J␍␊"
    assert visible("a\tb\r\nc\vd\n", multiline=True) == "a    b\nc␋d\n"


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_is_left_in_what_is_visible_and_all_of_its_words_are(name: str) -> None:
    text = attack(name)
    for shown in (
        visible(text),
        visible(text, multiline=True),
        shortened(text, 100_000),
        inert(text).replace("\r\n", "\n"),
    ):
        assert not ACTING.search(shown)
        assert shown.count(MARK) == 2
        assert [each for each in re.findall(r"[!-~]+", ATTACKS[name]) if each not in shown] == []
    assert "\n" not in visible(text)
    if name in (TERMINAL | READING):
        assert visible(text) != text


@given(
    st.text(
        st.one_of(st.characters(), st.sampled_from("\r\n\t\x1b\x9b\u200d\ufe0f\u0301\U000e0041👩⚠🏴1\u20e3")),
        max_size=40,
    )
)
@example("👩\u200d💻⚠\ufe0f")
@example("\u0301" * 40)
def test_what_is_visible_stays_as_it_is_and_holds_nothing_that_acts(text: str) -> None:
    for multiline in (False, True):
        shown = visible(text, multiline=multiline)
        assert visible(shown, multiline=multiline) == shown
        assert not any(has_to_be_replaced(each) and (each != "\n" or not multiline) for each in shown)
        assert inert(shown) == shown
    assert not any(has_to_be_replaced(each) and each not in "\r\n\t" for each in inert(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("مرحبا بالعالم ١٢٣ \u0600١٢", "مرحبا بالعالم ١٢٣ \u0600١٢"),
        ("בְּרֵאשִׁ֖ית בָּרָ֣א", "בְּרֵאשִׁ֖ית בָּרָ֣א"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("क्\u200dष and می\u200cخواهم", "क्‹U+200D›ष and می‹U+200C›خواهم"),
        ("Việt Nam: Nguye\u0302\u0303n", "Việt Nam: Nguye\u0302\u0303n"),
        ("한국어 \u1112\u1161\u11ab, 日本語, 中文", "한국어 \u1112\u1161\u11ab, 日本語, 中文"),
        ("ཧྐྵྨླྺྼྻྂ", "ཧྐྵྨླྺྼྻྂ"),
        ("⚠\ufe0f Danger ✔\ufe0e 1\ufe0f\u20e3 done", "⚠ Danger ✔ 1\u20e3 done"),
        ("👨\u200d👩\u200d👧 👩🏽\u200d💻 ❤\ufe0f\u200d🔥", "👨👩👧 👩🏽💻 ❤🔥"),
        ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f 🇩🇪", "🏴‹tags gbsct› 🇩🇪"),
        ("delete\U000e0061\U000e006e\U000e0064 all", "delete‹tags and› all"),
        ("\U000e0001\U000e007f", "‹U+E0001›‹U+E007F›"),
        ("a\ufe0f 1\ufe0f ⚠\ufe0f\ufe0f", "a‹U+FE0F› 1‹U+FE0F› ⚠‹U+FE0F›"),
        ("👩\u200d \u200d💻 👩\u200d\u200d💻", "👩‹U+200D› ‹U+200D›💻 👩‹U+200D›‹U+200D›💻"),
        ("\ue0b0 \U000f0001 \ufffc \ufdd0 \U0001fffe", "‹U+E0B0› ‹U+F0001› ‹U+FFFC› ‹U+FDD0› ‹U+1FFFE›"),
        ("10\u00a0000\u202f€ \u3000⠀\u2800", "10\u00a0000\u202f€ \u3000⠀\u2800"),
    ],
)  # fmt: skip
def test_scripts_stay_readable_and_what_no_eye_sees_is_told(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_marks_beyond_what_any_language_has_are_counted_and_none_stands_on_what_is_before_the_text() -> None:
    assert visible("e" + "\u0301" * (MOST_MARKS + 1)) == "e" + "\u0301" * MOST_MARKS + "‹1 more mark›"
    assert visible("e" + "\u0301" * 10_000 + "f\u0302") == "e" + "\u0301" * MOST_MARKS + "‹9992 more marks›f\u0302"
    assert visible("\u0338x\n\u20e0y", multiline=True) == "◌\u0338x\n◌\u20e0y"
    assert visible("\u0338" * 20).startswith("◌")


def test_json_and_toml_mean_the_same_when_they_are_escaped() -> None:
    text = "".join(each for each in "x".join(EVERY) if not "\ud800" <= each <= "\udfff")
    assert json.loads(json_escaped(json.dumps({"k": text}, ensure_ascii=False)))["k"] == text
    raw = "".join(each for each in text if each >= " " and each != "\x7f").replace("\\", "").replace('"', "")
    assert tomllib.loads(toml_escaped(f'k = "{raw}"'))["k"] == raw


@pytest.mark.parametrize("columns", [20, 40, 79, None])
def test_columns_stay_straight_whatever_stands_in_them(columns: int | None) -> None:
    strange = (
        "日本語のタイトル",
        "Nguye\u0302\u0303n",
        "👨\u200d👩\u200d👧",
        "e" + "\u0301" * 50,
        "\u1112\u1161\u11ab",
    )
    titles = [shortened(text, 40) for text in ("plain", *strange, *ATTACKS.values())]
    rows = [
        ["run", "title", "n", "state"],
        *([f"{at}", title, str(at * 7), "going"] for at, title in enumerate(titles)),
    ]
    told = lines(fitting([rows], columns), columns, right=frozenset({2}))
    if columns is not None:
        assert all(cells(line) <= columns for line in told)
    else:
        assert len({cell_len(line) for line in told}) == 1  # as screens measure it
    assert [fitted("日本語", width) for width in range(8)] == ["", "…", "…", "日…", "日…", "日本…", "日本語", "日本語"]
    assert (filled("日本", 6), filled("日本", 6, right=True)) == ("日本  ", "  日本")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (counted(0, "fact"), "0 facts"),
        (counted(1, "fact"), "1 fact"),
        (counted(2, "fact"), "2 facts"),
        (counted(1, "fact waits", "facts wait"), "1 fact waits"),
        (counted(7, "fact waits", "facts wait"), "7 facts wait"),
    ],
)
def test_one_thing_is_one_and_any_other_number_many(told: str, said: str) -> None:
    assert told == said
