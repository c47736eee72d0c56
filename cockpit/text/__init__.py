"""Text from outside, made visible: the one place where characters lose their power. And counts with nouns.

Invariant: what `visible` returns holds nothing that a terminal obeys or that no eye sees, so that it can only be shown;
applying it twice changes nothing. Everything that came from a server, a row, a command, a file, a profile or another
person's log passes through here before it enters an event, a widget or plain output. What was forgotten meets `streams`
on its way out.

What is replaced, by Unicode 17: controls (Cc), formats (Cf), line and paragraph separators, whatever is ignorable by
default (UAX 44: variation selectors, fillers, tags, U+034F), lone surrogates, noncharacters, private use (a font
decides what it looks like: it may be ✔ on one screen and nothing on another), and U+FFFC, which stands for what is
not there. What stays: the number signs of Arabic, Syriac and Kaithi, which are formats only by name and have a shape
(UAX 44: Prepended_Concatenation_Mark); spaces of every width and U+2800, which are blanks and are seen as such; what is
not assigned yet, which a terminal shows as a box, or as the new picture that it is.

Scripts stay readable. Marks stay marks, up to `MOST_MARKS` on one letter; what is more is counted instead. A joiner
(U+200C, U+200D) between letters is shown by its number: the letters stand there as they do without it. Between two
pictures it is left out, and so is what only chooses between two looks of one picture (U+FE0E, U+FE0F): the pictures
stand beside each other, as UTS 51 has it where they cannot be one. Letters of tags (U+E0020 to U+E007E) are shown as
what they spell, for text is hidden so; behind a flag they name its country.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

MOST_MARKS = 8
"""On one letter: the longest stack of any language, the Tibetan U+0F67 U+0F90 U+0FB5 U+0FA8 U+0FB3 U+0FBA U+0FBC …"""
_OF_NO_PLANE = "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 15))
_ACTING = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U00013430-\U0001343f"
    f"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a{_OF_NO_PLANE}\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_TAGS = "[\U000e0020-\U000e007e]+\U000e007f?"
_PICTURES = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23fa\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_LEFT_OUT = (
    f"(?<=[{_PICTURES}])(?:\ufe0f?\u200d(?=[{_PICTURES}])|[\ufe0e\ufe0f])"  # of one picture, or between two
    "|(?<=[0-9#*])\ufe0f(?=\u20e3)"  # of a key
)
_ANY = f"({_LEFT_OUT})|{_TAGS}|[{_ACTING}]"
_ANY_BUT_NEWLINE = f"(?!\n)(?:{_ANY})"
_ONE_BUT_LINE_END = f"(?!\n|\t|\r\n)[{_ACTING}]"
_QUIET = (
    " -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u200a\u2010-\u2027\u202f-\u205f\u2070-\u20cf\u2100-\u2bff"
    "\u3000-\u3029\u3041-\u3096\u30a0-\u312f\u3190-\ua48f\uac00-\ud7a3\uf900-\ufaff\uff01-\uff9f\U0001f000-\U0001faff"
)
"""Nearly all that is shown: the letters of many scripts and every sign, but no mark, and nothing that acts."""
_NOTHING_TO_DO, _NOTHING_BUT_LINES, _NOTHING_IN_DATA = f"[{_QUIET}]*", f"[{_QUIET}\n]*", f"[{_QUIET}\n\t]*"
# No letter and no picture: marks are among these, and they are looked at one by one where one begins a line, or many
# follow each other.
_MAY_BE_MARK = r"[^\w\x00-\u02ff\u2000-\u20cf\u2100-\u2bff\U0001f000-\U0001faff]"
_MARKS = f"(?m)^{_MAY_BE_MARK}+|{_MAY_BE_MARK}{{{MOST_MARKS + 1},}}"
_compiled = cache(re.compile)
"""Only what is needed: all of them together take longer than most commands need to answer."""


def visible(text: str, *, multiline: bool = False) -> str:
    """Return `text` with every character that could act replaced by one that can only be seen.

    Tabs become four spaces. Newlines stay if `multiline`, else they show as `␊`. A mark that would stand on whatever is
    before the text stands on a circle.
    """
    if text.isascii() and text.isprintable():
        return text  # nearly all of it, and every screen asks for hundreds
    if _compiled(_NOTHING_BUT_LINES if multiline else _NOTHING_TO_DO).fullmatch(text):
        return text
    text = text.replace("\t", "    ")
    if multiline:
        text = _compiled(_ANY_BUT_NEWLINE).sub(_picture, text.replace("\r\n", "\n"))
    else:
        text = _compiled(_ANY).sub(_picture, text)
    return text if text.isascii() else _compiled(_MARKS).sub(_marks, text)


def inert(text: str) -> str:
    """Return data with every character that could act replaced, line ends and tabs as they are; nothing is left out."""
    return _data(text, _picture)


def json_escaped(json: str) -> str:
    """Return JSON that means the same, with whatever could act as `\\u202e`; line ends between values stay."""
    return _data(json, _in_json)


def toml_escaped(toml: str) -> str:
    """Return TOML that means the same, with whatever could act as `\\u202E`; it may stand in basic strings alone."""
    return _data(toml, _in_toml)


def _data(text: str, shown: Callable[[re.Match[str]], str]) -> str:
    return text if _compiled(_NOTHING_IN_DATA).fullmatch(text) else _compiled(_ONE_BUT_LINE_END).sub(shown, text)


def shortened(text: str, limit: int) -> str:
    """Return one visible line of at most `limit` characters, ending in `…` where something was cut off."""
    line = visible(text)
    return line if len(line) <= limit else line[: max(0, limit - 1)] + "…"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 fact`, `3 facts`, `0 facts`; `many` where that is more than an `s`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _picture(match: re.Match[str]) -> str:
    if match.lastindex:
        return ""
    found = match[0]
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's own control pictures: ␀ to ␟
    if code == 0x7F:
        return "␡"
    if 0xE0020 <= code <= 0xE007E:
        return f"‹tags {''.join(chr(ord(each) - 0xE0000) for each in found if each != _LAST_TAG)}›"
    return f"‹U+{code:04X}›"


_LAST_TAG = "\U000e007f"


def _marks(match: re.Match[str]) -> str:
    """As they are, but for those that would stand on what is before the text, and those that are too many."""
    kept, count = [], 0
    if match.start() == 0 or match.string[match.start() - 1] == "\n":
        kept = ["◌"] if _is_mark(match[0][0]) else []
    for each in match[0]:
        count = count + 1 if _is_mark(each) else 0
        if count <= MOST_MARKS:
            kept.append(each)
        elif count == MOST_MARKS + 1:
            kept.append("")
        if count > MOST_MARKS:
            kept[-1] = f"‹{counted(count - MOST_MARKS, 'more mark')}›"
    return "".join(kept)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _in_json(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _in_toml(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
