"""A report as JSON: the chronicle and what was verified, every field as `docs/report.md` names it."""

from __future__ import annotations

import msgspec

from cockpit.report.pages.account import Account
from cockpit.text import json_escaped

VERSION = 1
"""Of the shape: fields are only ever added."""


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
    return json_escaped(msgspec.json.encode(whole).decode()) + "\n"
