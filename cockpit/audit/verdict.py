"""What verifying a log found, as a value and as sentences for people.

Invariant: nothing here says more than was proven. A chain alone shows neither that its tail was cut off nor that its
last line was changed; only a head that was noted elsewhere does.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from cockpit.audit.chain import Continuation, Recovery
from cockpit.audit.checkpoints import Checkpoint
from cockpit.audit.line import Head
from cockpit.audit.remarks import ClockSet, Ending
from cockpit.audit.told import ToldBranch
from cockpit.text import counted, visible

SHORT_CODE = 32
"""A code of fewer digits is for eyes: whoever rewrites a log can look for a line whose digest begins with it."""
UNANCHORED = (
    "not anchored: a bare chain cannot show that its tail was cut off or its last line changed; "
    "compare the head with one noted elsewhere: --head CODE"
)
_LISTED = 5
Kind = Literal["chain", "newer", "compression", "anchor", "checkpoint", "signature", "strict", "branch"]


class Problem(Struct, frozen=True):
    """One thing that is wrong."""

    kind: Kind
    what: str
    """One sentence."""
    line: int = 0
    """Of the file, counted from 1; 0 if it is of no line."""

    @property
    def where(self) -> str:
        """For people: `line 17`, or its kind."""
        return f"line {self.line}" if self.line else self.kind


class Signature(Struct, frozen=True):
    """What a signature under a checkpoint is worth."""

    by: str = ""
    """Whose it is, as the file of allowed signers names them; empty if it proves nothing."""
    key: str = ""
    """`ED25519 SHA256:…`."""
    why_not: str = ""
    """Why it proves nothing, one sentence; empty if it does."""
    was_checked: bool = True
    """False: nobody said whose signatures count, or ssh-keygen could not be asked."""


class Noted(Struct, frozen=True):
    """A checkpoint that was held against the log."""

    checkpoint: Checkpoint
    holds: bool
    signature: Signature | None = None


class LineSignature(Struct, frozen=True):
    """A signature in the log."""

    seq: int
    """Of its line."""
    at: datetime
    """When it was written; the fact that it names may be older."""
    kind: Literal["head", "person"]
    """`head.signed`, or `operator.identified`."""
    head: int
    """Of the fact that it names."""
    of: str
    """Whose it says that it is."""
    by: str
    """Whose it is; empty if it proves nothing."""
    key: str = ""
    is_countersignature: bool = False
    why_not: str = ""
    """Why it proves nothing; empty if it does."""
    is_told: bool = False
    """A branch tells it: `seq` is of the line that does, and it vouches for the branch's lines up to `head`."""


class Vouched(Struct, frozen=True):
    """How far somebody's signatures vouch for the log."""

    by: str
    seq: int
    count: int
    """Of good signatures."""
    key: str
    """Of the last."""


class Unsigned(Struct, frozen=True):
    """A fact that was to be signed and is not, nor was that waived."""

    seq: int
    at: datetime
    by: str
    what: str
    """What was approved; empty for any other fact."""
    is_approval: bool
    why: str = ""
    """Why it could not be signed, where that is known."""


class SignedLog(Struct, frozen=True):
    """The signatures that a log carries."""

    signing: str
    """What the profile asks to be signed: `off`, `signoffs`, `facts`."""
    is_own_list: bool
    """They were checked by the list that the log itself carries."""
    signers_digest: str
    """SHA-256 of the list that they were checked by, hex; empty if there was none."""
    fixed_digest: str
    """The same of the list that the run fixed at its start."""
    signatures: tuple[LineSignature, ...]
    vouched: tuple[Vouched, ...]
    """Whoever vouches furthest first."""
    unsigned: tuple[Unsigned, ...]


class Verification(Struct, frozen=True):
    """What a log's bytes show."""

    path: Path
    run: str
    lines: int
    """Lines of the file up to the last one that counts, those stepped over included."""
    facts: int
    seq: int
    """Of the last line that counts, fact or not; 0 if none does."""
    head: Head | None
    """Of the last fact that counts."""
    digest: str
    """Of the last line that counts."""
    position: int
    """Offset of the byte after it."""
    recoveries: tuple[Recovery, ...] = ()
    continuations: tuple[Continuation, ...] = ()
    branches: tuple[ToldBranch, ...] = ()
    """What was written elsewhere and is told here, by the order in which it was merged."""
    torn_bytes: int = 0
    """After the last newline: no line yet, not counted."""
    unproven_bytes: int = 0
    """From the first problem of the chain to the end of the file: whatever stands there, nothing vouches for it."""
    clock_steps: tuple[int, ...] = ()
    """Sequence numbers of lines at which the wall clock had gone back by more than a second."""
    clock_sets: tuple[ClockSet, ...] = ()
    """What `clock.stepped` says: the keeper's host, in either direction."""
    ending: Ending | None = None
    """How the run ended; None: it has not, or that was cut off."""
    anchored: tuple[Head, ...] = ()
    """The given heads that the chain contains, with the digits that were given."""
    checkpoints: tuple[Noted, ...] = ()
    held: tuple[Head, ...] = ()
    """Heads that the reader's own screens noted, and that the chain contains, by sequence number."""
    signed: SignedLog | None = None
    """The signatures in it; None: it has none and asks for none, or they were not looked at."""
    is_strict: bool = False
    """Whether every line was held against all that the format says is never written."""
    problems: tuple[Problem, ...] = ()
    """What is wrong; of the chain, only the first thing."""

    @property
    def ok(self) -> bool:
        """Whether the chain holds to the end of the file and everything that was asked besides."""
        return not self.problems

    @property
    def is_broken(self) -> bool:
        """Whether the chain does not hold to the end of the file, or cannot be followed there."""
        return any(problem.kind in ("chain", "newer") for problem in self.problems)

    @property
    def problem(self) -> str:
        """The first thing that is wrong, one sentence; empty if nothing is."""
        return self.problems[0].what if self.problems else ""

    @property
    def problem_line(self) -> int:
        """Its line of the file, counted from 1; 0 if nothing is wrong, or that is of no line."""
        return self.problems[0].line if self.problems else 0


def as_json(found: Verification) -> dict[str, Any]:
    """The documented fields (docs/log-format.md, "Verifying"), for `msgspec.json.encode` with `enc_hook=str`."""
    told = {"ok": found.ok, **asdict(found), "problem": found.problem, "problem_line": found.problem_line}
    told["checkpoints"] = [
        {
            "path": each.checkpoint.path,
            "run": each.checkpoint.run,
            "seq": each.checkpoint.seq,
            "digest": each.checkpoint.digest,
            "holds": each.holds,
            "signature": each.signature,
        }
        for each in found.checkpoints
    ]
    return told


def describe(found: Verification) -> list[str]:
    """Return what was found, as lines for people."""
    size = f"{counted(found.seq, 'event')}, {found.facts} of them facts"
    told = [f"{visible(str(found.path))}: run {found.run or 'unknown'}, {size}"]
    told += [f"PROBLEM at {problem.where}: {problem.what}" for problem in found.problems]
    if found.seq:
        head = f"seq {found.head.seq}, {found.head.short} ({found.head.digest})" if found.head else "none: no facts"
        told.append(f"chain unbroken from line 1 to line {found.lines}; head {head}")
    if found.unproven_bytes:
        unproven = counted(found.unproven_bytes, "byte after that is", "bytes after that are")
        told.append(f"{unproven} vouched for by nothing")
    told += _about_bytes(found)
    told += _about_clocks(found)
    if found.is_strict and found.seq and not any(problem.kind == "strict" for problem in found.problems):
        line = "every line by itself" if found.is_broken else "every line"
        told.append(f"strict: {line} is as the format says, and no JSON object gives a key twice")
    told += _about_signatures(found)
    told += _about_anchors(found)
    if found.seq and (found.ending is not None or not found.is_broken):
        told.append(_about_the_end(found))
    return told


def _about_bytes(found: Verification) -> list[str]:
    told = [
        f"stepped over {counted(recovery.length, 'byte')} at byte {recovery.offset} (line {recovery.line}): "
        "torn by a crash, named by log.recovered"
        for recovery in found.recoveries
    ]
    told += [
        f"went on here at seq {each.seq}, from {visible(each.former)}, citing seq {each.head.seq} ({each.head.short})"
        + (f": {counted(each.lost, 'LINE', 'LINES')} LOST, which that log did not hold any more" if each.lost else "")
        for each in found.continuations
    ]
    told += [
        f"tells a branch at seq {each.seq}: {counted(each.lines, 'line')}, "
        f"{counted(each.facts, 'fact')}, from seq {each.ancestor} to {each.tip} "
        f"({each.tip_digest[:4]}·{each.tip_digest[4:8]}), chained line by line"
        for each in found.branches
        if not each.problem
    ]
    if found.torn_bytes:
        torn = counted(found.torn_bytes, "byte after the last newline is", "bytes after the last newline are")
        told.append(f"{torn} no line yet: not counted")
    return told


def _about_clocks(found: Verification) -> list[str]:
    told = []
    if found.clock_sets:
        sets = _listed([f"at seq {each.seq} by {each.by_s:+.0f} s" for each in found.clock_sets])
        told.append(f"the clock of a keeper's host was set: {sets} (clock.stepped)")
    if found.clock_steps:
        seqs = _listed([str(seq) for seq in found.clock_steps])
        told.append(f"the wall clock had gone back by more than a second at seq {seqs}; the order is by seq")
    return told


def _listed(items: list[str]) -> str:
    return ", ".join(items[:_LISTED]) + (f" … ({len(items)} in all)" if len(items) > _LISTED else "")


def _about_signatures(found: Verification) -> list[str]:
    told = []
    for each in found.checkpoints:
        name, signature = visible(str(each.checkpoint.path)), each.signature
        if signature is None:
            continue
        if not signature.was_checked:
            told.append(f"a signature lies beside {name}, not checked: give --signers")
        elif signature.by:
            pinned = f"seq {each.checkpoint.seq} ({each.checkpoint.head.short})"
            if each.holds:
                told.append(f"signed by {signature.by} with {signature.key}: {pinned} and everything before it")
            else:
                told.append(f"{signature.by} put a good signature under {pinned}, WHICH THIS CHAIN DOES NOT HOLD")
    if found.signed is not None:
        told += _about_signed_lines(found.signed)
    return told or ["no signatures"]


def _about_signed_lines(signed: SignedLog) -> list[str]:
    told = [
        f"{each.by} vouches up to seq {each.seq}, with {each.key} ({counted(each.count, 'signature')})"
        for each in signed.vouched
    ]
    told_here = sum(each.is_told and bool(each.by) for each in signed.signatures)
    if told_here:
        told.append(f"{counted(told_here, 'signature')} told of branches: for their own lines, up to there")
    names = sum(each.kind == "person" and bool(each.by) for each in signed.signatures)
    if names:
        told.append(f"{counted(names, 'name was', 'names were')} proven by a signature (operator.identified)")
    if signed.unsigned:
        which = _listed(
            [f"{each.seq} by {each.by}" + (f", {each.what}" if each.what else "") for each in signed.unsigned]
        )
        told.append(f"{counted(len(signed.unsigned), 'fact is', 'facts are')} unsigned: seq {which}")
    if not signed.signatures:
        return [*told, f"no signatures, although the profile asks for them (signing = {signed.signing})"]
    if signed.is_own_list:
        told.append("checked by the list that the log carries: whoever rewrites a log can rewrite it; give --signers")
    elif signed.signers_digest != signed.fixed_digest:
        told.append("checked by --signers, which is ANOTHER list than the one that the run fixed at its start")
    return told


def _about_anchors(found: Verification) -> list[str]:
    told = [
        f"anchored to seq {anchor.seq} ({anchor.short}), {counted(found.seq - anchor.seq, 'record')} after it"
        for anchor in found.anchored
    ]
    if found.held:
        last, before = found.held[-1], len(found.held) - 1
        more = f", and {before} before it" if before else ""
        after = counted(found.seq - last.seq, "record")
        told.append(f"held by you: seq {last.seq} ({last.short}){more}; {after} after it")
    digits = max((len(anchor.digest) for anchor in found.anchored), default=SHORT_CODE)
    if digits < SHORT_CODE:
        told.append(
            f"{digits} digits are for eyes: they show a slip, and whoever rewrites a log with care finds a line that "
            f"fits after some 2^{4 * digits} tries; note {SHORT_CODE} for checking"
        )
    if not told and any(problem.kind in ("anchor", "checkpoint") for problem in found.problems):
        return ["not anchored: no head that was noted elsewhere is in this log"]
    return told or [UNANCHORED]


def _about_the_end(found: Verification) -> str:
    if found.ending is not None:
        return f"the run {found.ending.how} at seq {found.ending.seq}, {found.ending.at:%Y-%m-%d %H:%M:%S} UTC"
    return "the log does not end with run.finished or run.aborted: the run is live, or its end is not here"
