"""A report as JSON: the chronicle and what was verified, every field as `docs/report.md` names it."""

from __future__ import annotations

import re

import msgspec

from cockpit.report.pages.account import Account
from cockpit.text import visible

VERSION = 1
"""Of the shape: fields are only ever added."""
_NOT_ASCII = re.compile("[^\x20-\x7e]")


def as_json(account: Account) -> str:
    """One object on one line; times in UTC. Characters that a terminal would obey are escaped, as JSON may."""
    found = account.verification
    whole = {
        "report": VERSION,
        "written": account.written,
        "cockpit": account.version,
        "log": {
            "file": account.path.name,
            "bytes": account.size_bytes,
            "head": account.head and {"seq": account.head.seq, "digest": account.head.digest},
        },
        "verification": {"ok": found.ok and not account.troubles, "signed": found.signed, "shown": account.shown},
        "troubles": account.troubles,
        "run": account.told,
    }
    text = msgspec.json.encode(whole).decode()
    return _NOT_ASCII.sub(_escaped, text) + "\n"


def _escaped(match: re.Match[str]) -> str:
    """`\\u202e`; letters and pictures stay."""
    character = match[0]
    if visible(character) == character:
        return character
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
