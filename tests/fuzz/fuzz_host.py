"""What programs of the host say: an SSH agent (a forwarded one is on another machine), a terminal, kubectl, root's
records of a login, configuration files; and files that a probe reads.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from unittest.mock import patch

from attacks import ATTACKS
from fuzz_claims import answered, at_most, claim, same, shown
from fuzz_draw import Draw
from fuzz_profiles import kinds
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from cockpit.actions.targets import kubernetes
from cockpit.audit.agent import AgentKey, _keys
from cockpit.audit.filesystems import file_system
from cockpit.audit.postgres.connecting import where, without_password
from cockpit.doctor.ssh.keys import _head, _of_public, is_encrypted
from cockpit.doctor.ssh.people import exposes
from cockpit.doctor.terminal.answers import understood
from cockpit.doctor.terminal.terminfo import colours
from cockpit.logind import logout
from cockpit.masking.mask import Mask
from cockpit.probes.file.declaration import FileSettings
from cockpit.probes.file.runner import FileRunner
from cockpit.probes.masking import masked
from cockpit.probes.reading import Judge
from cockpit.probes.runner import Context
from cockpit.profile.database_trust import proof, taken_apart
from cockpit.profile.model import Probe, Target
from cockpit.session.login_records import logind_session, utmp_address
from cockpit.session.whence import _process

_KEPT: list[tempfile.TemporaryDirectory[str]] = []
_GOLDEN = Path(__file__).parents[1] / "logs" / "v1"
_LINES = ("", "ERROR", "(a|b)+$", "^$", "\\d{4}")
_CONFIG = {
    "contexts": [{"name": "shop", "context": {"cluster": "c", "user": "u", "namespace": "n"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://ana:x@api.example:6443"}}],
    "users": [{"name": "u", "user": {"token": "k8s-token-of-ana"}}],
}


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-host-")
    _KEPT.append(folder)
    for name in ("run/systemd/sessions", "etc/systemd", "proc/self", "proc/7", "x", "usr/lib/systemd"):
        (Path(folder.name) / name).mkdir(parents=True)
    return Path(folder.name)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def agent(data: bytes) -> None:
    """The answer of an agent; a line of a .pub file."""
    keys = list(same(lambda: _keys(data)) or ()) if data else []
    line = AgentKey.of_line(data.decode("utf-8", "replace"))
    for key in [*keys[:20], *([line] if line is not None else [])]:
        claim(len(key.fingerprint) == 50, "a key without a fingerprint")
        claim(not key.certified or key.is_certificate, "what is no certificate certifies")
        _ = key.is_hardware
        again = AgentKey.of_line(key.line)
        claim(again is None or again.blob == key.blob, "written as a line, it is another key")


def terminal(data: bytes) -> None:
    """What a terminal answers, and what its entry says."""
    found = understood(data, 0.1)
    claim(understood(data, 0.1) == found, "heard twice, it says another thing")
    shown(found.name)
    at_most((found.name,), 60)
    _ = found.takes_clipboard, found.is_light, found.mode(2026)
    claim(all(0 <= part <= 255 for part in found.background or ()), "a colour is none")
    (_folder() / "x" / "xterm").write_bytes(data)
    claim((colours("xterm", {"TERMINFO": str(_folder())}, _folder()) or 0) >= 0, "fewer colours than none")


def kubectl(data: bytes) -> None:
    """Whatever kubectl prints: its kubeconfig is a file of the profile's, and `/version` the word of a server."""
    draw = Draw(data)
    target = Target(
        id="k", kind="kubernetes", context="shop", namespace=draw.pick(("", "n")),
        server=draw.pick(("", "https://api.example:6443")), unverified=draw.pick(("", "a lab")),
    )  # fmt: skip
    said = [_said(draw, _CONFIG), _said(draw, {"gitVersion": "v1.31"})]

    async def answer(_target: Target, _folder: Path, arguments: Sequence[str], _timeout_s: float) -> str:
        return said["/version" in arguments]

    with patch.object(kubernetes, "_kubectl", answer):
        found = _loop().run_until_complete(kubernetes.identify(target, 1.0, _folder()))
        private = answered(lambda: _loop().run_until_complete(kubernetes.private_kubeconfig(target, _folder(), 1.0)))
    shown(found.detail, *found.identity.values())
    at_most((found.detail,), 400)
    claim("ana:x@" not in found.detail + "".join(found.identity.values()), "a password is told")
    if private is not None:
        json.loads(private.text)


def _said(draw: Draw, whole: object) -> str:
    """What is right, with one thing in it put in another's place; or anything."""
    match draw.number(5):
        case 0:
            return draw.bytes(200).decode("utf-8", "replace")
        case 1:
            return draw.pick(("[" * 3000, "", "null", "[]", '{"a":' * 3000, "1e999", "\x1b[2J"))
        case 2:
            return json.dumps(whole)
    given = json.loads(json.dumps(whole))
    place: object = given
    while isinstance(place, dict | list) and place:
        at = draw.pick(list(place)) if isinstance(place, dict) else draw.number(len(place) - 1)
        below = place[at]  # type: ignore[index, call-overload]  # a key of it
        if not isinstance(below, dict | list) or draw.chance(4):
            place[at] = draw.value()  # type: ignore[index, call-overload]
            break
        place = below
    return json.dumps(given)


def host(data: bytes) -> None:
    """Files that the host's own programs write, and people's: each reader is given these bytes."""
    root = _folder()
    paths = (
        "run/systemd/sessions/7", "run/utmp", "etc/systemd/logind.conf", "proc/7/status", "proc/self/cgroup",
        "mountinfo", "sshd_config", "id_ed25519", "id.pub",
    )  # fmt: skip
    for name in paths:
        (root / name).write_bytes(data)
    session = logind_session(7, str(root / "run"))
    if session is not None:
        shown(session.remote_host)
    utmp_address("pts/3", frozenset({7}), str(root / "run"))
    logout("ana", root)
    _process(str(root / "proc"), 7)
    file_system(root, root / "mountinfo")
    exposes(root / "sshd_config")
    head = _head(root / "id_ed25519")
    if head:
        is_encrypted(head)
    for finding in _of_public(root, [root / "id.pub"]):
        shown(str(finding.what), str(finding))


def probed_file(data: bytes) -> None:
    """A file that a probe reads: a log of whatever writes there."""
    draw = Draw(data)
    settings = FileSettings(path="log", lines=draw.pick(_LINES), within_s=draw.pick((0.0, 60.0)))
    (_folder() / "log").write_bytes(draw.rest())
    runner = FileRunner(settings, Context(base_dir=_folder(), timeout_s=1.0))
    facts = runner._look()
    claim(facts["exists"], "it is there, and was not found")
    judged = masked(_judge().judge(facts, 1.0, 2.0), Mask({}))
    shown(judged.reading.detail, str(judged.reading.value))


@cache
def _judge() -> Judge:
    return Judge(
        Probe(id="log", kind="file", pass_when=("lines_matching == 0",), value="last_line"), kinds().probes["file"]
    )


def dsn(data: bytes) -> None:
    """A connection string: what `check` tells of it without a driver, and what libpq goes by."""
    text = data.decode("utf-8", "replace").replace("\0", "")
    shown(where(text))
    guessed = proof(taken_apart(text), {})
    answered(lambda: without_password(text))
    try:
        given = conninfo_to_dict(text)
    except (ProgrammingError, UnicodeError):
        return
    real = proof(given, {})
    if given.get("password"):
        password = str(given["password"])
        claim(len(password) < 6 or text.count(password) > 1 or password not in where(text), "it is told")
    is_elsewhere = bool(real.added or real.objection)
    claim(not is_elsewhere or guessed.added or guessed.objection, "`check` takes it for a server of this machine")


def agent_seeds() -> list[bytes]:
    """Answers with a key, two, none; a line."""
    key = (_GOLDEN / "allowed_signers").read_bytes().split()[-1]
    import base64

    blob = base64.b64decode(key)
    one = len(blob).to_bytes(4, "big") + blob + b"\0\0\0\x03ana"
    certificate = b"\0\0\0\x20ssh-ed25519-cert-v01@openssh.com\0\0\0\x02no" + blob[15:]
    two = len(certificate).to_bytes(4, "big") + certificate + b"\0\0\0\0"
    return [
        b"\x0c\0\0\0\x01" + one, b"\x0c\0\0\0\x02" + one + two, b"\x0c\0\0\0\0", b"\x05", b"\x0c\xff\xff\xff\xff",
        b"ssh-ed25519 " + key + b" ana\n",
    ]  # fmt: skip


def terminal_seeds() -> list[bytes]:
    """As terminals answer; and an entry."""
    return [
        b"\x1b[1;2R" * 40 + b"\x1bP>|xterm(390)\x1b\\\x1b[?2026;2$y\x1b[?0u\x1b]11;rgb:ffff/0000/8080\x07\x1b[1;5R",
        b"\x1b[?64;1;52c\x1b[0n\x1bP1+r4d73=5c\x1b\\",
        b"\x1a\x01\x02\0\x02\0\x10\0\0\0\0\0x\0" + bytes(2) + b"\x08\0" * 16,
        *(each.encode("utf-8", "surrogatepass") for each in list(ATTACKS.values())[:10]),
    ]


def kubectl_seeds() -> list[bytes]:
    """Right answers and others."""
    return [bytes([0, n % 2, n % 3 == 0, kind, *range(n, n + 30)]) for n in range(12) for kind in (2, 3, 4)]


def host_seeds() -> list[bytes]:
    """As each of them is written."""
    return [
        b"# private\nUID=0\nTTY=pts/3\nREMOTE_HOST=192.0.2.7\nLEADER=7\nAUDIT=7\n",
        b"[Login]\nKillUserProcesses=yes\n",
        b"Name:\tsshd\nUid:\t0\t0\t0\t0\nPPid:\t1\n",
        b"0::/user.slice/session-7.scope\n",
        b"36 35 98:0 / / rw - ext4 /dev/sda1 rw\n",
        b"Include /nowhere/*.conf\nExposeAuthInfo yes\nMatch User x\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n",
        b'command="x" ' + (_GOLDEN / "allowed_signers").read_bytes().partition(b" ")[2],
        bytes([7, 0, 0, 0, 7, 0, 0, 0]) + b"pts/3".ljust(32, b"\0") + bytes(344),
    ]


def probed_file_seeds() -> list[bytes]:
    """Lines with times and without."""
    return [
        bytes([n, n % 2])
        + b"2026-11-22T04:00:00Z ERROR a\nab\n0001-01-01 00:00:00 x\n9999-12-31T23:59:59,5 ERROR\n\xff"
        for n in range(5)
    ]


def dsn_seeds() -> list[bytes]:
    """Both forms."""
    return [
        b"postgresql://ana:s3cr3t-word@db.example:5432,db2/shop?sslmode=require&application_name=x",
        b"postgres://%2Frun%2Fpg/shop?host=db.example", b"postgresql://[2001:db8::1]:5432/shop?hostaddr=10.0.0.5",
        b"host=localhost hostaddr=198.51.100.1 dbname=shop", b"host='a b' password='it''s \\'x' user=ana",
        b"service=shop", b"dbname=postgresql://db.example/x", b"host = db.example , localhost sslmode=disable", b"",
    ]  # fmt: skip
