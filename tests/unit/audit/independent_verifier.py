"""Verifies a cockpit log by docs/log-format.md alone: the standard library, nothing of cockpit."""

import json
import re
import sys
from datetime import datetime
from hashlib import sha256

FIRST = re.compile(rb'\{"v":1,"run":"([0-9A-Za-z_-]{1,64})","seq":1,')
DAY, TIME = r"(?!000[01]|9999)\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d(\.\d+)?"
AT = re.compile(DAY + "[Tt ]" + TIME + r"([Zz]|[+-]\d\d:?[0-5]\d)", re.ASCII)


def parsed(text):
    try:
        line = json.loads(text.decode(), parse_constant=int, parse_int=lambda n: int(n) if len(n) < 20 else float(n))
        json.dumps(line, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # no UTF-8, no JSON, NaN, or a lone surrogate
        return {}
    return line if isinstance(line, dict) else {}


def is_event(line):
    try:
        actor = line["actor"]
        "".join([line["type"], line["id"], line["boot"], actor["user"], actor["host"]])
        "".join([actor.get("via", ""), actor.get("key", "")])
        dated = AT.fullmatch(line["at"]) and datetime.fromisoformat(line["at"].upper())
        timed = type(line["mono"]) in (int, float) and abs(line["mono"]) < float("inf")
        return dated and timed and line["class"] in ("fact", "telemetry") and "data" in line
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def first_bad_line(log):
    """Return (number of the first line that does not count, or 0; last sequence number; last digest)."""
    run, seq, digest, position, offset, pending = "", 0, "0" * 64, 0, 0, []
    for number, text in enumerate(log.split(b"\n")[:-1], 1):
        line, offset, fits = parsed(text), offset + len(text) + 1, len(text) < (65536 if seq else 2 << 20)
        if fits and type(line.get("v")) is int and line["v"] > 1:
            return number, seq, digest  # of a newer version
        if not seq and (first := FIRST.match(text)):
            run = first[1].decode()
        start = f'{{"v":1,"run":"{run}","seq":{seq + 1},"prev":"{digest}","class":"'.encode()
        counts = run and fits and text.startswith(start) and text.endswith(b"}") and is_event(line)
        counts = counts and (line["v"], line["run"], line["seq"]) == (1, run, seq + 1)  # given twice?
        if counts and (pending or line["type"] == "log.recovered"):
            torn, facts = b"\n".join(pending), sum(parsed(each).get("class") == "fact" for each in pending)
            named = {"offset": position, "length": len(torn), "sha256": sha256(torn).hexdigest()}
            names = line["type"] == "log.recovered" and isinstance(line["data"], dict)
            counts = names and all(repr(line["data"].get(key)) == repr(named[key]) for key in named)  # 1 is not 1.0
            counts = counts and seq and pending and facts <= 1
        if counts:
            seq, digest, position, pending = seq + 1, sha256(b"cockpit-log-v1\n" + text).hexdigest(), offset, []
        else:
            pending.append(text)
    return (0 if seq and not pending else log.count(b"\n") - len(pending) + 1), seq, digest


if __name__ == "__main__":
    bad, last, head = first_bad_line(sys.stdin.buffer.read())
    sys.exit(f"line {bad} does not count" if bad else print("unbroken to", last, head))
