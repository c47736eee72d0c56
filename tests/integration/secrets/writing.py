"""The ways in which programs write a text that they were given: what the hunt has to know, and the masks too."""

from __future__ import annotations

import base64
import html
import json
import shlex
import urllib.parse
from collections.abc import Callable


def _as_psql(text: str) -> str:
    """A value of several lines, as psql shows it beside another column."""
    lines = text.rstrip("\n").split("\n")
    rows = [f" {'' if at else 'a'} | {line:<76}+" for at, line in enumerate(lines[:-1])]
    return "\n".join([*rows, f"   | {lines[-1]}"])


WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a URL": lambda text: urllib.parse.quote(text, safe=""),
    "in a form": urllib.parse.quote_plus,
    "in a URL, every byte of it": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "in a URL twice": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe=""),
    "in JSON": json.dumps,
    "in JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "in JSON, every character of it": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "in JSON with letters as they are": lambda text: json.dumps(text, ensure_ascii=False),
    "as Python shows it": repr,
    "as Python shows its bytes": lambda text: repr(text.encode()),
    "as C shows its bytes": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "quoted for a shell": shlex.quote,
    "quoted for SQL": lambda text: "'" + text.replace("'", "''") + "'",
    "in HTML": html.escape,
    "in HTML, every character of it": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "in lower case": str.lower,
    "in hexadecimal digits": lambda text: text.encode().hex(),
    "in capital ones with colons": lambda text: text.encode().hex(":").upper(),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 after one letter": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "in base64 after two letters": lambda text: base64.b64encode(b"xy" + text.encode() + b"z").decode(),
    "in base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "in base64 in lines": lambda text: base64.encodebytes(b"x" * 50 + text.encode()).decode().replace("\n", "\r\n  "),
    "in base64 in lines of a table": lambda text: _as_psql(base64.encodebytes(b"y" * 50 + text.encode()).decode()),
    "as a server takes its header": lambda text: text.encode().decode("latin-1"),
    "in base64, by a server that takes it so": lambda text: base64.b64encode(
        text.encode().decode("latin-1").encode()
    ).decode(),
    "in lines of a narrow screen": lambda text: "│\r\n│ ".join(text[at : at + 7] for at in range(0, len(text), 7)),
    "between colours": lambda text: "\x1b[1;38;5;12m".join(text[at : at + 5] for at in range(0, len(text), 5)),
    "between moves of the cursor": lambda text: "\x1b[12;40H".join(text[at : at + 3] for at in range(0, len(text), 3)),
    "found by grep": lambda text: f"{text[:9]}\x1b[01;31m\x1b[K{text[9:14]}\x1b[m\x1b[K{text[14:]}",
    "its first half": lambda text: text[: len(text) // 2],
    "its second half": lambda text: text[len(text) // 2 :],
}
