"""Every command that prints, and what to feed it: texts that act, wherever a text can come from outside.

`COMMAND_LINES` has an entry for each command and subcommand, and each of their formats; one that is missing fails a
test. Words in capitals stand for what `Outside` makes: logs and profiles by strangers, files with such names, a
database that answers so.
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import tomli_w
from attacks import ATTACKS, MARK, attack
from msgspec import Struct
from report_hostile import hostile_night
from report_story import RUN, written

TEXTS = tuple(attack(name).replace("\x00", "") for name in ATTACKS if name != "surrogate")
"""What logs and files can hold."""
NAMES = "".join(text for text in TEXTS if "/" not in text)
_REFUSED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Of texts in profiles (`cockpit check`)."""
LIVE = "01M7L1VE000000000000000000"


class Case(Struct, frozen=True):
    """One call of a command."""

    command: str
    """`store list`; empty: none."""
    arguments: tuple[str, ...]
    """In capitals: of `Outside`."""
    is_told: bool = True
    """Whether its output has to hold some of what was fed."""
    is_exact: bool = False
    """Bytes of a log are asked for, and in a file they are what they are: it is safe in a terminal alone."""
    is_rare: bool = False
    """It takes long, or is like another: only where every case is asked for."""
    environ: Mapping[str, str] = {}

    def __str__(self) -> str:
        return f"{self.command} {' '.join(self.arguments)} {' '.join(self.environ)}".strip()


COMMAND_LINES: dict[str, str] = {
    "run": """
        NAMED.toml
        WRONG.toml
        VALID.toml
        VALID.toml --store DSN
        --TEXT
    """,
    "rehearse": """
        NAMED.toml
        WRONG.toml
        VALID.toml
        VALID.toml --despite TEXT
    """,
    "resume": """
        quiet: TEXT
        quiet: LIVE
        LIVE --TEXT
    """,
    "join": """
        quiet: TEXT
        quiet: LIVE
        quiet:
    """,
    "runs": """
        --all
        --format json --all
        --format csv --all
        quiet: --profile TEXT
        --since TEXT
        --zone TEXT
        --outcome TEXT
        quiet: --format text --by TEXT
    """,
    "runs init": """
        NAMED/x/y --group root
        NAMED/x --group TEXT
    """,
    "print": """
        LOG
        LOG --done
        LIVE
        DAMAGED
        NAMED
        TEXT
    """,
    "stop": """
        quiet: LIVE --reason TEXT
        TEXT
    """,
    "unit": """
        LIVE
        TEXT
    """,
    "new": """
        NAMED/x --from TEXT
        quiet: --list
        rare: NAMED/shop --from virtue
    """,
    "import": """
        BOOK
        rare: BOOK --report
        BOOK --report --format json
        rare: BOOK --report --format text
        rare: BOOK --environment TEXT
        rare: BOOK --id TEXT
        NAMED.md
        rare: BOOK -o NAMED/x/y.toml
        rare: BOOK --update WRONG.toml
        quiet rare: BOOK --preview
    """,
    "enable": """
        VALID.toml --list
        rare: VALID.toml TEXT --yes
        WRONG.toml --list
        NAMED.toml
    """,
    "check": """
        WRONG.toml
        VALID.toml
        NAMED.toml
        WRONG.toml --format json
        VALID.toml WRONG.toml --format text --executes
        quiet: VALID.toml --format json
    """,
    "trust": """
        VALID.toml
        VALID.toml --digest TEXT
        WRONG.toml
        NAMED.toml
    """,
    "approve": """
        VALID.toml
        VALID.toml --as TEXT --digest TEXT
        WRONG.toml
        NAMED.toml
    """,
    "show": """
        VALID.toml
        VALID.toml --format toml
        VALID.toml --format md
        WRONG.toml
    """,
    "schema": """
        quiet:
    """,
    "ready": """
        VALID.toml
        VALID.toml --run LIVE
        WRONG.toml
        VALID.toml --run TEXT
        VALID.toml --format json --run LIVE
        VALID.toml --format text --run LIVE
    """,
    "doctor": """
        VALID.toml --format text --all
        VALID.toml --format json
        quiet: LIVE --all
        TEXT
        NAMED.toml
        --store DSN
    """,
    "tasks": """
        LOG
        VALID.toml
        VALID.toml --format ics
        quiet: LOG --format ics --events
        rare: LOG --format md
        TEXT
    """,
    "probe": """
        VALID.toml
        VALID.toml --format json
        VALID.toml --format text
        WRONG.toml
    """,
    "log": """
        LOG
        LOG --all
        LOG LIVE --grep MARK -C 1
        --all-runs
        DAMAGED
        exact: LOG --json
        NAMED
        quiet: LOG --grep TEXT --fixed
        LOG --grep (TEXT
        LOG --zone TEXT
        LOG --follow
        quiet: LOG --by TEXT
    """,
    "compare": """
        rare: LOG LIVE
        LOG LIVE --format text --by-phase
        LOG LIVE --format md
        LOG LIVE --format json
        quiet: LOG --format toml
        rare: LOG NAMED
        rare: LOG DAMAGED
    """,
    "export": """
        exact: LOG
        exact: LOG DAMAGED
        NAMED
        LOG -o NAMED/x
        exact: LOG TEXT
    """,
    "verify": """
        LOG --head TEXT
        DAMAGED
        NAMED
        quiet: LOG --format json
        NAMED --format json
        DAMAGED LOG --format text
        LOG --checkpoint NAMED
        LOG --signers NAMED
        quiet rare: LOG --strict
    """,
    "checkpoint": """
        quiet: LOG
        NAMED
        quiet: DAMAGED
    """,
    "replay": """
        quiet: LOG
        NAMED
        quiet: LOG --at TEXT
        quiet: LOG --zone TEXT
    """,
    "report": """
        rare: LOG -o -
        rare: LOG --format html -o -
        LOG --format md
        LOG --format json
        LOG --format csv
        DAMAGED --format md
        NAMED
        rare: LOG -o NAMED/x/y
        LOG --format csv --table events
        quiet rare: LOG --format csv --table phases
        LOG --format csv --table steps
        LOG --format csv --table decisions
        rare: LOG --format csv --table deviations
        rare: LOG --format csv --table actions
        quiet rare: LOG --format csv --table waits
        rare: LOG --format csv --table holds
        rare: LOG --format csv --table triggers
        rare: LOG --format csv --table signoffs
        rare: LOG --format csv --table notes
        rare: LOG --format csv --table people
        rare: LOG --format csv --table probes
        rare: LOG --format csv --table changes
        quiet rare: LOG --format csv --table readings
        LOG --head TEXT
        LOG --zone TEXT
    """,
    "store init": """
        --store DSN
        quiet: --store TEXT
    """,
    "store check": """
        --store DSN
        quiet: --store TEXT
    """,
    "store list": """
        --store DSN
        quiet: --store TEXT
    """,
    "store import": """
        LOG --store DSN
        NAMED --store DSN
    """,
    "store export": """
        TEXT NAMED/x --store DSN
    """,
    "store return": """
        TEXT
        quiet: LIVE
    """,
    "store compare": """
        LOG --store DSN
        NAMED --store DSN
    """,
    "store drop": """
        TEXT --exported NAMED --reason TEXT --store DSN
    """,
    "demo": """
        TEXT
        --fault TEXT
        quiet: --list
    """,
    "": """
        TEXT
        --TEXT
    """,
}
"""By command, what is called with it. `quiet`: nothing that is fed is told. `exact`, `rare`: see `Case`."""
_COMPLETING = ("bash_complete", "zsh_complete", "fish_complete")
_TYPED = f"{MARK}\x1b]0;owned\x07\x9b2J\u202e"
SURROUNDED = (
    Case("unit", ("LIVE",), environ={"PATH": f"/bin:{NAMES}", "COCKPIT_GROUP": NAMES}),
    Case(
        "doctor",
        ("--all",),
        is_told=False,
        environ=dict.fromkeys(("TERM", "TMUX", "SSH_CONNECTION", "SSH_AUTH_SOCK", "LANG"), NAMES),
    ),
    *(
        Case("", (), is_told=False, environ={"_COCKPIT_COMPLETE": shell, "COMP_WORDS": line, "COMP_CWORD": at})
        for shell in _COMPLETING
        for line, at in (
            ("cockpit rep", "1"),
            (f"cockpit export '{_TYPED}'", f"'{_TYPED}'" if "fish" in shell else "2"),
        )
    ),
)
"""What is fed by the environment."""


class Screened(Struct, frozen=True):
    """One call of a command that opens a screen, or refuses to: in a terminal."""

    command: str
    arguments: tuple[str, ...]
    """As in `Case`."""
    steps: tuple[tuple[str, str], ...]
    """What is waited for, and what is typed then."""
    status: int

    def __str__(self) -> str:
        return f"{self.command} {' '.join(self.arguments)} {self.status}".strip()


_READ_IT = "have you read it"
_TAKES = ((_READ_IT, "y\r"), ("the reason for taking it", "it is my turn\r"))
SCREENED = (
    Screened("resume", ("LIVE",), ((_READ_IT, "n\r"),), 4),
    Screened("replay", ("LOG", "--zone", "TEXT"), (), 2),
    Screened("resume", ("LIVE",), (*_TAKES, (f"type {MARK}.* to go on", f"{MARK}\r")), 4),
    Screened("resume", ("LIVE", "--reason", "TEXT"), ((_READ_IT, "y\r"), ("to go on", "no\r")), 4),
    Screened("resume", ("NAMED",), (), 3),
    Screened("resume", ("TEXT",), (), 5),
    Screened("join", ("LIVE",), ((f"WATCHING(?s:.)*{MARK}", "q"),), 0),
    Screened("join", (), ((f"WATCHING(?s:.)*{MARK}", "q"),), 0),
    Screened("join", ("TEXT",), (), 5),
    Screened("replay", ("LOG", "--at", "TEXT"), ((f"(?s){MARK}.*verified", "q"),), 0),
    Screened("replay", ("DAMAGED",), ((MARK, "q"),), 0),
    Screened("replay", ("NAMED",), (), 3),
    Screened("import", ("BOOK", "--preview"), ((MARK, "q"),), 0),
    Screened("import", ("NAMED.md", "--preview"), (), 4),
)
"""What is said before a screen and after it, at prompts, and instead of it."""


def _cases() -> Iterator[Case]:
    for command, lines in COMMAND_LINES.items():
        for line in filter(None, map(str.strip, lines.splitlines())):
            marks, _, words = line.rpartition(":")
            arguments = tuple(word.replace("MARK", MARK) for word in words.split())
            yield Case(command, arguments, "quiet" not in marks, "exact" in marks, "rare" in marks)
    yield from SURROUNDED


CASES = tuple(_cases())


class Outside:
    """What comes from outside, in one folder, with every attack in it somewhere.

    `text`: the one that stands everywhere; all of them, in turns, if empty.
    """

    def __init__(self, folder: Path, dsn: str, text: str = "") -> None:
        self.runs = folder / "runs"
        for run in (RUN, LIVE):
            (self.runs / run).mkdir(parents=True)
        texts = (text,) * 20 if text else TEXTS
        name = (text or NAMES[:200]).replace("/", "⁄")[:60]
        events = list(hostile_night(texts))
        written(events, self.runs / RUN / "audit.jsonl")
        written(events[: len(events) // 2], self.runs / LIVE / "audit.jsonl", LIVE)
        lines = (self.runs / RUN / "audit.jsonl").read_bytes().splitlines(keepends=True)
        raw = "".join(texts).replace("\n", "").encode()
        damaged = folder / f"damaged{name}.jsonl"
        damaged.write_bytes(b"".join([*lines[:20], raw + b"\n", *lines[21:]]))
        self._words = {
            "LOG": str(self.runs / RUN),
            "LIVE": LIVE,
            "DAMAGED": str(damaged),
            "TEXT": text or "".join(TEXTS),
            "NAMED": os.fsdecode(os.fsencode(str(folder / name)) + b"\xff\x9b31m"),
            "DSN": dsn,
            "VALID.toml": str(_valid(folder / f"valid{name}.toml", texts)),
            "WRONG.toml": str(_wrong(folder / f"wrong{name}.toml", texts)),
            "BOOK": str(_runbook(folder / f"book{name}.md", texts)),
        }

    def arguments(self, given: Case | Screened) -> list[str]:
        """With the command, and what stands for the words in capitals."""
        return [*given.command.split(), *map(self._meant, given.arguments)]

    def _meant(self, word: str) -> str:
        if word in self._words:
            return self._words[word]
        return word.replace("TEXT", self._words["TEXT"]).replace("NAMED", self._words["NAMED"])


def _valid(path: Path, texts: Sequence[str]) -> Path:
    """A profile that passes `check`: what acts is refused in TOML, so it only deceives; and a probe reads what acts."""
    quiet = [text.replace("${", "$${") for text in texts if not _REFUSED.search(text)] or [MARK]
    spoken = path.with_name("spoken")
    spoken.write_bytes("\n".join(texts).encode())
    steps: list[dict[str, object]] = [
        {"id": f"s{at}", "kind": "confirm", "title": text, "instructions": text, "owner": text[:60], "command": text}
        for at, text in enumerate(quiet)
    ]
    command = {"id": "spoken", "kind": "command", "argv": ["cat", str(spoken)], "value": "text"}
    closed = {"id": "closed", "kind": "http", "url": "http://127.0.0.1:9/", "title": quiet[0][:60]}
    told = {
        "id": "shop",
        "environment": "staging",
        "title": "".join(quiet)[:300],
        "description": "".join(quiet),
        "contacts": [{"name": text[:60], "reach": text[:60]} for text in quiet[:5]],
        "probes": [command | {"pass": ["text == 'x'"]}, closed | {"pass": ["status == 200"]}],
        "tasks": [
            {"id": f"t{at}", "title": text, "owner": text[:60], "group": text[:60], "due": "2d"}
            for at, text in enumerate(quiet)
        ],
        "phases": [
            {
                "id": "one",
                "title": quiet[-1],
                "steps": [*steps, {"id": "run", "title": quiet[0], "kind": "command", "argv": ["echo", *quiet]}],
            }
        ],
    }
    path.write_text(tomli_w.dumps(told), encoding="utf-8")
    return path


def _wrong(path: Path, texts: Sequence[str]) -> Path:
    """Keys, ids, conditions, references and values that are all wrong, and are all told."""
    every = ", ".join(map(_toml, texts))
    lines = ['id = "shop"', 'environment = "staging"', "[[phases]]", 'id = "one"', "[[phases.steps]]", 'id = "s"']
    lines += [f"{_toml(text)} = {_toml(text)}" for text in texts]
    lines += ['kind = "command"', f'argv = [{every}, "${{nothing{MARK}}}"]']
    lines += ["[[probes]]", f"id = {_toml(texts[0])}", f"pass = [{every}]", f"kind = {_toml(texts[-1])}"]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _toml(text: str) -> str:
    return json.dumps(text).replace("\x7f", "\\u007F") if text.isascii() else tomli_w.dumps({"k": text})[4:].strip()


def _runbook(path: Path, texts: Sequence[str]) -> Path:
    lines = [f"# Deploy {MARK}", ""]
    for at, text in enumerate(texts):
        lines += [f"## {at} {text}", "", f"- [ ] {text} @{text}", "", "```bash", f"echo {text}", "```", ""]
        lines += [f"| {text} | {text} |", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@contextmanager
def hostile_database(texts: Sequence[str] = TEXTS) -> Iterator[str]:
    """A server that answers every login with an error of these texts; its DSN."""
    said = " ".join(texts).replace("\x00", "").encode()
    fields = b"".join((b"SFATAL\0", b"VFATAL\0", b"C28000\0", b"M", said, b"\0D", said, b"\0H", said, b"\0\0"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_answer, args=(server, b"E" + struct.pack("!I", len(fields) + 4) + fields), daemon=True).start()
        yield f"postgresql://ana@127.0.0.1:{server.getsockname()[1]}/shop"


def _answer(server: socket.socket, error: bytes) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client, suppress(OSError):
            while (asked := client.recv(4096)) and asked[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):
                client.sendall(b"N")  # neither TLS nor GSSAPI
            client.sendall(error)
