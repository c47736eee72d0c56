"""SQL: what a server answers to a probe and to a step, and the text of scripts."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import fuzz_postgres as pg
import psycopg
from fuzz_claims import answered, at_most, claim, shown
from fuzz_draw import Draw
from fuzz_profiles import kinds

from cockpit.actions.runner import Output
from cockpit.actions.sql import lexing, script
from cockpit.actions.sql.binding import bind
from cockpit.actions.sql.connecting import connect
from cockpit.actions.sql.executing import Execution, Order, Stopped
from cockpit.actions.sql.judging import ended, succeeded
from cockpit.actions.sql.keeping import Kept
from cockpit.actions.sql.script import Statement
from cockpit.actions.sql.transcript import Transcript
from cockpit.errors import ActionError, ProbeError
from cockpit.importing import sql as imported_sql
from cockpit.masking.mask import Mask
from cockpit.probes.masking import masked
from cockpit.probes.postgres.declaration import PostgresSettings
from cockpit.probes.postgres.runner import PostgresRunner, _Link
from cockpit.probes.reading import Judge
from cockpit.probes.runner import Context
from cockpit.profile.conditions import compile_condition, probe_environment
from cockpit.profile.model import Probe

SECRET = "pa55word"
_VALUES = (
    b"0", b"1", b"-1", b"t", b"f", b"", b"NaN", b"Infinity", b"-Infinity", b"infinity", b"-infinity", b"1e400",
    b"9" * 400, b"1" + b"0" * 5000, b"0.1", b"-0", b"{}", b"{1,2}", b"{NULL}", b'{"a b",c}', b"{{1},{2}}",
    b"[1,2)", b"empty",
    b'{"a": [1, null, {"b": 1e999}]}', b"[" * 3000, b"[" * 3000 + b"]" * 3000, b'"\\ud800"', b'"\\u0000"', b"null",
    b"2026-11-22", b"0001-01-01 00:00:00+00", b"10000-01-01", b"4714-11-24 00:00:00+00 BC", b"24:00:00",
    b"1 year 2 mons 3 days 04:05:06.789", b"-178000000 years", b"\\x00ff", b"\\xzz",
    b"01234567-89ab-cdef-0123-456789abcdef", b"192.0.2.7/24", b"::1", b"08:00:2b:01:02:03",
    b"(1,2)", b"(,)", b"\xff\xfe", b"\x1b]0;owned\x07", b"pa55word",
    "\u202eabc\u200b".encode(), b"x" * 70000, b"99999-99-99", b"12:61:00", b"2026-11-22 04:00:00+15:59:59",
)  # fmt: skip
_TAGS = ("SELECT 1", "UPDATE 3", "COMMIT", "BEGIN", "", "INSERT 0 99999999999999999999", "\x1b[2J", "SELECT -1", "SET")
_PROBES = (
    Probe(id="db", kind="postgres", pass_when=("value == 0",)),
    Probe(id="db", kind="postgres", pass_when=("rows.all(r, r.a != 'x')", "row_count > 0"), value="rows"),
    Probe(id="db", kind="postgres", warn_when=("double(value) > 5.0",), value="value"),
)
_EXPECT = ("result.size() > 0 && result[0].a == 1", "rows < 5", "notices.all(n, !n.contains('WARNING'))")


@cache
def _server() -> pg.Server:
    return pg.Server()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-sql-")
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _answer(draw: Draw) -> pg.Answer:
    """One answer: rows of any types, notices, an error, or bytes that are no message, after which it is gone."""
    notices = b"".join(pg.told(b"N", _fields(draw)) for _ in range(draw.number(2)))
    match draw.number(7):
        case 0:
            return pg.Answer(draw.bytes(2000), is_last=True)
        case 1:
            return pg.Answer(notices + _error(draw) + pg.ready(draw.pick((b"I", b"E", b"T"))), is_last=draw.chance(4))
        case 2:
            content = pg.message(draw.pick((b"G", b"H", b"W", b"I", b"s", b"A", b"S")), draw.bytes(50)) + pg.ready()
            return pg.Answer(content, is_last=True)
        case _:
            names = draw.pick((("a",), ("a", "a"), ("a", "b", "\x1b[31m"), ("", "b" * 70), ()))
            columns = [(name, draw.pick(pg.OIDS)) for name in names]
            rows = [[_value(draw) for _ in columns] for _ in range(draw.pick((1, 0, 2, 3, 130)))]
            content = pg.answered(columns, rows, draw.pick(_TAGS)) + notices
            return pg.Answer(content + pg.ready(draw.pick((b"I", b"T", b"E"))))


def _error(draw: Draw) -> bytes:
    """An error of the server."""
    return pg.told(b"E", _fields(draw))


def _fields(draw: Draw) -> dict[str, str]:
    code, position = draw.pick(("42P01", "57014", "55P03", "XX000", "", "é")), draw.pick(("1", "0", "99999", "x", "-3"))
    fields = {"S": draw.text(20), "C": code, "M": draw.text(), "D": draw.text(), "H": draw.text()}
    return {**fields, "P": position, "R": draw.text(20)}


def _value(draw: Draw) -> bytes | None:
    if draw.chance(8):
        return None
    return draw.bytes(200) if draw.chance(4) else draw.pick(_VALUES)


def probe_rows(data: bytes) -> None:
    """What a probe's query is answered with."""
    draw = Draw(data)
    judge = _judge(draw.number(len(_PROBES) - 1))
    _server().script = [_answer(draw)]
    settings = PostgresSettings(dsn=_server().dsn, query="select 1")
    runner = PostgresRunner(settings, Context(base_dir=_folder(), timeout_s=5.0, is_rare=True))
    try:
        facts = runner._ask(_Link())
        judged = judge.judge(facts, 1.0, 2.0)
    except ProbeError as error:
        shown(str(error))
        judged = judge.no_reading(error, 1.0, 2.0)
    reading = masked(judged, Mask({"password": SECRET})).reading
    shown(reading.detail)
    at_most((reading.detail,), 200)
    claim(SECRET not in reading.detail, "the detail tells the password")
    if isinstance(reading.value, float):
        claim(math.isfinite(reading.value), "a value is no number that JSON has")
    if isinstance(reading.value, str):
        shown(reading.value)
        at_most((reading.value,), 80)


@cache
def _judge(number: int) -> Judge:
    return Judge(_PROBES[number], kinds().probes["postgres"])


def step_rows(data: bytes) -> None:
    """What the statements of a step are answered with, from the first setting to COMMIT."""
    draw = Draw(data)
    transaction, rehearsal, text = draw.chance(), draw.chance(), draw.pick(("select 1; update t set a = 2", "select 1"))
    answers = [_answer(draw) for _ in range(1 + draw.number(3))]
    plain = pg.Answer(pg.answered([], [], "SET") + pg.ready(b"T"))
    committed = pg.Answer(pg.answered([], [], "COMMIT") + pg.ready())
    _server().script = [*([plain] * draw.number(9)), *answers, *([committed] * 3)]
    told: list[Output] = []
    (_folder() / "outputs" / "a.log").unlink(missing_ok=True)
    transcript = Transcript(_folder() / "outputs" / "a.log", Mask({"password": SECRET}), told.append)
    order = Order(
        dsn=_server().dsn, name="fuzz", unverified="it is a stand-in", values={},
        script=tuple((each, bind(each, {})) for each in script.statements(text)), transaction=transaction,
        rehearsal=rehearsal, lock_timeout_s=1.0, statement_timeout_s=1.0,
    )  # fmt: skip
    execution = Execution(order, transcript, _keep)
    verdict = _loop().run_until_complete(_performed(execution, is_known=draw.chance()))
    claim(not transaction or verdict[0] != "succeeded" or execution.stage in ("committed", "rolled_back"), "it lies")
    transcript.say(f"{verdict[0]}: {verdict[1]}\n")
    transcript.flush()
    transcript.close()
    shown(*(each.text for each in told), lines=True)
    shown((_folder() / "outputs" / "a.log").read_text("utf-8"), lines=True)
    claim(not any(SECRET in each.text for each in told), "the transcript tells the password")
    facts = execution.facts()
    for condition in _expectations():
        holds = condition.evaluate(facts)
        claim(isinstance(holds, bool | str), f"an expectation is {holds!r}")
        if isinstance(holds, str):
            shown(holds)


async def _keep(kept: Kept, *, durable: bool = True) -> None:
    """Keeps nothing."""


async def _performed(execution: Execution, *, is_known: bool) -> tuple[str, str]:
    """Without the second connection that looks on; the outcome and its sentence."""
    try:
        connection = execution.connection = await connect(execution.order.dsn, "fuzz", unverified="it is a stand-in")
        connection.add_notice_handler(execution._notice)
        if is_known:
            execution.stage = "running"
        else:
            await execution._prepare(connection)
        async with asyncio.timeout(5):
            await execution._perform(connection)
    except (psycopg.Error, ActionError, OSError, Stopped) as error:
        found = ended(execution, error, "")
        return found.outcome, found.detail
    finally:
        await execution.leave()
    found = succeeded(execution)
    return found.outcome, found.detail


@cache
def _expectations() -> Sequence[object]:
    environment = probe_environment(kinds().steps["sql"])
    return [compile_condition(text, environment) for text in _EXPECT]


def sql_text(data: bytes) -> None:
    """A script: cut into tokens, pieces and statements, and read by an import."""
    text = data.decode("utf-8", "replace")
    tokens = list(lexing.tokens(text))
    claim("".join(text[each.start : each.end] for each in tokens) == text, "its tokens are not the text")
    pieces = list(lexing.pieces(text))
    claim("".join(text[each.start : each.end] for each in pieces) == text, "its pieces are not the text")
    at = 0
    for statement in script.statements(text):
        at = _statement(statement, text, at)
        for params in ({}, {"a": "1", "name": "x"}):
            answered(lambda each=statement, params=params: bind(each, params))  # type: ignore[misc]
    found = imported_sql.statements(text)
    claim(imported_sql.statements(text) == found, "read twice, a runbook's SQL is another")


def _statement(statement: Statement, text: str, at: int) -> int:
    """It stands in the text, after the one before it; where it begins."""
    begins = text.find(statement.text, at)
    claim(begins >= 0, "a statement is not in the text, or not in its order")
    claim(statement.tokens, "a statement has no token")
    shown(statement.first_words)
    shown(statement.place(len(statement.text)))
    first = list(lexing.pieces(statement.text))
    claim(len([each for each in first if each.code]) == 1, f"a statement alone is several: {statement.text[:200]!r}")
    _ = statement.gist
    return begins + len(statement.text)


def answer_seeds() -> list[bytes]:
    """Bytes that draw answers of each kind."""
    return [
        bytes([kind, 0, form, *range(tail, tail + 20)]) for kind in range(3) for form in range(8) for tail in (0, 9, 30)
    ]


def text_seeds() -> list[bytes]:
    """Of scripts."""
    shipped = sorted(Path(__file__).parents[2].glob("cockpit/demo/**/*.sql"))
    return [
        *(path.read_bytes() for path in shipped),
        b"select 'a''b', e'\\'', $$x;y$$, $t$;$t$ from \"q\"\"r\" -- c\n; update t set a = :a where b = :'b';",
        b"select 1 /* a /* b */ ; */; select 2;",
        b"create function f() returns int language sql begin atomic select case when 1 then 2 end; end; select 1",
        b"create rule r as on insert to t do also (select 1; select 2); commit",
        b"insert into t values (1, 'x'::text, :name, b'01', x'ff', u&'\\0061' uescape '!', 1.5e-3, $1);\n\\i f.sql\n",
        b"select e'a'\n  'b\\'c'\n'; d'; select ':a'",
        b"copy t from stdin;\n1\t2\n\\.\nselect 1;",
    ]
