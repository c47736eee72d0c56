"""Logs: any bytes under the name of one, and logs that chain and whose events say what no cockpit would write.

The second kind is a golden log whose JSON is changed here and there, and chained anew: only so do hostile contents get
past the digest of the line before them, to whatever tells, folds, replays and reports them.
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

import msgspec
from click import Command
from click.testing import CliRunner
from fuzz_claims import as_json, claim, same, shown, twice
from fuzz_draw import Draw

from cockpit.audit.chain import named_run
from cockpit.audit.line import GENESIS, LIMIT_BYTES, digest, prefix
from cockpit.audit.tail import Entry, Tail
from cockpit.audit.verify import describe, verify
from cockpit.cli.exporting import export
from cockpit.cli.logs import log
from cockpit.errors import LogError
from cockpit.report.pages.account import Account, read_account
from cockpit.report.pages.data import as_json as page_json
from cockpit.report.pages.markdown import markdown
from cockpit.report.pages.phrasing import Phrasing
from cockpit.report.pages.tabular import TABLES, as_csv
from cockpit.report.replay.film import Film
from cockpit.run.evolve import evolve, fold

TESTS = Path(__file__).parents[1]
GOLDEN = tuple(sorted((TESTS / "logs" / "v1").glob("*.jsonl")))
_RUNNER = CliRunner()
_KEPT: list[tempfile.TemporaryDirectory[str]] = []
_WHEN = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
_START_KEYS = ("v", "run", "seq", "prev", "class")


@cache
def _path() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="fuzz-log-")
    _KEPT.append(folder)
    return Path(folder.name) / "night.jsonl"


@cache
def _independent() -> ModuleType:
    """The second verifier, which knows the format's description alone."""
    path = TESTS / "unit" / "audit" / "independent_verifier.py"
    spec = importlib.util.spec_from_file_location("independent_verifier", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def golden(number: int) -> list[bytes]:
    """The lines of one golden log that are whole, without newlines: in some a crash had left others."""
    lines = GOLDEN[number].read_bytes().splitlines()
    return [line for line in lines if line.startswith(b'{"v":1') and line.endswith(b"}")]


def raw_log(data: bytes) -> None:
    """Bytes under the name of a log."""
    path = _path()
    path.write_bytes(data)
    found = same(lambda: verify(path, strict=True), when=twice(data))
    assert found is not None  # what can be opened is judged
    shown(*describe(found), *(str(each) for each in found.problems))
    bad_line, seq, last = _independent().first_bad_line(data)
    whole = not any(each.kind in ("chain", "newer") for each in found.problems)
    if any("twice in one object" in each.what for each in found.problems):
        return  # docs/log-format.md, "Lines": what a reader makes of such a line is its own
    claim(found.seq == seq and found.digest == last, f"it ends at {found.seq}, and for the other verifier at {seq}")
    claim(not whole or not bad_line, f"it holds, and for the other verifier not in line {bad_line}")
    entries = _entries(path)
    claim(len(entries) <= found.lines, "a tail hands out more than counts")
    _TELLERS[len(data) % 4](path)  # each in its turn: all of them take longer than all before


def _entries(path: Path) -> list[Entry]:
    """What a tail hands out before the first trouble."""
    tail, entries = Tail(path, is_waited_for=False), list[Entry]()
    try:
        while batch := tail.read():
            entries += batch
    except LogError as error:
        shown(str(error))
    finally:
        tail.close()
    return entries


def chained_log(data: bytes) -> None:
    """A golden log, changed by what is drawn, and chained anew."""
    draw = Draw(data)
    lines = [json.loads(line) for line in golden(draw.number(len(GOLDEN) - 1))]
    for _ in range(1 + draw.number(7)):
        _change(draw, lines)
    content = chained(lines)
    path = _path()
    path.write_bytes(content)
    found = verify(path)
    shown(*describe(found), *(str(each) for each in found.problems))
    entries = _entries(path)
    if not any(each.kind in ("chain", "newer") for each in found.problems):
        lines_there = content.count(b"\n")
        claim(found.lines == lines_there, f"{found.lines} of {lines_there} lines count")
    events = [entry.event for entry in entries]
    state = fold(events)
    claim(not twice(data) or fold(events) == state, "folded twice, it is another night")
    middle = draw.number(len(events)) if events else 0
    claim(
        fold(events[middle:], fold(events[:middle])) == state, f"folded in two parts at {middle}, it is another night"
    )
    if draw.chance(4):
        one_by_one = fold([])
        for event in events:
            one_by_one = evolve(one_by_one, event)
        claim(one_by_one.steps == state.steps and one_by_one.pen == state.pen, "one by one, it is another night")
    draw.pick((*_TELLERS, _reported))(path)


def _change(draw: Draw, lines: list[dict[str, object]]) -> None:
    """Change one line: a value within it, a key of it, or its place."""
    at = draw.number(len(lines) - 1)
    match draw.number(9):
        case 0:
            del lines[at]
            if not lines:
                lines.append({"data": {}})
        case 1:
            lines.insert(draw.number(len(lines)), json.loads(json.dumps(lines[at])))
        case 2:
            other = draw.number(len(lines) - 1)
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at]["data"] = json.loads(json.dumps(lines[draw.number(len(lines) - 1)].get("data", {})))
        case _:
            _change_within(draw, lines[at])


def _change_within(draw: Draw, line: dict[str, object]) -> None:
    """Walk into it by what is drawn, and put another value there."""
    place: object = line
    for _ in range(8):
        keys = [key for key in place if place is not line or key not in _START_KEYS] if isinstance(place, dict) else []
        if isinstance(place, dict) and keys:
            key = draw.pick(keys)
            if not isinstance(place[key], dict | list) or not place[key] or draw.chance(6):
                if draw.chance(5):
                    del place[key]
                else:
                    place[key] = draw.value()
                return
            place = place[key]
        elif isinstance(place, list) and place:
            number = draw.number(len(place) - 1)
            if not isinstance(place[number], dict | list) or not place[number] or draw.chance(6):
                place[number] = draw.value()
                return
            place = place[number]
        else:
            return


def chained(lines: list[dict[str, object]]) -> bytes:
    """As a log that chains; of lines that no log can hold, without those."""
    run = named_run(b'{"v":1,"run":"' + str(lines[0].get("run", "")).encode() + b'","seq":') or "R"
    content, seq, before = b"", 0, GENESIS
    for line in lines:
        rest = {key: value for key, value in line.items() if key not in _START_KEYS}
        text = json.dumps(rest, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        class_ = line.get("class") if line.get("class") in ("fact", "telemetry") else "fact"
        raw = prefix(run, seq + 1, before) + str(class_).encode() + b'",' + text[1:]
        if len(raw) >= LIMIT_BYTES and seq:
            continue
        content, seq, before = content + raw + b"\n", seq + 1, digest(raw)
    return content


def _told(path: Path) -> None:
    """`cockpit log`, in sentences."""
    shown(_called(log, path), lines=True)


def _told_as_json(path: Path) -> None:
    _called(log, path, "--json")


def _exported(path: Path) -> None:
    _called(export, path)


def _called(command: Command, path: Path, *options: str) -> str:
    """What it prints, as people call it."""
    found = _RUNNER.invoke(command, [*options, str(path)], standalone_mode=False)
    if found.exception is not None:
        claim(isinstance(found.exception, LogError), f"`{command.name}` ends in {found.exception!r}")
        shown(str(found.exception), lines=True)
    shown(found.stderr, lines=True)
    return found.stdout


def _replayed(path: Path) -> None:
    """The film, at some of its moments."""
    try:
        film = Film(path)
    except LogError as error:
        shown(str(error), lines=True)
        return
    try:
        while (rows := film._reel.read()) is not None:  # as its thread does; here without one
            for row in rows:
                film._take(row)
        timeline = film.timeline
        for k in {0, film.facts // 2, film.facts - 1}:
            place = film.at_fact(k)
            claim(film.state(place) == film.state(place), "seen twice, a moment is another")
            film.moment(k), film.head(k), film.recent(place, 5)
            shown(film.trouble(place))
            film.at_time(place.at.at), film.at_seq(place.seq)
        claim(film.timeline == timeline, "its timeline changes while nothing is added")
        shown(*(each.sentence for each in film.damages))
    finally:
        film.close()


_TELLERS = (_told, _told_as_json, _exported, _replayed)


def _reported(path: Path) -> None:
    """The report's words, its data and its tables; its page and its pictures have tests of their own."""
    account = read_account(path, _WHEN)
    shown(*account.troubles, *account.shown)
    if account.told.began is None:
        return
    shown(markdown(account, Phrasing(account.told, UTC)), lines=True)
    as_json(page_json(account))
    for table in TABLES:
        if table != "events":
            as_csv(account, table, path)
    _packed(account)


def _packed(account: Account) -> None:
    """What was made of it can be handed on."""
    msgspec.json.encode(account.told)


def seeds() -> list[bytes]:
    """Of raw logs: the golden ones, whole and cut."""
    whole = [path.read_bytes() for path in GOLDEN]
    return whole + [content[: len(content) // 2] for content in whole[:3]] + [whole[0] + whole[0], b"", b"\n{}\n"]


def chained_seeds() -> list[bytes]:
    """Of the second kind: each log, changed here and there."""
    return [bytes([log_, 3, at, 9, 1, 4, *range(at, at + 24)]) for log_ in range(len(GOLDEN)) for at in (0, 5, 40)]
