"""Verifies a cockpit log by docs/log-format.md alone: the standard library, nothing of cockpit."""

import json
import re
import sys
from datetime import datetime
from hashlib import sha256

START = re.compile(rb'\{"v":1,"run":"([0-9A-Za-z_-]{1,64})","seq":(\d{1,18}),"prev":"([0-9a-f]{64})","class":"')
AT = re.compile(r"(?!000[01]|9999)\d{4}(-\d\d){2}[Tt ](\d\d:){2}\d\d(\.\d+)?([Zz]|[+-]\d\d:?[0-5]\d)", re.ASCII)


def parsed(text):
    try:
        line = json.loads(text.decode(), parse_constant=int, parse_int=lambda n: int(n) if len(n) < 20 else float(n))
        json.dumps(line, ensure_ascii=False).encode()
        return line if isinstance(line, dict) else {}
    except (ValueError, RecursionError):  # no UTF-8, no JSON, NaN, or a lone surrogate
        return {}


def is_event(line):
    try:
        actor, mono = line["actor"], line["mono"]
        "".join([line["type"], line["id"], line["boot"], actor["user"], actor["host"]])
        "".join(actor.get(key, "") for key in ("via", "key", "login", "sudo", "tty", "client", "person", "signer"))
        "".join(list.copy(actor.get("proven", [])))  # of strings, and nothing but a list has this copy
        dated = AT.fullmatch(line["at"]) and datetime.fromisoformat(line["at"].upper())
        timed = dated and type(mono) in (int, float) and abs(mono) < float("inf")
        return timed and line["class"] in ("fact", "telemetry") and "data" in line
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def first_bad_line(log):
    """Return (number of the first line that does not count, or 0; last sequence number; last digest)."""
    run, seq, digest, position, offset, pending = "", 0, "0" * 64, 0, 0, []
    for number, text in enumerate(log.split(b"\n")[:-1], 1):
        line, offset, start = parsed(text), offset + len(text) + 1, START.match(text)
        fits = len(text) < (65536 if seq else 2 << 20)
        if fits and type(line.get("v")) is int and line["v"] > 1:
            return number, seq, digest  # of a newer version
        told = start and (start[1].decode(), int(start[2]), start[3].decode())
        counts = fits and told and told == (run or told[0], seq + 1, digest) and text.endswith(b"}") and is_event(line)
        counts = counts and (line["v"], line["run"], line["seq"]) == (1, *told[:2])  # given twice?
        if counts and (pending or line["type"] == "log.recovered"):
            torn, facts = b"\n".join(pending), sum(parsed(each).get("class") == "fact" for each in pending)
            named = {"offset": position, "length": len(torn), "sha256": sha256(torn).hexdigest()}
            names = (
                seq and pending and facts <= 1 and line["type"] == "log.recovered" and isinstance(line["data"], dict)
            )
            counts = names and all(repr(line["data"].get(key)) == repr(named[key]) for key in named)  # 1 is not 1.0
        if counts:
            run, seq, position, pending = told[0], seq + 1, offset, []
            digest = sha256(b"cockpit-log-v1\n" + text).hexdigest()
        else:
            pending.append(text)
    return (0 if seq and not pending else log.count(b"\n") - len(pending) + 1), seq, digest


if __name__ == "__main__":
    bad, last, head = first_bad_line(sys.stdin.buffer.read())
    sys.exit(f"line {bad} does not count" if bad else print("unbroken to", last, head))
