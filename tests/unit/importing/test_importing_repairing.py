"""Text that was decoded wrongly is taken back, and text that was right stays as it was."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.importing.repairing import repaired

TEXTS = (
    "✅ Ready", "🚀 go", "🏗️ Infrastructure", "🔐 Security", "it’s “quoted” – yes", "café", "für schöne Grüße",
    "Привет, мир", "你好世界", "├── src", "❌ failed ⏰ late", "☐ box", "→ next", "più", "⚠️ careful", "naïve", "5 °C",
    "ÉCOLE", "ÄÖÜ",
)  # fmt: skip
RIGHT = (
    "SÃO PAULO, NÃO É", "«IRMû", "»CAFÉ« und »ÄRGER«", "OÙ\u00a0? OÙ\u00a0!", "déjà vu à l’été «\u00a0voilà\u00a0»",
    "«été…»", "Über ‚Öl‘ “Über” ‘Ära’", "d’été, l’œuvre, L’État, d’être, d’également", "„Öl“ in „Ägypten“",
    "Umlaute: äöü üöä ÄÖÜ ß", "Ω ± √2 √π 2√Ω a√π √(x)", "Привет мир «Ёлка» – да", "你好，世界 日本語 한국어",
    "├── src │ └── └─ ═ ║ ┌┐", "✅ 🚀 ⚠️ ❌ → ← ☐ ☑ 👩‍💻 🇫🇷", "naïve café Ångström Ærø", "Πρόσβαση στο σύστημα",
    "¿Qué? ¡Año! ñandú", "€ 5,– 10 µs 5 °C ½ × ÷ §", "þetta er íslenska: maðurinn, það", "Đặng Tiếng Việt â ấ ầ Ã ã",
    "İstanbul ığüşöç â", "Łódź żółć — „cytat”", "kärlek på ön: åäö ÅÄÖ™ É® CAFÉ™", "Ô temps, Ô ! ÔÔ", "ț ș ă â î",
    "מה שלומך", "مرحبا بالعالم", "Å Â Ã Ä", "1º 2ª N°", "‰ † ‡ • …", "ĳ ŉ ſ ŵ ŷ", "Σ σ ς Γ γ ≡ ∑",
)  # fmt: skip
"""Sentences of many languages, none damaged; among them those whose bytes in a code page look like UTF-8."""


def misread(text: str, codec: str, *, dropped: bool = False) -> str:
    """UTF-8 read as something else; bytes that it has no characters for become C1 controls, or are dropped."""
    made = ""
    for byte in text.encode():
        char = bytes([byte]).decode(codec, "replace")
        made += char if char != "\ufffd" else "" if dropped else chr(byte)
    return made


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "mac_roman"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_single_line_read_in_a_wrong_code_page_is_taken_back(codec: str, text: str):
    assert repaired((misread(text, codec),)).lines == (text,)


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "mac_roman"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_line_damaged_twice_is_taken_back_twice(codec: str, text: str):
    assert repaired((misread(misread(text, codec), codec),)).lines == (text,)


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "mac_roman", "cp437", "cp850"])
def test_a_whole_document_is_taken_back_whatever_it_says(codec: str):
    made = repaired(tuple(misread(text, codec) for text in (*TEXTS, "plain")))
    assert made.lines == (*TEXTS, "plain")
    assert made.repaired == tuple(range(1, len(TEXTS) + 1))


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "mac_roman"])
@pytest.mark.parametrize("text", [text for text in TEXTS if text != "Привет, мир"])
def test_one_damaged_line_among_right_ones_is_taken_back_alone(codec: str, text: str):
    made = repaired((misread(text, codec), "right: é à ☺ ß", *RIGHT))
    assert made.lines == (text, "right: é à ☺ ß", *RIGHT)
    assert made.repaired == (1,)


def test_symbols_whose_undefined_bytes_were_dropped_are_had_back_where_only_one_fits():
    given_back = ("❌ failed", "⏰ late", "“x”", "☐ box", "it’s", "✅ done")
    made = repaired(tuple(misread(text, "cp1252", dropped=True) for text in given_back))
    assert made.lines == given_back
    assert made.lost == ()


def test_an_emoji_that_lost_a_byte_is_marked_as_lost_and_its_title_stays():
    made = repaired(("## ðŸ—ï¸ Infrastructure", "## ðŸ” Security", "âœ…"))
    assert made.lines == ("## � Infrastructure", "## � Security", "✅")
    assert made.lost == (1, 2)


def test_a_rocket_whose_apple_logo_was_dropped_is_had_back_beside_other_damage():
    assert repaired(("‚úÖ tests", "üöÄ start")).lines == ("✅ tests", "🚀 start")
    assert repaired(("üöÄ start",)).lines == ("üöÄ start",)


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_sentence_stays_as_it_is(text: str):
    assert repaired((text,)).repaired == ()
    assert repaired((text, text, text)).repaired == ()


def test_right_sentences_together_stay_as_they_are():
    assert repaired(RIGHT).repaired == ()


WORDS = st.sampled_from([word for text in RIGHT + TEXTS for word in text.split() if word not in "ÂÃâã"])


@given(st.lists(WORDS, min_size=1, max_size=12).map(" ".join))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_right_words_of_many_languages_in_any_order_stay_as_they_are(line: str):
    assert repaired((line,)).lines == (line,)


@given(st.lists(st.text(st.characters(), max_size=12), min_size=1, max_size=5))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_is_read_keeps_its_number_of_lines(texts: list[str]):
    lines = tuple(text.replace("\n", " ").replace("\r", " ") for text in texts)
    assert len(repaired(lines).lines) == len(lines)


@given(st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs", "Po"]), max_size=12), max_size=4))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_what_was_repaired_once_is_not_repaired_again(texts: list[str]):
    once = repaired(tuple(misread(text, "cp1252").replace("\x85", " ") for text in texts))
    assert repaired(once.lines).repaired == ()


def test_ten_thousand_damaged_lines_are_repaired_within_seconds():
    lines = tuple(f"{misread('✅ – it’s für', 'cp1252')} {number} é" for number in range(10_000))
    begun = time.process_time()
    assert len(repaired(lines).repaired) == len(lines)
    assert time.process_time() - begun < 4.0
