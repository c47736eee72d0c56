"""Bytes of a runbook as text: by its byte order mark, as UTF-8, or as what it is likely to be, and that is said.

Invariant: a file that is no text is refused in one sentence; text of one line is never made two.
"""

from __future__ import annotations

from msgspec import Struct

from cockpit.errors import ImportRefused

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8", ""),
    (b"\xff\xfe\x00\x00", "utf-32-le", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32-be", "UTF-32"),
    (b"\xff\xfe", "utf-16-le", "UTF-16"),
    (b"\xfe\xff", "utf-16-be", "UTF-16"),
)
_BINARY = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "compressed (gzip)"),
    (b"\xfd7zXZ", "compressed (xz)"),
    (b"BZh", "compressed (bzip2)"),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"PK\x03\x04", "an archive or an office document (zip)"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"%PDF-", "a PDF"),
    (b"{\\rtf", "rich text (RTF)"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a database"),
)
"""First bytes, after file(1)'s magic(5)."""
_SAMPLE = 1 << 16
_MOST_CONTROLS = 0.05
"""The share of control characters beyond which bytes are no text; colours of a terminal's log stay below."""
_PLAIN_CONTROLS = b"\t\n\r\x0b\x0c\x08\x1b"
_WINDOWS = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in range(0x80, 0x100)
}
"""What `surrogateescape` makes of a byte, and the character that Windows-1252 has for it."""


class Decoded(Struct, frozen=True, kw_only=True):
    """Text, with its line ends as they were."""

    text: str
    said: str = ""
    """What it was read as, if not as UTF-8; empty: as that."""
    at: int = 0
    """The character from which on it was so."""


def decoded(content: bytes, name: str) -> Decoded:
    """The text of a runbook. Raises ImportRefused if it is none."""
    if kind := next((said for magic, said in _BINARY if content.startswith(magic)), ""):
        raise _no_text(name, f"is {kind}")
    for mark, codec, said in _MARKS:
        if content.startswith(mark):
            if codec == "utf-8":
                return _utf8(content[len(mark) :], name)
            text = content[len(mark) :].decode(codec, "replace")
            return _checked(Decoded(text=text, said=f"it was in {said}"), name)
    if codec := _bare_utf16(content):
        text = content.decode(codec, "replace")
        return _checked(Decoded(text=text, said="it was in UTF-16, and did not say so"), name)
    return _utf8(content, name)


def _utf8(content: bytes, name: str) -> Decoded:
    sample = content[:_SAMPLE]
    controls = sum(sample.count(byte) for byte in range(0x20) if byte not in _PLAIN_CONTROLS)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        if controls > _MOST_CONTROLS * len(sample):
            raise _no_text(name, "is no text") from error
        escaped = content.decode(errors="surrogateescape")
        at = len(content[: error.start].decode())
        return Decoded(
            text=escaped.translate(_WINDOWS),
            said="it holds bytes that are no UTF-8; they were read as Windows-1252",
            at=at,
        )
    if controls > _MOST_CONTROLS * len(sample):
        raise _no_text(name, "is no text")
    return Decoded(text=text)


def _bare_utf16(content: bytes) -> str:
    """The codec of UTF-16 without its mark: nearly every other byte of Western text is NUL."""
    sample = content[:_SAMPLE]
    half = len(sample) // 2
    if half < 4 or b"\x00" not in sample:
        return ""
    even, odd = sample[0 : 2 * half : 2].count(0), sample[1 : 2 * half : 2].count(0)
    if odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd < 0.05 * half else ""


def _checked(made: Decoded, name: str) -> Decoded:
    sample = made.text[:_SAMPLE]
    strange = sum(char == "\ufffd" or (char < " " and char not in "\t\n\r\x0b\x0c\x08\x1b") for char in sample)
    if strange > _MOST_CONTROLS * len(sample):
        raise _no_text(name, "is no text")
    return made


def _no_text(name: str, what: str) -> ImportRefused:
    return ImportRefused(f"{name} {what}", hint="give the runbook as Markdown or plain text, in UTF-8")
