"""Every form that one secret is written in.

Two sorts. What programs escape character by character, each in its own way (one quotes a `/` as `%2F`, the next as
`%2f` and leaves the `+`), is one pattern of RE2: a character stands as itself, percent-encoded (RFC 3986, 2.1; again
encoded, too), or escaped as JSON, C, Python, shells, SQL, CSV, HTML and XML do, or as `cockpit.text.visible` shows it.
What changes the whole is a text: base64 (RFC 4648) at any of its three alignments, hexadecimal digits, every single
character escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

BREAK = rb"(?:[\r\n \t]|\\+[rn])*"
"""Between two characters of what is `squeezed`: `base64` breaks lines, YAML indents them, JSON escapes the breaks."""
BREAKS = b"\r\n \t"
URL_ALPHABET = bytes.maketrans(b"-_", b"+/")
"""RFC 4648, 5: from the alphabet for URLs to the other one."""

_SQUEEZED_FROM = 16
"""Characters of base64 or hexadecimal digits: what is left of a cut one, and surely no other text."""
_HTML = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_C = {"\n": "n", "\r": "r", "\t": "t", "\a": "a", "\b": "b", "\f": "f", "\v": "v"}
_SPECIAL = {
    " ": (r"\+",),
    "'": (r"'\\{1,4}''", r"'\"'\"'", "''"),
    '"': ('""',),
    "%": ("%%",),
    "$": (r"\$\$",),
    "\n": (r"\r?\n[ \t]*", " +", r"\\{1,4}r\\{1,4}n", "%0[dD]%0[aA]"),
    "\t": ("    ",),
}
_BEGUN = (
    r"(?:%[0-9A-Fa-f]{0,5}|\\{1,4}(?:[xuU][0-9A-Fa-f{]{0,9}|[0-7]{0,2}|r\\{1,4})?|&[#A-Za-z0-9;]{0,10}"
    r"|'\\?'?|'\"'?\"?|\r|\n[ \t]{0,40}|[\xc2-\xf4\xe2][\x80-\xbf]{0,3})"
)
BEGUN = (_BEGUN + "{1,4}").encode("latin-1")
"""A pattern for what may be the first bytes of one more character."""


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
    """A pattern, in one group, for any beginning of that where a text ends."""
    begun = b"" if part.isascii() and part.isalnum() else b"(?:" + BEGUN + b")?"
    return chain([_character(character) for character in part]) + begun


def spelled(part: str) -> Iterator[bytes]:
    """The part with every character escaped."""
    raw = part.encode("utf-8", "surrogatepass")
    for digits in (raw.hex(), raw.hex().upper()):
        pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
        for before in ("%", "\\x", "\\\\x", "\\u00", "\\\\u00"):
            yield "".join(before + pair for pair in pairs).encode()
        yield ":".join(pairs).encode()
    yield "".join(f"&#{ord(character)};" for character in part).encode()


def squeezed(part: str) -> Iterator[bytes]:
    """The part in base64 (of the usual alphabet) and in hexadecimal digits, not broken into lines."""
    raw = part.encode("utf-8", "surrogatepass")
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


def broken(text: bytes) -> bytes:
    """A pattern for what is squeezed, with breaks, in either alphabet, perhaps cut."""
    either = {0x2B: "[+-]", 0x2F: "[/_]"}
    units = [either.get(byte) or _byte(byte) for byte in text]
    return _opening([units[0], *(BREAK.decode("latin-1") + unit for unit in units[1:])], _SQUEEZED_FROM).encode(
        "latin-1"
    )


def literal(text: bytes) -> bytes:
    """A pattern for the text itself, or so much of its beginning that it is no other's."""
    return _opening([_byte(byte) for byte in text], _SQUEEZED_FROM).encode("latin-1")


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
    ways = ["".join(f"(?:{_byte(byte)}|%(?:25){{0,2}}{_hex(byte)})" for byte in raw)]
    ways.append(r"\\{1,4}(?:" + "|".join(_codes(code, raw)) + ")")
    ways.append(f"&(?:amp;)?(?:#0{{0,5}}{code}|#[xX]0{{0,5}}{_digits(f'{code:x}')});")
    if character in _HTML:
        ways.append(f"&(?:amp;)?{_HTML[character]};")
    if character in _C:
        ways.append(rf"\\{{1,4}}{_C[character]}")
    if character.isascii():
        ways += [*_SPECIAL.get(character, ()), rf"\\{{1,4}}{_byte(code)}"]
    if code < 0x20:
        ways.append("".join(map(_byte, chr(0x2400 + code).encode())))
    elif not character.isprintable():
        ways.append("".join(map(_byte, f"‹U+{code:04X}›".encode())))
    return "(?:" + "|".join(ways) + ")"


def _codes(code: int, raw: bytes) -> Iterator[str]:
    """After a backslash."""
    if code < 0x10000:
        yield f"u{_digits(f'{code:04x}')}"
    else:
        high, low = 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + (code & 0x3FF)
        yield rf"u{_digits(f'{high:x}')}\\{{1,4}}u{_digits(f'{low:x}')}"
    yield rf"u\{{0{{0,5}}{_digits(f'{code:x}')}\}}"
    yield f"U{_digits(f'{code:08x}')}"
    if code < 0x100:
        yield f"x{_digits(f'{code:02x}')}"
    yield r"\\{1,4}".join(f"x{_hex(byte)}" for byte in raw)
    yield r"\\{1,4}".join(f"{byte:03o}" for byte in raw)


def _hex(byte: int) -> str:
    return _digits(f"{byte:02x}")


def _digits(digits: str) -> str:
    """Hexadecimal digits in either case."""
    return "".join(digit if digit.isdigit() else f"[{digit.lower()}{digit.upper()}]" for digit in digits)


def _byte(byte: int) -> str:
    character = chr(byte)
    return character if character.isascii() and character.isalnum() else f"\\x{byte:02x}"
