"""The database that keeps a run's log, hostile: what it answers to whoever appends, looks up, lists, follows, compares.

Each answer is the right one, changed here and there, or none at all. What is drawn is told apart from what is read by
the rows themselves, so that `Durable` is held to what the server really said.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar
from unittest.mock import patch

import fuzz_postgres as pg
import fuzz_sql
import psycopg
from fuzz_claims import claim, shown
from fuzz_draw import Draw

from cockpit.audit.layout import log_path
from cockpit.audit.line import GENESIS, Draft, Head, decode, digest, prefix
from cockpit.audit.postgres import following as following_module
from cockpit.audit.postgres import listing, mending, watching
from cockpit.audit.postgres.comparing import first_difference
from cockpit.audit.postgres.connecting import said
from cockpit.audit.postgres.following import Following, Told
from cockpit.audit.postgres.incoming import Incoming, ToldOutput, bring_outputs
from cockpit.audit.postgres.leases import claimed, glance, key_of
from cockpit.audit.postgres.lines import Line
from cockpit.audit.postgres.mirror import Mirror, Source, start_mirror
from cockpit.audit.postgres.mirrored import MirroredStore
from cockpit.audit.postgres.store import PostgresStore, rest_of
from cockpit.audit.store import Conflict, Durable, Unknown
from cockpit.errors import CockpitError
from cockpit.run.events import Actor, Instant, NoteAdded, ProbesSampled

T = TypeVar("T")
RUN, SECRET, ANSWER_S = "R1", "pa55word", 2.0
_INT, _TEXT, _BYTES, _BOOL, _DOUBLE, _TIME = 20, 25, 17, 16, 701, 1184
_STRANGE = (
    None, b"", b"0", b"-1", b"-2", b"-3", b"1", b"2", b"7", b"9223372036854775807", b"9" * 30, b"1" * 5000, b"t", b"f",
    b"NaN", b"Infinity", b"-Infinity", b"1e400", b"\\x", b"\\x00ff", b"\\x0", b"\xff\xfe", b"\x1b]0;owned\x07",
    "\u202eabc\u200b".encode(), b"x" * 70000, b"0" * 64, b"a" * 63 + b"\n", b"null", b"[" * 3000, b"../../x",
    b"run.finished", b"infinity", b"10000-01-01 00:00:00+00", b"0001-01-01 00:00:00+00",
    b"4714-11-24 00:00:00+00 BC", b"2026-11-22",
)  # fmt: skip
_CODES = ("42P01", "42501", "23505", "22000", "25006", "55P03", "57P01", "XX000", "", "é")
_WHEN = Instant(at=datetime(2026, 11, 22, 4, 0, tzinfo=UTC), boot="b", mono=1.0)
_ACTOR = Actor(user="ana", host="h1")
_DRAFTS = (
    Draft(id="E1", instant=_WHEN, actor=_ACTOR, body=NoteAdded(text="one")),
    Draft(id="E2", instant=_WHEN, actor=_ACTOR, body=ProbesSampled()),
    Draft(id="E3", instant=_WHEN, actor=_ACTOR, body=NoteAdded(text="two")),
)
_Value = bytes | None


class Said(NamedTuple):
    """An answer, as it goes out and as it is meant."""

    answer: pg.Answer
    rows: list[list[_Value]] | None
    """None: it is none of the kind that was asked for, or tells of a failure."""
    warns: bool = False


@cache
def _server() -> pg.Server:
    return pg.Server()


def _said(draw: Draw, types: tuple[int, ...], *right: list[_Value]) -> Said:
    """The right rows of these types, perhaps changed; or something else."""
    match draw.number(7):
        case 6:
            return Said(fuzz_sql._answer(draw), None)
        case 7:
            fields = {"S": draw.text(20), "V": "ERROR", "C": draw.pick(_CODES), "M": draw.text()}
            return Said(pg.Answer(pg.told(b"E", fields) + pg.ready(), is_last=draw.chance(4)), None)
        case how:
            pass
    rows, oids = [list(row) for row in right], list(types)
    if how:  # of six, one is right
        for _ in range(how - 1):
            _change(draw, rows, oids)
    warning = pg.told(b"N", {"S": "WARNING", "V": "WARNING", "C": "01000", "M": draw.text()})
    warns, tells = draw.chance(8), draw.chance(8)
    notified = pg.message(b"A", bytes(4) + b"c\0" + draw.bytes(20).replace(b"\0", b"") + b"\0") if tells else b""
    columns = [(f"c{n}", oid) for n, oid in enumerate(oids)]
    content = pg.answered(columns, rows, "SELECT 1") + notified + (warning if warns else b"")
    return Said(pg.Answer(content + pg.ready(), is_last=draw.chance(8)), rows, warns)


def _change(draw: Draw, rows: list[list[_Value]], oids: list[int]) -> None:
    match draw.number(6):
        case 0:
            oids[draw.number(len(oids) - 1)] = draw.pick(pg.OIDS)
        case 1 if rows:
            rows.append(list(draw.pick(rows)))
        case 2 if rows:
            del rows[draw.number(len(rows) - 1)]
        case 3:
            oids.append(_INT)
            for row in rows:
                row.append(draw.pick(_STRANGE))
        case 4 if len(oids) > 1:
            oids.pop()
            for row in rows:
                row.pop()
        case _ if rows:
            row = draw.pick(rows)
            row[draw.number(len(row) - 1)] = draw.bytes(100) if draw.chance(4) else draw.pick(_STRANGE)
        case _:
            rows.append([draw.pick(_STRANGE) for _ in oids])


def _hello(draw: Draw) -> list[pg.Answer]:
    """What comes before anything is asked: settings, who answers, which server."""
    done = pg.Answer(pg.answered([], [], "SET") + pg.ready())
    if not draw.chance(8):
        row: list[_Value] = [b"77", b"2026-11-22 04:00:00+00"]
        who = Said(pg.Answer(pg.answered([("p", _TEXT), ("b", _TEXT)], [row], "SELECT 1") + pg.ready()), [row])
    else:
        who = _said(draw, (_TEXT, _TEXT), [b"77", b"2026-11-22 04:00:00+00"])
    return [done, who.answer, _said(draw, (_TEXT, 23), [b"7351234567890123456", draw.pick((b"1", b"2"))]).answer]


def _connected(draw: Draw) -> list[pg.Answer]:
    """The same for what asks nothing about the server."""
    return [pg.Answer(pg.answered([], [], "SET") + pg.ready(b"I"), is_last=draw.chance(30))]


def _held(ask: Callable[[], T], data: bytes, *others: type[Exception]) -> T | None:
    """What is answered; None where it is refused, in a sentence that may be shown and tells no password."""
    try:
        return ask()
    except CockpitError as error:
        told = str(error)
    except others as error:
        told = said(error) if isinstance(error, psycopg.Error) else type(error).__name__
    shown(told)
    claim(told, "an error says nothing")
    claim(SECRET not in told or SECRET.encode() in data, "an error tells the password")
    return None


def store(data: bytes) -> None:
    """One question to it, and its answers."""
    draw = Draw(data)
    _server().scripts = []
    _server().script = []
    draw.pick((_append, _opened, _read, _listed, _leased, _outputs, _followed, _compared, _mirrored))(draw, data)


def _append(draw: Draw, data: bytes) -> None:
    drafts = draw.pick((_DRAFTS[:1], _DRAFTS, _DRAFTS[1:2], _DRAFTS[:2]))
    last = draw.pick((None, 5, 0, 1))
    known = draw.pick(((0, ""), (5, "ab" * 32)))
    told = _said(draw, (_INT, _TEXT, _INT, _TEXT), *_written(draw, drafts, last))
    again = [*_hello(draw), _said(draw, (_BOOL,), [b"t"]).answer, _line_of(draw).answer]
    _server().scripts = [[*_hello(draw), told.answer]]
    _server().script = again
    with_store = PostgresStore(_server().dsn, RUN, answer_s=ANSWER_S)
    try:
        added = _held(lambda: with_store.add(last, *drafts, known=known), data)
        if added is None:
            return
        outcome, kept = added
        if isinstance(outcome, Durable):
            _durable(outcome, [each.line for each in kept], drafts, told)
        if isinstance(outcome, Conflict):
            claim(told.rows and len(told.rows) == 1 and int(told.rows[0][0] or b"9") == 0, "no conflict was told of")
        claim(not isinstance(outcome, Unknown) or outcome.id == drafts[0].id, "another is unknown")
        event = _held(lambda: with_store.lookup(drafts[0].id), data)
        claim(event is None or (event.id, event.run) == (drafts[0].id, RUN), "another event is found")
    finally:
        with_store.close()


def _written(draw: Draw, drafts: tuple[Draft, ...], last: int | None) -> list[list[_Value]]:
    """The rows that the database answers with: all is written, or a conflict, or one of the refusals."""
    if code := draw.pick((0, 0, 0, 0, 0, 3, 1, 2)):
        return [[b"%d" % (code % 3 and -code), None, b"4", b"cd" * 32]]
    head, prev, seq, rows = Head(5, "ab" * 32), "ab" * 32, 6, list[list[_Value]]()
    if last == 0:
        head, prev, seq = Head(0, ""), GENESIS, 1
    for one in drafts:
        of_line = digest(prefix(RUN, seq, prev) + rest_of(one, RUN))
        head = Head(seq, of_line) if one.body.is_fact else head
        rows.append([b"%d" % seq, prev.encode(), b"%d" % head.seq, head.digest.encode()])
        prev, seq = of_line, seq + 1
    return rows


def _durable(outcome: Durable, lines: list[bytes], drafts: tuple[Draft, ...], told: Said) -> None:
    """The server said so, of each of them, and in what it said there is sense."""
    claim(told.rows is not None and not told.warns, "it is no answer, and yet durable")
    assert told.rows is not None
    seqs = [int(row[0] or b"0") for row in told.rows]
    claim(len(seqs) == len(drafts) == len(lines) == len(outcome.events), "another number of lines is durable")
    claim(seqs[0] > 0 and seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"durable as {seqs}")
    claim([each.id for each in outcome.events] == [each.id for each in drafts], "other events are durable")
    for line, event in zip(lines, outcome.events, strict=True):
        claim(decode(line) == event, "its line says another thing")
    prevs = [row[1] for row in told.rows]
    made = [digest(line).encode() for line in lines]
    claim(prevs[1:] == made[:-1], "they do not follow each other")
    facts = [n for n, one in enumerate(drafts) if one.body.is_fact]
    head = outcome.head
    claim(not facts or (head and head.digest.encode() == made[facts[-1]] == told.rows[-1][3]), "the head is another")


@cache
def _line(draft: Draft, seq: int, prev: str) -> bytes:
    return prefix(RUN, seq, prev) + rest_of(draft, RUN)


def _line_of(draw: Draw) -> Said:
    line = _line(draw.pick(_DRAFTS), 6, "ab" * 32)
    return _said(draw, (_BYTES, _INT), [b"\\x" + line.hex().encode(), b"6"])


def _opened(draw: Draw, data: bytes) -> None:
    is_new = draw.chance()
    found = _said(draw, (_INT, _TEXT), *([] if draw.chance() else [[b"5", b"ab" * 32]]))
    gone = _said(draw, (_TEXT, _TEXT, _TEXT), [b"2026-11-22", b"ana", b"h1:/x"])
    _server().script = [*_hello(draw), found.answer, gone.answer]
    made = _held(
        lambda: (PostgresStore.create if is_new else PostgresStore.open)(_server().dsn, RUN, answer_s=ANSWER_S), data
    )
    if made is not None:
        claim(is_new or (made.head and made.head.seq > 0 and len(made.head.digest) == 64), f"opened at {made.head}")
        claim(made.server_pid >= 0, "its process has no number")
        made.close()


def _stored(draw: Draw, first: int = 1) -> Said:
    """Lines of the log."""
    rows, prev = list[list[_Value]](), GENESIS
    for seq, one in enumerate(_DRAFTS[: 1 + draw.number(2)], start=1):
        line = _line(one, seq, prev)
        prev = digest(line)
        if seq >= first:
            size = b"%d" % len(line)
            rows.append([b"%d" % seq, b"\\x", b"\\x" + line.hex().encode(), b"t" if one.body.is_fact else b"f", size])
    return _said(draw, (_INT, _BYTES, _BYTES, _BOOL, _INT), *rows)


def _read(draw: Draw, data: bytes) -> None:
    _server().script = [*_hello(draw), _stored(draw).answer, _stored(draw).answer]
    reading = PostgresStore(_server().dsn, RUN, answer_s=ANSWER_S)
    try:
        after = draw.pick((0, 1, 2))
        for each in (_held(lambda: reading.lines_after(after), data), _held(lambda: reading.lines_after(after), data)):
            seqs = [kept.seq for kept in each or ()]
            claim(seqs == sorted(set(seqs)) and all(seq > after for seq in seqs), f"lines {seqs} after {after}")
            claim(all(isinstance(kept.line, bytes) for kept in each or ()), "a line is no bytes")
    finally:
        reading.close()


def _listed(draw: Draw, data: bytes) -> None:
    at = b"2026-11-22T04:00:00Z"
    runs = _said(draw, (_TEXT, _INT, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT), [b"R1", b"5", None, b"p", b"e", at, at])
    gone = _said(
        draw, (_TEXT, _INT, _TEXT, _TEXT, _TEXT, _TIME, _TEXT),
        [b"R0", b"5", b"ab" * 32, b"x", b"y", b"2026-11-22 04:00:00+00", b"ana"],
    )  # fmt: skip
    short = _said(draw, (_TEXT, _INT), [b"R1", b"5"])
    ids = _said(draw, (_TEXT,), [b"R1"], [b"R2"])
    number, dsn = draw.number(4), _server().dsn
    asked: list[tuple[Callable[[], object], list[Said]]] = [
        (lambda: _tabled(listing.held_in(dsn, draw.pick((None, 1)))), [runs, gone]),
        (lambda: [_run(run) for run, _ in listing.runs_in(dsn)], [short]),
        (lambda: list(map(_run, listing.live_in(dsn))), [ids]),
        (lambda: list(map(_run, listing.beginning_with(dsn, "R"))), [ids]),
        (lambda: [f"{gone.at.astimezone(UTC):%Y}" for gone in listing.dropped_from(dsn)], [gone]),
    ]
    ask, answers = asked[number]
    _server().script = [*_connected(draw), *(each.answer for each in answers)]
    _held(ask, data)


def _run(run: str) -> str:
    claim(run and "/" not in run and "." not in run, f"{run!r} is a run, whose folder is named so")
    return run


def _tabled(held: list[listing.Held]) -> None:
    from cockpit.cli.held_runs import table

    shown(*(table(held, 80) if held else ()))


def _leased(draw: Draw, data: bytes) -> None:
    place, key = (b"%d" % (key_of(name) % 2**32) for name in (RUN, "keeper"))
    held, age = _said(draw, (_INT, _INT, _BOOL), [place, key, b"f"]), _said(draw, (_DOUBLE,), [b"3600.5"])
    if draw.chance():
        _server().script = [*_connected(draw), held.answer, age.answer]
        look = _held(lambda: glance(_server().dsn), data)
        claim(look is None or look(RUN, "keeper") in (True, False, None), "a glance sees something else")
        return
    _server().script = [*_connected(draw), _said(draw, (_BOOL,), [b"t"]).answer, held.answer]

    def had() -> bool:
        with claimed(_server().dsn, RUN, "keeper", "seat") as is_had:
            return is_had

    claim(_held(had, data) in (True, False, None), "a claim is neither had nor not")


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-store-")
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _outputs(draw: Draw, data: bytes) -> None:
    dsn = _server().dsn
    end = _said(draw, (_INT,), [b"6"])
    pieces = [_said(draw, (_INT, _BYTES), [b"0", b"\\x616263"], [b"3", b"\\x646566"]) for _ in range(3)]
    _server().script = [*_connected(draw), end.answer, *(each.answer for each in pieces)]
    if draw.chance():
        incoming = Incoming(dsn, RUN)
        there = _held(lambda: incoming.end_of("a.log"), data)
        claim(there is None or there >= 0, f"an output has {there} bytes")
        _held(lambda: incoming.put("a.log", there or 0, b"abc"), data)
        incoming.rest()
        return
    told = {"a.log": ToldOutput(bytes=6, sha256=hashlib.sha256(b"abcdef").hexdigest())}
    path = _folder() / "outputs" / "a.log"
    path.unlink(missing_ok=True)
    lacking = _held(lambda: bring_outputs(dsn, RUN, _folder(), told), data)
    claim(path.exists() == (lacking == []), "an output is there, or said to be, and is not")
    claim(not path.exists() or path.read_bytes() == b"abcdef", "an output is another than the log says")
    claim(not list(path.parent.glob("*.part")), "a part of an output is left")


def _followed(draw: Draw, data: bytes) -> None:
    plain = pg.Answer(pg.answered([], [], "SET") + pg.ready())
    place, key = (b"%d" % (key_of(name) % 2**32) for name in (RUN, "keeper"))
    taken = _said(draw, (_BOOL,), [b"t"])
    looks = [_said(draw, (_INT, _INT, _BOOL), [place, key, b"t"]) for _ in range(2)]
    news = pg.message(
        b"A", bytes(4) + b"cockpit\0" + draw.pick((b"R1 2", b"R1 " + b"9" * 30, b"R1 \xff", b"R1")) + b"\0"
    )
    first = looks[0].answer
    if draw.chance():
        first = first._replace(content=first.content + news)
    _server().script = [
        *_connected(draw), plain, _said(draw, (_DOUBLE,), [b"3600.5"]).answer, plain,
        _said(draw, (_TEXT, 23), [b"7351234567890123456", b"1"]).answer,
        taken.answer, first, _stored(draw).answer, pg.Answer(looks[1].answer.content, is_last=True),
    ]  # fmt: skip
    told: list[str] = []

    def pull(source: Source, notice: Told | None) -> None:
        claim(notice is None or notice.seq >= 0, "it was told of a line that cannot be")
        source.lines_after(0)

    following = Following(_server().dsn, RUN, pull, told.append, holds=lambda: ("keeper",))
    with patch.object(following_module, "POLL_S", 0.01):
        _held(following._listen, data, psycopg.Error, OSError)
    following.close()
    shown(*told)


def _compared(draw: Draw, data: bytes) -> None:
    line = _line(_DRAFTS[0], 1, GENESIS)
    own = hashlib.sha256(hashlib.sha256(line).digest()).hexdigest().encode()
    one = b"\\x" + hashlib.sha256(line).hexdigest().encode()
    summed = _said(draw, (_INT, _BYTES, _BOOL), [b"1", b"\\x" + own, draw.pick((b"t", b"f"))])
    _server().script = [
        *_hello(draw), summed.answer, _said(draw, (_INT, _BYTES), [b"1", one]).answer,
        _said(draw, (_INT,), [b"1"]).answer, _said(draw, (_INT,), [None]).answer,
    ]  # fmt: skip
    asked = PostgresStore(_server().dsn, RUN, answer_s=ANSWER_S)
    try:
        lines = [Line(1, b"", line, digest(line), is_fact=True)]
        found = _held(lambda: first_difference(asked.ask, RUN, lines, thoroughly=draw.chance()), data)
        if found is not None:
            shown(found.sentence)
    finally:
        asked.close()


def _mirrored(draw: Draw, data: bytes) -> None:
    """A store and its copy: what is acknowledged is in the copy."""
    told = _said(draw, (_INT, _TEXT, _INT, _TEXT), *_written(draw, _DRAFTS[:1], 0))
    _server().scripts = [[*_hello(draw), told.answer, _stored(draw).answer, _stored(draw).answer]]
    _server().script = [*_hello(draw), _stored(draw).answer, _stored(draw).answer]
    with tempfile.TemporaryDirectory(prefix="fuzz-copy-", dir=_folder()) as name, _at_once():
        run_dir = Path(name) / RUN
        start_mirror(run_dir, RUN)
        both = MirroredStore(PostgresStore(_server().dsn, RUN, answer_s=ANSWER_S), Mirror(run_dir, RUN))
        try:
            outcome = _held(lambda: both.append(0, _DRAFTS[0]), data)
            if isinstance(outcome, Durable):
                claim(told.rows is not None and not told.warns, "it is no answer, and yet durable")
                claim(b'"id":"E1"' in log_path(run_dir).read_bytes(), "acknowledged, and not in the copy")
            _held(lambda: both.take_in(both._store), data)
        finally:
            both.close()


@contextmanager
def _at_once() -> Iterator[None]:
    """Nobody waits for what others might put back."""
    with patch.object(watching, "OTHERS_S", 0.0), patch.object(mending, "_wait", lambda seconds: None):
        yield


def seeds() -> list[bytes]:
    """Bytes that draw each question and right answers, and such as are changed in one place."""
    return [bytes([kind, *middle, 0, 0, 0, 0]) + bytes(tail) for kind in range(9) for middle, tail in _middles()]


def _middles() -> Iterator[tuple[bytes, bytes]]:
    yield b"", bytes(40)
    for how in (2, 6, 7):
        for place in range(6):
            yield bytes(place) + bytes([how]), bytes(range(how, how + 30))
