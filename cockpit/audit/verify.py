"""Verifying a log: one pass over its bytes, saying how far the chain holds and what is wrong where it does not.

Invariant: what counts is decided by `chain` alone; ordinary blocks are walked faster by `stretch`, large logs with a
second process. Memory does not grow with the log. It never writes, and never claims more than a bare chain can show:
that a log's tail was cut off, or its last line changed, shows only against a head that was noted elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from cockpit.audit import layout
from cockpit.audit.chain import Chain, Continuation, Recovery
from cockpit.audit.line import FIRST_LIMIT_BYTES, LIMIT_BYTES, Head, decode
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.audit.stretch import STEP_BACK, Part, Place, Stretch, claimed_place, walk
from cockpit.errors import LogDamaged, LogError
from cockpit.text import visible

PARALLEL_BYTES = 32 * 1024 * 1024
"""From this size on a second process pays for its start (about 0.1 s)."""
HELPER_SHARE = 0.47
"""The part of a large log that the second process walks; it starts a little later."""
AFTER_A_CRASH = "if a crash left it, the next session that acts steps over it"


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
    recoveries: tuple[Recovery, ...] = ()
    continuations: tuple[Continuation, ...] = ()
    torn_bytes: int = 0
    """After the last newline: no line yet, not counted."""
    clock_steps: tuple[int, ...] = ()
    """Sequence numbers of lines at which the wall clock had gone back by more than a second."""
    anchored: tuple[Head, ...] = ()
    """The given anchors that the chain contains."""
    problem: str = ""
    """What is wrong, one sentence; empty if nothing is."""
    problem_line: int = 0
    """The first line of the file that is wrong, counted from 1; 0 if none is, or if an anchor is missing."""

    @property
    def ok(self) -> bool:
        """Whether the chain holds to the end of the file and through every anchor."""
        return not self.problem


def verify(path: Path, *, anchors: Sequence[Head] = (), parallel: bool = True) -> Verification:
    """Verify the log at `path` (a file, or a run's folder) as it stands now; lines appended meanwhile are left out.

    `anchors` are heads noted elsewhere; their digest may be a beginning of 8 digits or more. Raises LogUnreadable if
    the file cannot be read; everything that is wrong with its content is in the returned value.
    """
    path = layout.log_path(path) if path.is_dir() else path
    fd = open_log(path, os.O_RDONLY)
    try:
        return _Verifier(fd, path, anchors, parallel=parallel).run()
    finally:
        os.close(fd)


class _Verifier:
    """One pass over one file."""

    def __init__(self, fd: int, path: Path, anchors: Sequence[Head], *, parallel: bool) -> None:
        self._fd, self._path, self._anchors = fd, path, anchors
        self._wanted = sorted({anchor.seq for anchor in anchors})
        self._end = os.fstat(fd).st_size
        self._use_helper = parallel and self._end >= PARALLEL_BYTES and len(os.sched_getaffinity(0)) > 1
        self._chain = Chain()
        self._last_at: datetime | None = None
        self._clock_steps: list[int] = []
        self._digests: dict[int, str] = {}
        self._torn_bytes = 0

    def run(self) -> Verification:
        """Walk the file and sum up."""
        trouble: LogError | None = None
        try:
            self._step_a_block()
            if self._use_helper:
                self._walk_with_helper()
            self._walk_to(self._end)
        except LogError as error:
            trouble = error
        return self._summed_up(trouble)

    # ---- walking -------------------------------------------------------------------------------------------------

    def _place(self) -> Place:
        return Place(self._chain.position, self._chain.seq, self._chain.digest)

    def _walk_to(self, end: int) -> None:
        while self._chain.position < end:
            if self._chain.seq:
                self._adopt(walk(self._fd, self._place(), end, self._chain.run, self._wanted))
            if self._chain.position < end and not self._step_a_block():
                return

    def _walk_with_helper(self) -> None:
        """Walk to the middle while a second process walks from there; believe it only if the chain gets there."""
        claimed = claimed_place(self._fd, int(self._end * (1 - HELPER_SHARE)))
        if claimed is None or not self._chain.seq:
            return
        # Executed, not forked: the caller may have threads. -P: nothing is imported from the folder we are in.
        arguments = [str(self._path), str(claimed.position - 1), str(self._end), self._chain.run]
        command = [sys.executable, "-P", "-m", "cockpit.audit.stretch", *arguments, *map(str, self._wanted)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as helper:
            try:
                self._walk_to(claimed.position)
                told = helper.communicate()[0] if self._place() == claimed else b""
            finally:
                helper.kill()
        part = _part(told)
        if part is not None and part.claimed == claimed:
            self._adopt(part.stretch)

    def _adopt(self, stretch: Stretch) -> None:
        if not stretch.lines:
            return
        chain, first_seq = self._chain, self._chain.seq + 1
        if self._last_at and stretch.first_at and self._last_at - stretch.first_at > STEP_BACK:
            self._clock_steps.append(first_seq)
        self._clock_steps += stretch.steps_back
        self._last_at = stretch.last_at
        chain.position, chain.seq, chain.digest = stretch.place.position, stretch.place.seq, stretch.place.digest
        chain.lines += stretch.lines
        chain.facts += stretch.facts
        if stretch.head_seq:
            chain.head = Head(seq=stretch.head_seq, digest=stretch.head_digest)
        self._digests |= stretch.digests

    def _step_a_block(self) -> bool:
        """Walk a block exactly, and on until no bytes are pending. False at the end of the file."""
        file = GrowingFile(self._fd, self._path)
        file.offset = self._chain.position
        while lines := file.read_lines():
            for raw in lines:
                self._step(raw)
            if self._chain.pending is None:
                return True
        self._torn_bytes = len(file.rest)
        return False

    def _step(self, raw: bytes) -> None:
        link = self._chain.step(raw)
        pending = self._chain.pending
        if pending is not None and not pending.could_be_torn():
            raise pending.why
        if link is None:
            return
        if self._last_at and self._last_at - link.envelope.at > STEP_BACK:
            self._clock_steps.append(link.envelope.seq)
        self._last_at = link.envelope.at
        if link.envelope.seq in self._wanted:
            self._digests[link.envelope.seq] = link.digest

    # ---- summing up ----------------------------------------------------------------------------------------------

    def _summed_up(self, trouble: LogError | None) -> Verification:
        chain = self._chain
        trouble = trouble or self._trouble_at_end()
        missing = "" if trouble else self._missing_anchor()
        line = 0
        if trouble:
            line = (trouble.line if isinstance(trouble, LogDamaged) else 0) or chain.lines + 1
        return Verification(
            path=self._path,
            run=chain.run,
            lines=chain.lines - (0 if chain.pending is None else chain.lines + 1 - chain.pending.line),
            facts=chain.facts,
            seq=chain.seq,
            head=chain.head,
            digest=chain.digest,
            recoveries=chain.recoveries,
            continuations=chain.continuations,
            torn_bytes=self._torn_bytes,
            clock_steps=tuple(self._clock_steps),
            anchored=tuple(anchor for anchor in self._anchors if self._holds(anchor)),
            problem=str(trouble) if trouble else missing,
            problem_line=line,
        )

    def _trouble_at_end(self) -> LogError | None:
        if self._chain.pending is not None:
            why = self._chain.pending.why
            return LogDamaged(why.message, line=self._chain.pending.line, hint=AFTER_A_CRASH)
        if not self._chain.seq:
            return LogDamaged(f"no run began in {self._path}: it holds no complete line", line=1)
        limit = LIMIT_BYTES if self._chain.seq > 1 else FIRST_LIMIT_BYTES
        start = max(0, self._chain.position - limit)
        last = os.pread(self._fd, self._chain.position - start - 1, start).rpartition(b"\n")[2]
        try:
            decode(last, line=self._chain.lines)  # no line after it vouches for this one
        except LogError as error:
            return error
        return None

    def _holds(self, anchor: Head) -> bool:
        return len(anchor.digest) >= 8 and self._digests.get(anchor.seq, "").startswith(anchor.digest)

    def _missing_anchor(self) -> str:
        for anchor in self._anchors:
            if anchor.seq > self._chain.seq:
                return (
                    f"the log ends at {self._chain.seq}, but an anchor was noted at {anchor.seq} ({anchor.short}): "
                    "its tail was cut off"
                )
            if not self._holds(anchor):
                found = Head(seq=anchor.seq, digest=self._digests[anchor.seq]).short
                return (
                    f"the anchor {anchor.short} at {anchor.seq} is not of this chain, which has {found} there: "
                    "the log was rewritten"
                )
        return ""


def _part(told: bytes) -> Part | None:
    try:
        return msgspec.json.decode(told, type=Part)
    except ValueError:
        return None  # the helper did not get to an end: its part is walked here


def describe(verification: Verification) -> list[str]:
    """Return what was found, as lines for people."""
    found = verification
    told = [f"{found.path}: run {found.run or 'unknown'}, {found.seq} events, {found.facts} of them facts"]
    if found.problem:
        where = f"line {found.problem_line}" if found.problem_line else "anchor"
        told.append(f"PROBLEM at {where}: {found.problem}")
    if found.seq:
        head = f"seq {found.head.seq}, {found.head.short} ({found.head.digest})" if found.head else "none: no facts"
        told.append(f"chain unbroken from line 1 to line {found.lines}; head {head}")
    told += [
        f"stepped over {recovery.length} bytes at byte {recovery.offset} (line {recovery.line}): "
        "torn by a crash, named by log.recovered"
        for recovery in found.recoveries
    ]
    told += [
        f"went on here at seq {each.seq}, from {visible(each.former)}, citing seq {each.head.seq} ({each.head.short})"
        + (f": {each.lost} LINES LOST, which that log did not hold any more" if each.lost else "")
        for each in found.continuations
    ]
    if found.torn_bytes:
        told.append(f"{found.torn_bytes} bytes after the last newline are no line yet: not counted")
    if found.clock_steps:
        seqs = ", ".join(map(str, found.clock_steps[:5])) + (" …" if len(found.clock_steps) > 5 else "")
        told.append(f"the wall clock had gone back by more than a second at seq {seqs}; the order is by seq")
    told += [
        f"anchored to seq {anchor.seq} ({anchor.short}), {found.seq - anchor.seq} records after it"
        for anchor in found.anchored
    ]
    if not found.anchored:
        told.append(
            "not anchored: a bare chain cannot show that its tail was cut off or its last line changed; "
            "compare the head with one noted elsewhere"
        )
    return told
