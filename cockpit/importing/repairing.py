"""Text that was decoded wrongly once, or twice, made right: UTF-8 that was read as Windows-1252, Mac Roman, Latin-1
or a DOS code page.

    whole document ─▶ (it fits no single code page) ─▶ line by line: lost bytes, ftfy, symbols one by one

Invariants: as many lines come out as went in; a line that was right comes out as it was. What decides is whether the
characters, taken back to bytes, are UTF-8 of something people write: three bytes that are a tick, an arrow or an emoji
stand in no sentence by chance, two that are a letter do, so these are left to ftfy's measured rules or to the whole
document's evidence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import ftfy
from ftfy.badness import is_bad
from msgspec import Struct

_ASCII = frozenset(map(chr, range(0x80)))
_ROUNDS = 3
"""How often one text is taken back: nobody damages it oftener and still hands it on."""
_FROM_SEQUENCES = 3
"""UTF-8 sequences in a whole document before it is taken back as a whole."""
_SYMBOLS = (
    (0x2010, 0x2027), (0x2030, 0x205E), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2190, 0x23FF), (0x2460, 0x27BF),
    (0x2900, 0x297F), (0x2B00, 0x2BFF), (0xF8FF, 0xF8FF), (0xFE0F, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFFD, 0xFFFD),
    (0x1F000, 0x1FAFF),
)  # fmt: skip
"""Punctuation, arrows, mathematics, boxes, dingbats, emoji; no letters."""
_RARE = (
    (0x80, 0x9F), (0x180, 0x191), (0x193, 0x217), (0x21C, 0x36F), (0x460, 0x48F), (0x492, 0x5CF), (0x700, 0x8FF),
    (0xE000, 0xF8FE),
)  # fmt: skip
"""What accidental sequences give (controls, phonetic letters; `’é` in Mac Roman is an Armenian one)."""
_FOREIGN = ((0x370, 0x45F), (0x5D0, 0x6FF), (0x900, 0x1FFF), (0x3040, 0x9FFF), (0xAC00, 0xD7A3))
"""Letters of other scripts: several in a row are no accident either."""
_FROM_FOREIGN = 4
"""Letters of other scripts before a single line is taken back for them alone."""


class Repair(Struct, frozen=True, kw_only=True):
    """Lines after repair."""

    lines: tuple[str, ...]
    repaired: tuple[int, ...]
    """Numbers of the lines that changed, from 1."""
    lost: tuple[int, ...]
    """Of these, the lines in which a character could not be had back; `�` stands for it."""


class _Page(Struct, frozen=True, kw_only=True):
    """One code page as a table of its characters from byte 0x80 on, and patterns of UTF-8 sequences in them."""

    bytes_of: dict[str, int]
    draws: bool
    """It has the lines that boxes are drawn of."""
    table: dict[int, str]
    """The same for `str.translate`, bytes as the Latin-1 characters of their number."""
    stray: re.Pattern[str]
    """Something that is no UTF-8 in this code page: a character that it has not, or a sequence begun and not ended."""
    long: re.Pattern[str]
    """One sequence of three or four bytes."""
    longs: re.Pattern[str]
    """Two or more sequences of three bytes in a row."""


def _page(codec: str) -> _Page:
    high = [(bytes([byte]).decode(codec, "replace").replace("\ufffd", chr(byte)), byte) for byte in range(0x80, 0x100)]
    bytes_of = {chr(byte): byte for byte in range(0x80, 0xA0)} | dict(high)

    def chars(first: int, last: int) -> str:
        return "[" + "".join(re.escape(char) for char, byte in bytes_of.items() if first <= byte <= last) + "]"

    tail, lead = chars(0x80, 0xBF), chars(0xC0, 0xFF)
    three = f"{chars(0xE0, 0xEF)}{tail}{{2}}"
    known = "".join(re.escape(char) for char in bytes_of)
    return _Page(
        bytes_of=bytes_of,
        draws="│" in bytes_of,
        table={ord(char): chr(byte) for char, byte in bytes_of.items()},
        stray=re.compile(f"[^\\x00-\\x7f{known}]|{lead}(?!{tail})|(?<![^\\x00-\\x7f]){tail}"),
        long=re.compile(f"{chars(0xF0, 0xF4)}{tail}{{3}}|{three}"),
        longs=re.compile(f"(?:{three}){{2,64}}"),
    )


_WINDOWS, _MAC = _page("cp1252"), _page("mac_roman")
_PAGES = (_WINDOWS, _MAC, _page("cp437"), _page("cp850"))
_LETTER = re.compile(r"(?![\x00-\x7f])[^\W\d_]")
_OF_PAGES = re.compile("[" + "".join(re.escape(char) for page in _PAGES for char in page.bytes_of) + "]")
_TAIL = "[" + "".join(re.escape(char) for char, byte in _WINDOWS.bytes_of.items() if byte <= 0xBF) + "]"

# Windows-1252 has no characters for the bytes 81, 8D, 8F, 90 and 9D; many programs drop them.
_LOST_EMOJI = re.compile(f"ðŸ{_TAIL}(?!{_TAIL})")
_LOST_VARIATION = re.compile(f"ï¸(?!{_TAIL})")
_LOST_LAST = re.compile(f"â([€˜†‡”•])(?!{_TAIL})")
_LAST = {"€": "”", "˜": "☐", "†": "←", "‡": "⇐", "”": "┐", "•": "═"}
_LOST_MIDDLE = re.compile(f"(?<![^\\W\\d_])â({_TAIL})(?!{_TAIL})")
_EMOJI = (0x2049, 0x23CF, *range(0x23E9, 0x23F4), 0x23F8, 0x23F9, 0x23FA, 0x2744, 0x2747, 0x274C, 0x274E)
_MIDDLE = {char & 0x3F | 0x80: chr(char) for char in (*_EMOJI, 0x2753, 0x2754, 0x2755, 0x2757, 0x2763, 0x2764)}

_MAC_LETTER = re.compile("(?<=[A-Za-z]{2})√([Ä-ÿ†°¢£§•¶ß®©™´¨≠Æ∞±≤≥¥µ∂∑∏π∫ªºΩæø])|√([§ß†°©™´¨≠±≤≥ªº])(?=[a-z]{2})")
_MAC_LOST = re.compile(
    "(?<!\\w)ü(?![äöü]{2})[ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø]{2}(?!\\w)"
)
"""A four-byte sequence whose first byte is gone: Mac Roman has Apple's logo there, which is of no standard."""
_WRONGLY_CASED = re.compile("[A-Z]{2}[à-öø-ÿ]")


def repaired(lines: tuple[str, ...]) -> Repair:
    """Take back what was decoded wrongly, in the whole text or in single lines."""
    if all(line.isascii() for line in lines):
        return Repair(lines=lines, repaired=(), lost=())
    whole = "\n".join(lines)
    for _ in range(_ROUNDS):
        whole, before = _whole(whole) or whole, whole
        if whole == before:
            break
    now = whole.split("\n")
    is_mac = any(_symbols(line, _MAC) != line for line in now if not line.isascii())
    now = [line if line.isascii() else _line(line, is_mac=is_mac) for line in now]
    changed = tuple(number for number, line in enumerate(now, 1) if line != lines[number - 1])
    lost = tuple(number for number in changed if now[number - 1].count("�") > lines[number - 1].count("�"))
    return Repair(lines=tuple(now), repaired=changed, lost=lost)


def _whole(text: str) -> str | None:
    """The text taken back as a whole, if every character beyond ASCII is a part of UTF-8 of something people write."""
    for page in _PAGES:
        taken = _taken_back(text, page)
        if taken is None or taken.count("\n") != text.count("\n"):
            continue
        beyond = [char for char in taken if not char.isascii()]
        if len(beyond) >= _FROM_SEQUENCES and len(set(beyond)) > 1 and _right(taken, page):
            return taken
    return None


def _taken_back(text: str, page: _Page) -> str | None:
    if page.stray.search(text) or (page.draws and not _LETTER.search(text)):
        return None  # boxes drawn by their lines are UTF-8 by accident
    try:
        return text.translate(page.table).encode("latin-1").decode()
    except UnicodeDecodeError:
        return None


def _right(taken: str, page: _Page) -> bool:
    """People write it, or it can be taken back once more, to what they write."""
    if all(map(_written, set(taken) - _ASCII)):
        return True
    again = _taken_back(taken, page)
    return again is not None and all(map(_written, set(again) - _ASCII))


def _line(line: str, *, is_mac: bool) -> str:
    if not _OF_PAGES.search(line):
        return line
    for _ in range(_ROUNDS):
        before = line
        for step in (_whole_line, _symbols_of_all, _lost, _by_ftfy, _mac_letters):
            line = step(line)
        if is_mac:
            line = _MAC_LOST.sub(lambda match: _symbols("\uf8ff" + match[0], _MAC).lstrip("\uf8ff"), line)
        if line == before or line.isascii():
            break
    return line


def _whole_line(line: str) -> str:
    """The line taken back as a whole, if all of it is UTF-8 and something in it is so by no accident."""
    for page in _PAGES:
        taken = _taken_back(line, page)
        if taken is None or "\n" in taken or "\r" in taken or not _right(taken, page):
            continue
        foreign = sum(_within(char, _FOREIGN) for char in taken if not char.isascii())
        if foreign >= _FROM_FOREIGN or (page.long.search(line) and _symbols(line, page) != line):
            return taken
    return line


def _symbols_of_all(line: str) -> str:
    for page in _PAGES:
        line = _symbols(line, page)
    return line


def _symbols(line: str, page: _Page) -> str:
    """Every sequence that is a symbol, and every two that are letters of another script, taken back."""
    if not page.long.search(line):
        return line
    line = page.longs.sub(_if(lambda char: _within(char, _FOREIGN) or _within(char, _SYMBOLS), page), line)
    return page.long.sub(_if(lambda char: _within(char, _SYMBOLS), page), line)


def _if(fits: Callable[[str], bool], page: _Page) -> Callable[[re.Match[str]], str]:
    def taken(match: re.Match[str]) -> str:
        back = _taken_back(match[0], page)
        if back is None or not all(fits(char) and _written(char) for char in back):
            return match[0]
        return back

    return taken


def _lost(line: str) -> str:
    """Sequences of which a byte is gone: the character that it surely was, else `�`."""
    if "ï" in line or "ð" in line:
        line = _LOST_VARIATION.sub("", _LOST_EMOJI.sub("�", line))
    if "â" in line:
        line = _LOST_LAST.sub(lambda match: _LAST[match[1]], line)
        line = _LOST_MIDDLE.sub(lambda match: _MIDDLE.get(_WINDOWS.bytes_of[match[1]], match[0]), line)
    return line


def _by_ftfy(line: str) -> str:
    if not is_bad(line):
        return line
    fixed = ftfy.fix_encoding(line)
    if "\n" in fixed or "\r" in fixed or (_WRONGLY_CASED.search(fixed) and not _WRONGLY_CASED.search(line)):
        return line  # `IRMÃ»` is a right word in its quotation mark
    return fixed


def _mac_letters(line: str) -> str:
    if "√" not in line:
        return line
    return _MAC_LETTER.sub(lambda match: _taken_back(match[0], _MAC) or match[0], line)


def _within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(char) <= last for first, last in ranges)


def _written(char: str) -> bool:
    """It is assigned, and no rarity that only accidents give."""
    return not _within(char, _RARE) and unicodedata.category(char) != "Cn"
