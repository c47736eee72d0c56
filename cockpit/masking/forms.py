"""Every form that one secret is written in.

Two sorts. What programs escape character by character, each in its own way (one quotes a `/` as `%2F`, the next as
`%2f` and leaves the `+`), is one pattern of RE2: a character stands as itself, percent-encoded (RFC 3986, 2.1; again
encoded, too), or escaped as JSON, C, Python, shells, SQL, CSV, HTML and XML do, or as `cockpit.text.visible` shows it.
What changes the whole is a text: base64 (RFC 4648) at any of its three alignments, hexadecimal digits, every single
character escaped.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

_BREAKS = b"\r\n \t"
_CONTINUED = rb"\+[ |]*\r?\n[ |]*"
"""psql ends a line with `+` where the value goes on in the next one, and may have columns on both sides."""
BREAK = rb"(?:[\r\n \t]|\\+[rn]|" + _CONTINUED + rb")*"
"""Between two characters of what is `squeezed`: `base64` breaks lines, YAML indents them, JSON escapes the breaks."""
ESCAPED_BREAK = re.compile(rb"\\{1,8}[rn]")
TABLE_BREAK = re.compile(_CONTINUED + rb"|\+[ |]*\r?\Z")
"""Also one of which the end is still to come."""
BETWEEN = re.compile(rb"(?:[\r\n \t]|\\{1,8}[rn])+")
"""What `flat` takes out."""
_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")
"""RFC 4648, 5: from the alphabet for URLs to the other one."""

_SQUEEZED_FROM = 16
"""Characters of base64 or hexadecimal digits: what is left of a cut one, and surely no other text."""
_HTML = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_C = {"\n": "n", "\r": "r", "\t": "t", "\a": "a", "\b": "b", "\f": "f", "\v": "v"}
_SPECIAL = {
    " ": (r"\+",),
    "'": (r"'\\+''", r"'\"'\"'", "''"),
    '"': ('""',),
    "%": ("%%",),
    "$": (r"\$\$",),
    "\n": (r"\r?\n[ \t]*", " +", r"\\+r\\+n", "%0d%0a"),
    "\t": ("    ",),
}
BEGUN = (
    rb"(?:%[0-9A-Fa-f]*|\\+(?:[xuU][0-9A-Fa-f{]*|[0-7]*|r\\*)?|&[#A-Za-z0-9;]*"
    rb"|'\\*'?|'\"'?\"?|[: ]|\r|\n[ \t]*|[\xc2-\xf4][\x80-\xbf]*)*"
)
"""A pattern for what may be the first bytes of one more character, or of some of them."""


def escaped(part: str, first: int) -> bytes:
    """A pattern for the part as it is, and with any of its characters escaped, in either case (of a host's name).

    Also for what is left of it where it was cut: at least its `first` characters; 0: only all are enough.
    """
    units = [_character(character) for character in part]
    return f"(?i:{_opening(units, first or len(units))})".encode("latin-1")


def escaped_end(part: str, last: int) -> bytes:
    """A pattern for what is left of the part where its beginning was cut off: at least its `last` characters."""
    return f"(?i:{_closing([_character(character) for character in part], last)})".encode("latin-1")


def escaped_beginning(part: str) -> bytes:
    """A pattern, in one group, for any beginning of that; the first bytes of the next character are not in it."""
    return chain([_character(character) for character in part])


def spelled(part: str) -> list[list[str]]:
    """The part with every character escaped, each way as patterns for the characters one by one."""
    return [[_spelled(character) for character in part], [_entity(character) for character in part]]


def spelled_beginning(part: str, units: list[str]) -> bytes:
    """A pattern, in one group, for any beginning of that; of bytes in hexadecimal digits also after a first one."""
    digits = [
        unit
        for byte in part.encode("utf-8", "surrogatepass")
        for unit in (f"(?:%(?:25)*|[: ]?){byte >> 4:x}", f"{byte & 15:x}")
    ]
    return b"(" + chain(units)[1:-1] + b"|" + chain(digits)[1:-1] + b")"


def spelled_pattern(units: list[str], first: int) -> bytes:
    """A pattern for at least so many of the first of them."""
    return f"(?i:{_opening(units, first or len(units))})".encode("latin-1")


def squeezed(part: str) -> Iterator[bytes]:
    """The part in base64 (of the usual alphabet) and in hexadecimal digits, not broken into lines."""
    for raw in _encoded(part):
        for before in range(3):
            # The characters that depend on the part alone, whatever stands around it.
            first, last = -(-8 * before // 6), 8 * (before + len(raw)) // 6
            text = base64.b64encode(b"\0" * before + raw)[first:last]
            yield text
            if b"+" in text or b"/" in text:
                yield text.replace(b"+", b"%2B").replace(b"/", b"%2F")
                yield text.replace(b"+", b"%2b").replace(b"/", b"%2f")
                yield text.replace(b"/", b"\\/")
        yield raw.hex().encode()
        yield raw.hex().upper().encode()


def flat(data: bytes) -> bytes:
    """Without breaks, in one alphabet: what is `squeezed` stands in it as a whole."""
    if b"\\" in data:
        data = ESCAPED_BREAK.sub(b"", data)
    return data.translate(_URL_ALPHABET, _BREAKS)


def broken(text: bytes) -> bytes:
    """A pattern for what is squeezed, with breaks, in either alphabet, perhaps cut."""
    either = {0x2B: "[+-]", 0x2F: "[/_]"}
    units = [either.get(byte) or _byte(byte) for byte in text]
    return _opening([units[0], *(BREAK.decode("latin-1") + unit for unit in units[1:])], _SQUEEZED_FROM).encode(
        "latin-1"
    )


def _encoded(text: str) -> tuple[bytes, ...]:
    """In UTF-8; in Latin-1; and as it becomes where the one is taken for the other, as servers do with headers."""
    raw = text.encode("utf-8", "surrogatepass")
    if raw.isascii():
        return (raw,)
    twice = raw.decode("latin-1").encode()
    try:
        return raw, twice, text.encode("latin-1")
    except UnicodeEncodeError:
        return raw, twice


def literal(text: bytes) -> bytes:
    """A pattern for so much of the text's beginning that it is no other's."""
    return "".join(map(_byte, text[:_SQUEEZED_FROM])).encode("latin-1")


def _opening(units: list[str], least: int) -> str:
    """The longest beginning of at least so many units, and the whole if it has fewer."""
    rest = units[least:]
    return "".join(units[:least]) + "".join(f"(?:{unit}" for unit in rest) + ")?" * len(rest)


def _closing(units: list[str], least: int) -> str:
    """The longest end of at least so many units."""
    rest = units[1:-least]
    return "(?:" * len(rest) + "".join(f"{unit})?" for unit in rest) + "".join(units[-least:])


def literal_beginning(text: bytes) -> bytes:
    """A pattern, in one group, for any beginning of it."""
    return chain([_byte(byte) for byte in text])


def chain(units: list[str]) -> bytes:
    """`a`, `ab`, `abc` …, but not the whole, as one group: nested, so that its size grows with the length alone."""
    rest = units[1:-1]
    return ("(" + units[0] + "".join(f"(?:{unit}" for unit in rest) + ")?" * len(rest) + ")").encode("latin-1")


# ---- single characters ---------------------------------------------------------------------------------------------


def _character(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    code, raw = ord(character), character.encode("utf-8", "surrogatepass")
    ways = ["".join(f"(?:{_byte(byte)}|%(?:25)*{byte:02x})" for byte in each) for each in _encoded(character)]
    ways.append(_entity(character))
    ways.append(r"\\+(?:" + "|".join(_codes(code, raw)) + ")")
    if character in _HTML:
        ways.append(f"&(?:amp;)*{_HTML[character]};")
    if character in _C:
        ways.append(rf"\\+{_C[character]}")
    if character.isascii():
        ways += [*_SPECIAL.get(character, ()), rf"\\+{_byte(code)}"]
    if code < 0x20:
        ways.append("".join(map(_byte, chr(0x2400 + code).encode())))
    elif not character.isprintable():
        ways.append("".join(map(_byte, f"‹U+{code:04X}›".encode())))
    return "(?:" + "|".join(ways) + ")"


def _spelled(character: str) -> str:
    """Percent-encoded, escaped by its code, or as bytes in hexadecimal digits with something between them."""
    code, raw = ord(character), character.encode("utf-8", "surrogatepass")
    ways = ["".join(f"(?:%(?:25)*|[: ]?){byte:02x}" for byte in raw), r"\\+(?:" + "|".join(_codes(code, raw)) + ")"]
    return "(?:" + "|".join(ways) + ")"


def _entity(character: str) -> str:
    return f"&(?:amp;)*#(?:0*{ord(character)}|x0*{ord(character):x});"


def _codes(code: int, raw: bytes) -> Iterator[str]:
    """After a backslash."""
    if code < 0x10000:
        yield f"u{code:04x}"
    else:
        yield rf"u{0xD800 + ((code - 0x10000) >> 10):x}\\+u{0xDC00 + (code & 0x3FF):x}"
    yield rf"u\{{0*{code:x}\}}"
    yield f"U{code:08x}"
    if code < 0x100:
        yield f"x{code:02x}"
    if len(raw) > 1:
        yield r"\\+".join(f"x{byte:02x}" for byte in raw)
    yield r"\\+".join(f"{byte:03o}" for byte in raw)


def _byte(byte: int) -> str:
    character = chr(byte)
    return character if character.isascii() and character.isalnum() else f"\\x{byte:02x}"
