"""Verifies a cockpit log by docs/log-format.md alone: the standard library, nothing of cockpit."""

import hashlib
import json
import re
import sys
from datetime import datetime

FIRST = re.compile(rb'\{"v":1,"run":"([0-9A-Za-z_-]{1,64})","seq":1,"prev":"0{64}","class":"')
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
TYPES = {"class": str, "type": str, "id": str, "boot": str, "mono": (int, float), "actor": dict}


def parsed(text: bytes) -> dict:
    try:
        line = json.loads(text.decode(), parse_constant=lambda name: [][0])
    except (ValueError, IndexError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}


def is_envelope(line: dict) -> bool:
    try:
        datetime.fromisoformat(line["at"].upper())
        dated = RFC3339.fullmatch(line["at"])
        fits = all(isinstance(line[key], kind) for key, kind in TYPES.items()) and "data" in line
        names = [
            line["actor"]["user"],
            line["actor"]["host"],
            line["actor"].get("via", ""),
            line["actor"].get("key", ""),
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return bool(dated and fits and line["class"] in ("fact", "telemetry") and all(isinstance(n, str) for n in names))


def first_bad_line(log: bytes) -> tuple[int, int, str]:
    """Return (number of the first line that does not count, or 0; last sequence number; last digest)."""
    run, seq, digest, position, pending = b"", 0, "0" * 64, 0, []  # pending: lines that do not count (yet)
    offset = 0
    for number, text in enumerate(log.split(b"\n")[:-1], 1):
        line = parsed(text)
        first = FIRST.match(text) if not seq else None
        run = first[1] if first else run
        start = b'{"v":1,"run":"%b","seq":%d,"prev":"%b","class":"' % (run, seq + 1, digest.encode())
        size = len(text) + 1
        counts = run and text.startswith(start) and text.endswith(b"}") and size <= (65536 if seq else 2 << 20)
        counts = (
            counts and is_envelope(line) and (line["v"], line["run"].encode(), line["seq"]) == (1, run, seq + 1)
        )  # JSON may repeat keys
        if counts and line["type"] == "log.recovered":
            named = b"\n".join(torn for _, torn in pending)
            facts = sum(parsed(torn).get("class") == "fact" for _, torn in pending)
            told = {"offset": position, "length": len(named), "sha256": hashlib.sha256(named).hexdigest()}
            counts = pending and seq and facts <= 1 and told.items() <= line["data"].items()
        elif pending:
            counts = False
        offset += size
        if counts:
            seq, digest, position, pending = seq + 1, hashlib.sha256(b"cockpit-log-v1\n" + text).hexdigest(), offset, []
        else:
            pending.append((number, text))
    return (pending[0][0] if pending else 0), seq, digest


if __name__ == "__main__":
    bad, seq, digest = first_bad_line(sys.stdin.buffer.read())
    print(f"line {bad} does not count" if bad else "chain unbroken", f"to seq {seq}, digest {digest}")
    sys.exit(1 if bad else 0)
