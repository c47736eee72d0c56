"""Every signature that a log carries, checked: who vouches for how much of it, and what is not signed.

Invariant: what vouches was checked by ssh-keygen against one list, and is of a fact that stands in this log before it.
It walks the whole log once more, and holds no more of it than its facts' digests and signatures.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from cockpit.audit import layout
from cockpit.audit.line import FIRST_LIMIT_BYTES, Head, decode, digest
from cockpit.audit.reading import open_log
from cockpit.audit.signing import judged
from cockpit.audit.sshsig import Trust
from cockpit.audit.verdict import LineSignature, Problem, Signature, SignedLog, Unsigned, Verification, Vouched
from cockpit.audit.walking import Walk
from cockpit.errors import LogError
from cockpit.run.events import BranchMerged, BranchTold, Event, HeadSigned, OperatorIdentified, RunStarted
from cockpit.run.evolve import evolve
from cockpit.run.numbering import step_label
from cockpit.run.people import called
from cockpit.run.state import EMPTY, RunState
from cockpit.run.told_lines import told_event
from cockpit.text import shortened

_NAME = 100
_Claim = tuple[Event, Head | None, datetime, bool]
"""A signature, the fact that it names, when that was, and whether a branch tells it."""
_Facts = dict[int, tuple[str, datetime]]
"""Digests and times of facts, by sequence number."""


def signed_log(path: Path, signers: str | None = None) -> SignedLog | None:
    """What the signatures in a log are worth, as far as its chain holds; None if it has none and asks for none.

    `signers` is the text of a list of allowed signers to go by; None: the one that the log itself carries, which
    whoever could write the log could have written too. Blocks for some milliseconds a signature. Raises LogUnreadable.
    """
    path = layout.log_path(path) if path.is_dir() else path
    if not _asks_for_signatures(path):
        return None
    facts, claims = _read(path)
    state = _folded(facts, frozenset())
    if state.started is None or (not claims and state.profile.signing == "off"):
        return None
    text = state.started.signers if signers is None else signers
    trust = Trust(text, state.started.revoked) if text else None
    times = {event.seq: event.instant.at for event in facts}
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as checking:
        worths = list(
            checking.map(
                lambda claim: judged(claim[0], claim[1], trust, claim[2]),
                claims,
            )
        )
    lines = tuple(
        _line(event, worth, is_told=is_told) for (event, _, _, is_told), worth in zip(claims, worths, strict=True)
    )
    bad = frozenset(line.seq for line in lines if not line.by)
    state = _folded(facts, bad)
    given = hashlib.sha256(text.encode()).hexdigest() if text else ""
    return SignedLog(
        signing=state.profile.signing,
        is_own_list=signers is None,
        signers_digest=given,
        fixed_digest=state.started.signers_digest if state.started is not None else "",
        signatures=lines,
        vouched=_vouched(lines),
        unsigned=_unsigned(state, times),
    )


def _asks_for_signatures(path: Path) -> bool:
    """By its first line: where nobody's signature counts, what looks like one proves nothing, and is not looked for."""
    with open(open_log(path, os.O_RDONLY), "rb") as file:
        first = file.readline(FIRST_LIMIT_BYTES + 1)
    try:
        body = decode(first, line=1).body
    except LogError:
        return False
    return isinstance(body, RunStarted) and (body.profile.signing != "off" or bool(body.signers))


def with_signatures(found: Verification, path: Path, signers: str | None = None) -> Verification:
    """What was verified, with the signatures in it; one that does not count is a problem. As `signed_log`."""
    signed = signed_log(path, signers) if found.seq else None
    if signed is None:
        return found
    problems = [
        Problem("signature", f"the signature of {each.of} at seq {each.seq} does not count: {each.why_not}")
        for each in signed.signatures
        if not each.by
    ]
    return replace(found, signed=signed, problems=(*found.problems, *problems))


def _read(path: Path) -> tuple[list[Event], list[_Claim]]:
    """The facts whose lines count, and of each signature the fact that it names."""
    facts: list[Event] = []
    digests: _Facts = {}
    claims: list[_Claim] = []
    told: dict[str, _Facts] = {}
    walk = Walk(path)
    try:
        for batch in walk.batches():
            for envelope, raw in batch:
                if envelope.class_ != "fact":
                    continue
                try:
                    event = decode(raw)
                except LogError:  # `verify` says so
                    continue
                if isinstance(event.body, HeadSigned | OperatorIdentified):
                    claims.append(_claim(event, _named(event.body), digests))
                elif isinstance(event.body, BranchMerged):
                    told[event.body.tip_digest] = {
                        seq: held for seq, held in digests.items() if seq <= event.body.ancestor
                    }
                elif isinstance(event.body, BranchTold):
                    claims += _told_claims(event, event.body, told.setdefault(event.body.branch, {}))
                digests[envelope.seq] = digest(raw), event.instant.at
                facts.append(event)
    finally:
        walk.close()
    return facts, claims


def _claim(event: Event, seq: int, facts: _Facts, *, is_told: bool = False) -> _Claim:
    if seq not in facts:
        return event, None, event.instant.at, is_told
    return event, Head(seq=seq, digest=facts[seq][0]), facts[seq][1], is_told


def _told_claims(event: Event, body: BranchTold, digests: _Facts) -> list[_Claim]:
    """The signatures that a piece of a branch tells, each with the fact of the branch that it names."""
    found: list[_Claim] = []
    for line in body.text.split("\n")[:-1]:
        fact = told_event(line)
        if fact is None or not fact.is_fact:
            continue
        if isinstance(fact.body, HeadSigned | OperatorIdentified):
            found.append(_claim(replace(fact, seq=event.seq), _named(fact.body), digests, is_told=True))
        digests[fact.seq] = digest(line.encode()), fact.instant.at
    return found


def _named(body: HeadSigned | OperatorIdentified) -> int:
    if isinstance(body, HeadSigned):
        return body.seq
    number = "".join(body.text.split("\n")[3:4])
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0


def _folded(facts: list[Event], bad: frozenset[int]) -> RunState:
    """The state after all facts but the signatures that are worth nothing."""
    state = EMPTY
    for event in facts:
        if event.seq not in bad:
            state = evolve(state, event)
    return state


def _line(event: Event, worth: Signature, *, is_told: bool) -> LineSignature:
    body = event.body
    assert isinstance(body, HeadSigned | OperatorIdentified)
    is_head = isinstance(body, HeadSigned)
    return LineSignature(
        seq=event.seq,
        at=event.instant.at,
        kind="head" if is_head else "person",
        head=_named(body),
        of=shortened(body.principal if isinstance(body, HeadSigned) else body.person, _NAME),
        by=worth.by,
        key=worth.key,
        is_countersignature=isinstance(body, HeadSigned) and body.is_countersignature,
        why_not=worth.why_not,
        is_told=is_told,
    )


def _vouched(lines: tuple[LineSignature, ...]) -> tuple[Vouched, ...]:
    found: dict[str, Vouched] = {}
    for line in lines:
        if line.by and line.kind == "head" and not line.is_told:
            before = found.get(line.by)
            newest = max(line.head, before.seq if before else 0)
            found[line.by] = Vouched(by=line.by, seq=newest, count=(before.count if before else 0) + 1, key=line.key)
    return tuple(sorted(found.values(), key=lambda each: (-each.seq, each.by)))


def _unsigned(state: RunState, times: dict[int, datetime]) -> tuple[Unsigned, ...]:
    return tuple(
        Unsigned(
            seq=each.seq,
            at=times[each.seq],
            by=called(each.by),
            what=step_label(state.profile, each.step) if each.step else "",
            is_approval=each.what == "signoff",
            why=each.failed,
        )
        for each in state.unsigned
    )
