"""What a probe's program printed, and how it ended: from bytes to the judgement."""

from __future__ import annotations

from functools import cache

from fuzz_claims import claim, shown
from fuzz_draw import Draw
from fuzz_http import SECRET, _judged
from fuzz_profiles import kinds

from cockpit.masking.mask import Mask
from cockpit.probes.command.runner import CAP_BYTES, facts_of
from cockpit.probes.masking import masked
from cockpit.probes.reading import Judge
from cockpit.profile.model import Probe

_CODES = (0, 1, 2, 126, 127, 255, -9, -15, -64)
_PROBES = (
    Probe(id="look", kind="command", pass_when=("exit_code == 0",)),
    Probe(id="look", kind="command", pass_when=("json.ok == true", "json.count < 5"), value="json.count"),
    Probe(id="look", kind="command", pass_when=("exit_code == 0", "!stderr.contains('denied')"), value="stdout"),
    Probe(id="look", kind="command", warn_when=("stdout != ''",), fail_when=("stderr != ''",), value="stderr"),
    Probe(id="look", kind="command", pass_when=("size(json.rows) >= 1 && json.rows[0] != null",), value="json"),
    Probe(id="look", kind="command", fail_when=("double(stdout) > 5.0",), value="reason"),
    Probe(id="look", kind="command", pass_when=("int(stdout) > 0",), value="latency_ms"),
)


@cache
def _judge(number: int) -> Judge:
    return Judge(_PROBES[number], kinds().probes["command"])


def command_output(data: bytes) -> None:
    """The probe, how the program ended, how often it printed each, what it printed of errors, and the rest."""
    draw = Draw(data)
    judge, code = _judge(draw.number(len(_PROBES) - 1)), draw.pick(_CODES)
    times, of_errors = draw.pick((1, 1, 1, 2, 20, 2000)), draw.pick((1, 1, 1, 20, 2000))
    err = draw.bytes(200) * of_errors
    out = draw.rest() * times
    facts = facts_of(code, out[:CAP_BYTES], err[:CAP_BYTES], 12.5)
    reason = facts["reason"]
    assert isinstance(reason, str)
    shown(reason)
    claim(len(reason) <= 160, f"{len(reason)} characters of a reason")
    claim(bool(code) or not reason, "it tells why, and nothing failed")
    _judged(judge, facts)
    judged = masked(judge.judge(facts, 1.0, 2.0), Mask({"token": SECRET}))
    told = (judged.reading.detail, str(judged.reading.value), *(each.detail for each in judged.conditions))
    claim(not any(SECRET in each for each in told), "the secret is told")


def seeds() -> list[bytes]:
    """Programs as they print, each with probes before it."""
    printed = (
        b'{"ok": true, "count": 3, "rows": [{"a": 1}]}', b"lag 3 s\n", b"7\n", b"7", b"NaN", b"-1e400", b"",
        b"token is k3y-of-the-server\n", b"x" * 70 + b"k3y-of-the-server", b"\x1b]0;owned\x07\xff\xfe\xe2\x80\xae\n",
        b"[" * 2000, b'"\\ud800"', b'{"ok": true, "ok": 1e999, "count": -0.0}', b"a\r\nb\x0bc\x85d\xe2\x80\xa8e\n",
        b"9" * 400, b'{"count": 18446744073709551616}',
        b'{"count": "k3y-of-the-server", "rows": ["k3y-of-the-server"]}',
    )  # fmt: skip
    err = b"\x18permission denied\nfor good\n"
    return [
        bytes([probe, code, times, 0]) + (err if code else b"\0") + out
        for out in printed
        for probe, code, times in ((0, 1, 0), (1, 0, 0), (2, 6, 4), (3, 0, 3), (4, 0, 0), (5, 7, 0), (6, 0, 5))
    ]
