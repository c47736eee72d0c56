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
from msgspec.structs import replace

from cockpit.audit import layout
from cockpit.audit.chain import Chain, named_run
from cockpit.audit.checkpoints import Checkpoint
from cockpit.audit.heads import Heads, Seen
from cockpit.audit.line import FIRST_LIMIT_BYTES, LIMIT_BYTES, Head, decode
from cockpit.audit.reading import GrowingFile, open_log
from cockpit.audit.remarks import Remarks
from cockpit.audit.stretch import STEP_BACK, Part, Place, Stretch, claimed_place, walk
from cockpit.audit.strict import find_breaches
from cockpit.audit.told import told_in
from cockpit.audit.verdict import Noted, Problem, Verification, describe
from cockpit.errors import LogDamaged, LogError, LogTooNew

__all__ = ["AFTER_A_CRASH", "PARALLEL_BYTES", "Verification", "describe", "verify"]

PARALLEL_BYTES = 32 * 1024 * 1024
"""From this size on a second process pays for its start (about 0.1 s)."""
HELPER_SHARE = 0.47
"""The part of a large log that the second process walks; it starts a little later."""
AFTER_A_CRASH = "if a crash left it, the next session that acts steps over it"


def verify(
    path: Path,
    *,
    anchors: Sequence[Head] = (),
    codes: Sequence[str] = (),
    checkpoints: Sequence[Checkpoint] = (),
    strict: bool = False,
    parallel: bool = True,
) -> Verification:
    """Verify the log at `path` (a file, or a run's folder) as it stands now; lines appended meanwhile are left out.

    `anchors`, `codes` and `checkpoints` are heads noted elsewhere, the digests of the first two at least 8 digits long;
    a code may be of any fact. `strict` also holds every line against what is never written. Raises LogUnreadable if the
    file cannot be read; everything that is wrong with its content is in the returned value.
    """
    path = layout.log_path(path) if path.is_dir() else path
    fd = open_log(path, os.O_RDONLY)
    try:
        verifier = _Verifier(fd, path, Heads(tuple(anchors), tuple(codes), tuple(checkpoints)), parallel=parallel)
        found = verifier.run()
        if verifier.has_branches:
            found = _with_branches(found, fd, path)
        if strict:
            breaches = find_breaches(fd, verifier.end, found.recoveries)
            problems = tuple(Problem("strict", each.what, each.line) for each in breaches)
            found = replace(found, is_strict=True, problems=found.problems + problems)
        return found
    finally:
        os.close(fd)


def _with_branches(found: Verification, fd: int, path: Path) -> Verification:
    told = told_in(fd, path, found.position)
    branches = told.branches()
    problems = [Problem("branch", f"the branch merged at seq {b.seq}: {b.problem}") for b in branches if b.problem]
    problems += [Problem("branch", why) for _, why in told.odd]
    return replace(found, branches=branches, problems=(*found.problems, *problems))


def run_of(path: Path) -> str:
    """The run that a log's first bytes name; empty if they name none. Raises LogUnreadable."""
    fd = open_log(layout.log_path(path) if path.is_dir() else path, os.O_RDONLY)
    try:
        return named_run(os.pread(fd, LIMIT_BYTES, 0))
    finally:
        os.close(fd)


class _Verifier:
    """One pass over one file."""

    def __init__(self, fd: int, path: Path, heads: Heads, *, parallel: bool) -> None:
        self._fd, self._path, self._heads = fd, path, heads
        self._wanted = heads.wanted
        self.end = os.fstat(fd).st_size
        """Where the file ended when this began; what is appended meanwhile is left out."""
        self._use_helper = parallel and self.end >= PARALLEL_BYTES and len(os.sched_getaffinity(0)) > 1
        self._chain = Chain()
        self._last_at: datetime | None = None
        self._clock_steps: list[int] = []
        self._seen = Seen()
        self._remarks = Remarks()
        self._torn_bytes = 0

    @property
    def has_branches(self) -> bool:
        """Whether something that was walked tells of a branch."""
        return self._remarks.has_branches

    def run(self) -> Verification:
        """Walk the file and sum up."""
        trouble: LogError | None = None
        try:
            self._step_a_block()
            if self._use_helper:
                self._walk_with_helper()
            self._walk_to(self.end)
        except LogError as error:
            trouble = error
        return self._summed_up(trouble or self._trouble_at_end())

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
        claimed = claimed_place(self._fd, int(self.end * (1 - HELPER_SHARE)))
        if claimed is None or not self._chain.seq:
            return
        # Executed, not forked: the caller may have threads. -P: nothing is imported from the folder we are in.
        arguments = [str(self._path), str(claimed.position - 1), str(self.end), self._chain.run]
        wanted = msgspec.json.encode(self._wanted).decode()
        command = [sys.executable, "-P", "-m", "cockpit.audit.stretch", *arguments, wanted]
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
        self._seen.add(stretch.digests, stretch.places)
        self._remarks.add(stretch.remarks)

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
        self._remarks.note(link.envelope)
        self._seen.look_at(self._wanted, link)

    # ---- summing up ----------------------------------------------------------------------------------------------

    def _summed_up(self, trouble: LogError | None) -> Verification:
        chain, heads, seen = self._chain, self._heads, self._seen
        problems = [_problem(trouble, chain.lines + 1)] if trouble else []
        problems += heads.foreign(chain.run) if chain.run else []
        if not trouble:
            problems += heads.missing(seen, chain.run, chain.seq)
        return Verification(
            path=self._path,
            run=chain.run,
            lines=chain.lines - (0 if chain.pending is None else chain.lines + 1 - chain.pending.line),
            facts=chain.facts,
            seq=chain.seq,
            head=chain.head,
            digest=chain.digest,
            position=chain.position,
            recoveries=chain.recoveries,
            continuations=chain.continuations,
            torn_bytes=self._torn_bytes,
            unproven_bytes=self.end - chain.position - self._torn_bytes if trouble else 0,
            clock_steps=tuple(self._clock_steps),
            clock_sets=tuple(self._remarks.clock_sets),
            ending=self._remarks.ending,
            anchored=heads.anchored(seen, chain.run),
            checkpoints=tuple(Noted(each, heads.holds(each, seen, chain.run)) for each in heads.checkpoints),
            problems=tuple(problems),
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


def _problem(trouble: LogError, next_line: int) -> Problem:
    if isinstance(trouble, LogTooNew):
        return Problem("newer", str(trouble), next_line)
    return Problem("chain", str(trouble), (trouble.line if isinstance(trouble, LogDamaged) else 0) or next_line)


def _part(told: bytes) -> Part | None:
    try:
        return msgspec.json.decode(told, type=Part)
    except ValueError:
        return None  # the helper did not get to an end: its part is walked here
