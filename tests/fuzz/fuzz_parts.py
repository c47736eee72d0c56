"""The small things that come from outside: signatures and their lists, checkpoints, texts, searches, handed files."""

from __future__ import annotations

import base64
import json
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
from attacks import ATTACKS
from fuzz_claims import answered, at_most, claim, same, shown
from fuzz_draw import Draw

from cockpit.actions.shim import record, spec
from cockpit.actions.sql.keeping import recall
from cockpit.audit.checkpoints import checkpoint_text, read_checkpoint
from cockpit.audit.sshsig import parsed
from cockpit.importing import pristine
from cockpit.importing.pristine import Unusable
from cockpit.profile.durations import seconds
from cockpit.profile.signers import LIMIT_BYTES, fits, moment, read_revoked, read_signers
from cockpit.report.search.moments import moment as when
from cockpit.report.search.moments import zone_called
from cockpit.report.search.patterns import Pattern
from cockpit.session.noted import noted
from cockpit.text import counted, shortened, visible

TESTS = Path(__file__).parents[1]
_GOLDEN = TESTS / "logs" / "v1"
_BEGAN = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
_NAMES = ("ana", "bo@bastion-1", "*", "é", "")
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-parts-")
    _KEPT.append(folder)
    return Path(folder.name)


def signers(data: bytes) -> None:
    """The text of an allowed signers file, or of a list of revoked keys."""
    text = data.decode("utf-8", "replace")[:LIMIT_BYTES]
    found = same(lambda: read_signers(text)) or ()
    claim(len(found) <= text.count("\n") + 1, "more people sign than there are lines")
    for each in found[:50]:
        claim(each.fingerprint.startswith("SHA256:") and len(each.fingerprint) == 50, "a key without a fingerprint")
        each.is_valid(_BEGAN), each.is_of(_NAMES, "cockpit-checkpoint@v1")
    same(lambda: read_revoked(text))
    first = text.partition("\n")[0][:300]
    claim(fits(first, first) or set(first) & set("*?!,"), "a name does not fit itself")
    same(lambda: moment(text[:20]), ValueError)


def signature(data: bytes) -> None:
    """An armoured signature; behind a zero byte, what is to be armoured."""
    text = b"".join((_BEGIN, base64.encodebytes(data[1:]), _END)) if data[:1] == b"\0" else data
    found = same(lambda: parsed(text))
    if found is not None:
        claim(found.fingerprint.startswith("SHA256:"), "a signature without a key")


def checkpoint(data: bytes) -> None:
    """The text of a head that was noted elsewhere."""
    path = _folder() / "checkpoint"
    path.write_bytes(data)
    found = same(lambda: read_checkpoint(path))
    if found is not None:
        path.write_text(checkpoint_text(found.run, found.head))
        again = answered(lambda: read_checkpoint(path))
        claim(again is not None and (again.run, again.head) == (found.run, found.head), "written anew, it is another")


def text(data: bytes) -> None:
    """Anything that is to be shown, also halves of surrogate pairs."""
    for given in (data.decode("utf-8", "surrogateescape"), data[: len(data) & ~1].decode("utf-16-le", "surrogatepass")):
        for lines in (False, True):
            seen = visible(given, multiline=lines)
            claim(visible(seen, multiline=lines) == seen, "made visible twice, it is another")
            claim(lines or "\n" not in seen, "one line is several")
            claim(not any(0xD800 <= ord(each) < 0xE000 for each in seen), "half of a surrogate pair is left")
            claim(not set(seen) & _ACTS, f"{set(seen) & _ACTS} is left")
            seen.encode()
        at_most((shortened(given, 40),), 40)
        shown(shortened(given, 40), counted(len(given), "byte"))
        claim(visible(given) == given or not given.isprintable() or not given.isascii(), "plain text was changed")


_ACTS = frozenset(map(chr, (*range(9), *range(11, 32), 127, *range(128, 160), 0x200B, 0x202E, 0x2066, 0xFEFF, 0xE0041)))


def search(data: bytes) -> None:
    """What people search logs by: moments, durations, zones, patterns."""
    draw = Draw(data)
    pattern_options, zone_name = draw.number(3), draw.text(30)
    asked = draw.rest().decode("utf-8", "surrogateescape")
    zone = answered(lambda: zone_called(zone_name, None), ValueError) or UTC
    found = same(lambda: when(asked), ValueError)
    if found is not None:
        begins, ends = found.span(_BEGAN, zone)
        claim(begins < ends, f"`{asked}` is over before it begins")
        claim(begins.utcoffset() is not None and ends.utcoffset() is not None, "a moment has no zone")
    same(lambda: when(asked, backwards=True), ValueError)
    answered(lambda: seconds(asked), ValueError)
    pattern = answered(
        lambda: Pattern(asked, ignore_case=bool(pattern_options & 1), is_fixed=bool(pattern_options & 2)), ValueError
    )
    if pattern is not None:
        place = pattern.place(data)
        claim(place is None or 0 <= place[0] <= place[1] <= len(data), "it is found where nothing is")
        claim(not pattern_options & 2 or pattern.is_in(asked), "a text is not in itself")


def handed(data: bytes) -> None:
    """What processes hand to one another in files and pipes, when it is not what they wrote."""
    path = _folder() / "handed"
    path.write_bytes(data)
    try:
        given = spec.decoded(data)
    except (ValueError, TypeError):
        pass  # as it says; whoever reads it knows both
    else:
        claim(spec.decoded(spec.encoded(given)) == given, "a spec is another once it is written again")
    status = record.read_status(str(path))
    if status is not None:
        claim(isinstance(record.is_alive(status), bool), "a shim is neither alive nor dead")
    left = record.read_exit(str(path))
    if left is not None:
        msgspec.json.encode(left)
    recall(path)
    with suppress(Unusable):
        pristine.read(path)
    for seq, digest in noted("handed", _folder()).items():
        claim(seq > 0 and len(digest) == 64, "what was noted is no head")


def signer_seeds() -> list[bytes]:
    """Lists as people have them."""
    listed = (_GOLDEN / "allowed_signers").read_bytes()
    key = listed.split()[-1]
    return [
        listed,
        b'ana,!bo*@* namespaces="cockpit-*",valid-after="20260101",valid-before="202701010000Z" ssh-ed25519 ' + key,
        b"# nobody\n\n*@example cert-authority ssh-ed25519 " + key + b" a comment\r\n",
        b"ssh-ed25519 " + key + b"\n",
        b'"ana smith" ssh-ed25519 ' + key,
    ]


def signature_seeds() -> list[bytes]:
    """A real one, as it is and as what is in its armour."""
    armoured = (_GOLDEN / "night.checkpoint.sig").read_bytes()
    return [armoured, b"\0" + base64.b64decode(b"".join(armoured.split(b"\n")[1:-2]))]


def checkpoint_seeds() -> list[bytes]:
    """A real one, and one as mail leaves it."""
    content = (_GOLDEN / "night.checkpoint").read_bytes()
    return [content, content.replace(b"\n", b"\r\n ")]


def text_seeds() -> list[bytes]:
    """Every attack that is known."""
    return [each.encode("utf-8", "surrogatepass") for each in ATTACKS.values()]


def search_seeds() -> list[bytes]:
    """What people write."""
    asked = (
        "22:41", "2026-11-21T22:41Z", "2026-11-21 22:41:07.5+01:00", "+1h20m", "-5m", "2026-10-25 02:30", "2026-11-21",
        "(a|b)*c{2,5}[^d-f]\\p{L}$", "a.b", "(?i)x", "\\Qx\\E", "1h30m", "90s",
    )  # fmt: skip
    return [bytes([number % 4, 0, number]) + each.encode() for number, each in enumerate(asked)]


def handed_seeds() -> list[bytes]:
    """What is written."""
    whole = spec.Spec(
        argv=["true"], env={"A": "b"}, cwd="/", umask=18, timeout_s=1.0, grace_s=1.0, log="/l", status="/s", exit="/e",
        cancel="/c", secrets={"X": "yyyyy"}, private={}, head_bytes=1, tail_bytes=1,
        folder="/", fixed={"a.sh": "0" * 64},
    )  # fmt: skip
    return [
        spec.encoded(whole),
        json.dumps(record.Status(1, 2, "b", 3.0)._asdict()).encode(),
        json.dumps(record.Exit(code=0)._asdict()).encode(),
        b'{"stage":"committing","xid":"7","ending":{"outcome":"succeeded","detail":"x"}}',
        b"17 " + b"a" * 64 + b"\n",
        b"[" * 100000,
        b'{"format":1,"cockpit":"1","toml":"a = 1","sources":[]}',
    ]
