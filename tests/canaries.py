"""Secrets made to be recognised, and the hunt for them: in bytes, files, tables, processes, however they are written.

Every run makes its own, by chance. What is looked for is not a secret whole but any twelve characters of it in a row,
after everything that quoting adds was undone: percent signs, backslashes, entities, line breaks, the sequences of a
terminal; and as base64 at its three alignments and as hexadecimal digits. So the hunt knows nothing of how cockpit
masks, and half a secret is a hit.
"""

from __future__ import annotations

import base64
import gzip
import html
import os
import re
import secrets
import shutil
import string
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg
import re2
from psycopg import sql

QUOTED = "%+/\"'\\ é"
"""What some format or other has to quote."""
_ALNUM = string.ascii_letters + string.digits
_BASE64 = _ALNUM + "+/"
_BLOCK = 8
_STEP = 5
"""Blocks of 8 characters that begin 5 apart: any 12 in a row hold one whole."""


class Canary(NamedTuple):
    """One secret."""

    name: str
    """Of the variable that holds it."""
    value: str
    cores: tuple[str, ...]
    """What of it must be nowhere: without the words around it that everybody knows."""

    @property
    def env(self) -> str:
        """The environment variable that it comes from."""
        return f"CANARY_{self.name.upper()}"


def _some(count: int, alphabet: str = _ALNUM) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(count))


def password(between: str = QUOTED) -> str:
    return f"{_some(14)}{between}{_some(14)}"


def _spiky() -> str:
    """No two letters stand together."""
    return "".join(letter + secrets.choice("%+/\"'\\") for letter in _some(24))


def _pem(kind: str, raw: bytes, width: int) -> Canary:
    text = base64.b64encode(raw).decode()
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    name = kind.lower().replace(" ", "_")
    return Canary(name, "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""]), (text[64:],))


def _jwt() -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    claims = base64.urlsafe_b64encode(f'{{"sub":"{_some(20)}"}}'.encode()).decode().rstrip("=")
    return f"{head}.{claims}.{_some(43)}"


def _of_one(name: str, value: str) -> Canary:
    return Canary(name, value, (value,))


def _shaped(name: str, before: str, core: str) -> Canary:
    return Canary(name, before + core, (core,))


def _basic() -> Canary:
    word = password("%+/\"'\\ ")
    return Canary("basic_auth", base64.b64encode(f"canary:{word}".encode()).decode(), (word,))


def _kubeconfig() -> Canary:
    pem = _pem("EC PRIVATE KEY", secrets.token_bytes(118), 64)
    key = base64.b64encode(pem.value.encode()).decode()
    text = f"apiVersion: v1\nkind: Config\nusers:\n- name: canary\n  user:\n    client-key-data: {key}\n"
    return Canary("kubeconfig", text, (key[48:-44], *pem.cores))


def _userinfo() -> Canary:
    word = password()
    return Canary("service_url", f"https://canary:{quote(word, safe='')}@127.0.0.1:1/api", (word,))


MAKERS: Mapping[str, Callable[[], Canary]] = {
    "password": lambda: _of_one("password", password()),
    "service_url": _userinfo,
    "bearer": lambda: _of_one("bearer", f"{_some(20)}-._~+/{_some(20)}=="),
    "basic_auth": _basic,
    "api_key": lambda: _of_one("api_key", f"{_some(16)}%+/\"'{_some(16)}"),
    "cookie": lambda: _of_one("cookie", f"{_some(16)}%2F+/{_some(16)}"),
    "github_token": lambda: _shaped("github_token", "ghp_", _some(36)),
    "gitlab_token": lambda: _shaped("gitlab_token", "glpat-", _some(20)),
    "aws_secret": lambda: _of_one("aws_secret", _some(40, _BASE64)),
    "slack_token": lambda: _shaped("slack_token", f"xoxb-{_some(12, string.digits)}-", _some(24)),
    "stripe_key": lambda: _shaped("stripe_key", "sk_live_", _some(24)),
    "jwt": lambda: (token := _jwt()) and Canary("jwt", token, (token[52:],)),
    "openssh_private_key": lambda: _pem("OPENSSH PRIVATE KEY", b"openssh-key-v1\0" + secrets.token_bytes(280), 70),
    "private_key": lambda: _pem("PRIVATE KEY", secrets.token_bytes(120), 64),
    "kubeconfig": _kubeconfig,
    "several_lines": lambda: _of_one("several_lines", "\n".join((password("'"), password('"'), password("\\")))),
    "spiky": lambda: _of_one("spiky", _spiky()),
}
"""Those that need no server. A story adds what does: a DSN, the address of a webhook."""


def made(*names: str) -> dict[str, Canary]:
    """Fresh ones, by name; all kinds if none is named."""
    return {name: MAKERS[name]() for name in names or MAKERS}


# ---- how it may be written -----------------------------------------------------------------------------------------

_LOWER = bytes(range(256)).lower()
_SQUEEZED = bytes(number for number in range(256) if number not in _ALNUM.encode())
_ESCAPED = re.compile(
    rb"%([0-9A-Fa-f]{2})|\\+u([0-9A-Fa-f]{4})|\\+x([0-9A-Fa-f]{2})|\\+([0-3][0-7]{2})|\\+[abfnrtv]|(&(?:\#[0-9]+|\#x[0-9A-Fa-f]+|\w{2,8});)"
)
_TERMINAL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78DEHM]")


def _plain(match: re.Match[bytes]) -> bytes:
    percent, four, two, octal, entity = match.groups()
    if number := percent or four or two:
        code = int(number, 16)
    elif octal:
        code = int(octal, 8)
    else:
        text = html.unescape(entity.decode()) if entity else ""
        code = ord(text) if len(text) == 1 else 0
    return bytes([code]) if code < 256 else b""


def views(data: bytes) -> Iterator[bytes]:
    """The letters and digits of `data` alone, in lower case: as they stand, and with quoting undone, once and twice.

    In lower case because some programs write so what they were given: host names, names of headers, of columns.
    """
    yield _squeezed(data)
    if b"\x1b" in data:
        data = _TERMINAL.sub(b"", data)
        yield _squeezed(data)
    for _ in range(2):
        undone = _ESCAPED.sub(_plain, data)
        if undone == data:
            return
        data = undone
        yield _squeezed(data)


def _squeezed(data: bytes) -> bytes:
    return data.translate(_LOWER, _SQUEEZED)


def _squeezed_blocks(core: bytes) -> Iterator[bytes]:
    text = _squeezed(core)
    assert len(text) >= _BLOCK, "too little of it could be recognised"
    for start in {*range(0, len(text) - _BLOCK + 1, _STEP), len(text) - _BLOCK}:
        yield text[start : start + _BLOCK]


def _encoded_blocks(core: bytes) -> Iterator[bytes]:
    """As base64 and as hexadecimal digits, of twelve bytes each."""
    for start in {*range(0, max(1, len(core) - 11), 6), max(0, len(core) - 12)}:
        block = core[start : start + 12]
        for before in range(3):
            first, last = -(-8 * before // 6), 8 * (before + len(block)) // 6
            text = _squeezed(base64.b64encode(b"\0" * before + block)[first:last])
            if len(text) >= _BLOCK:
                yield text
        yield block.hex().encode()


class Hit(NamedTuple):
    """Something was found."""

    canary: str
    where: str
    around: str
    """As it was found, quoting undone: letters and digits alone, in lower case."""

    def __str__(self) -> str:
        return f"{self.canary} in {self.where}: …{self.around}…"


class Hunt:
    """Looks for some canaries."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._names: dict[bytes, str] = {}
        for canary in canaries:
            for core in canary.cores:
                raw = core.encode()
                for block in (*_squeezed_blocks(raw), *_encoded_blocks(raw)):
                    self._names.setdefault(block, canary.name)
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 256 << 20
        self._any = re2.compile(b"|".join(sorted(self._names)), options)

    def in_bytes(self, data: bytes, where: str) -> list[Hit]:
        """One hit for each canary that is there."""
        found: dict[str, Hit] = {}
        for view in views(data):
            for match in self._any.finditer(view):
                name = self._names[match.group()]
                if name not in found:
                    around = view[max(0, match.start() - 40) : match.end() + 20].decode()
                    found[name] = Hit(name, where, around)
        return list(found.values())

    def in_folder(self, folder: Path, but: Iterable[Path] = ()) -> list[Hit]:
        """In every file below it and in their names; `but`: not in these, which are meant to hold some."""
        found, left_out = list[Hit](), {path.resolve() for path in but}
        for path in [folder, *folder.rglob("*")]:
            if path.resolve() in left_out or any(parent in left_out for parent in path.resolve().parents):
                continue
            found += self.in_bytes(os.fsencode(path.relative_to(folder)), f"the name {path}")
            if path.is_symlink():
                found += self.in_bytes(os.fsencode(path.readlink()), f"the link {path}")
            elif path.is_file():
                found += self.in_bytes(content(path), str(path))
        return found

    def in_database(self, dsn: str) -> list[Hit]:
        """In every table, those of the system that hold what users gave it too, and in what is running."""
        found: list[Hit] = []
        for table, dump in tables(dsn):
            found += self.in_bytes(dump, f"table {table}")
        return found

    def in_open_files(self, folders: Iterable[Path]) -> list[Hit]:
        """In files that are deleted and still open somewhere, if they were below `folders` or in memory alone."""
        found: list[Hit] = []
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                target = os.readlink(link)
                if target.endswith(" (deleted)") and target.startswith((*map(str, folders), "/memfd:")):
                    found += self.in_bytes(link.read_bytes(), f"{target}, open in {link}")
            except OSError:  # it ended meanwhile
                continue
        return found


def content(path: Path) -> bytes:
    """What a file holds, unpacked if it is packed; nothing of one that goes away meanwhile."""
    try:
        data = path.read_bytes()
    except OSError:
        return b""
    if data.startswith(b"\x1f\x8b"):
        return data + gzip.decompress(data)
    return data


def tables(dsn: str) -> Iterator[tuple[str, bytes]]:
    """Every table's name and all its rows as text; `bytea` columns as hexadecimal digits and as they are."""
    with psycopg.connect(dsn, autocommit=True) as there:
        named = there.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')"
        ).fetchall()
        system = [("pg_catalog", name) for name in _SYSTEM]
        for schema, name in [*named, *system]:
            with there.cursor() as cursor:
                query = sql.SQL("copy (select * from {}) to stdout").format(sql.Identifier(schema, name))
                with cursor.copy(query) as rows:
                    dump = b"".join(bytes(row) for row in rows)
            # COPY writes bytea as \\x…: the bytes themselves are looked at too, since hexadecimal digits of a line
            # that quotes something are not those of the secret.
            yield f"{schema}.{name}", dump + b"\n".join(_bytea(dump))


_SYSTEM = ("pg_description", "pg_proc", "pg_views", "pg_largeobject", "pg_stat_activity", "pg_db_role_setting")
_BYTEA = re.compile(rb"\\\\x((?:[0-9a-f]{2})+)")


def _bytea(dump: bytes) -> Iterator[bytes]:
    for match in _BYTEA.finditer(dump):
        yield bytes.fromhex(match[1].decode())


# ---- processes -----------------------------------------------------------------------------------------------------


class ProcessWatch:
    """Reads the arguments of every process, again and again, while it is open.

    A new process is read at every look of its first quarter of a second, since between fork and exec it shows its
    parent's arguments; later once a second. `of` names programs whose environment is kept as well.
    """

    EVERY_S = 0.003
    _YOUNG_S = 0.25

    def __init__(self, *of: str) -> None:
        self._of = set(of)
        self.arguments: set[bytes] = set()
        self.environments: dict[str, set[bytes]] = {}
        self._first_seen: dict[str, float] = {}
        self._last_read: dict[str, float] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ProcessWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(60)

    def hits(self, hunt: Hunt) -> list[Hit]:
        """In arguments; and in the environment of the programs that were named."""
        found = hunt.in_bytes(b"\n".join(self.arguments), "the process list")
        for program, each in self.environments.items():
            found += hunt.in_bytes(b"\n".join(each), f"the environment of {program}")
        return found

    def saw(self, program: str) -> bool:
        """Whether such a process was seen: so that nothing passes because nobody looked."""
        return any(program.encode() in line for line in self.arguments)

    def _watch(self) -> None:
        while not self._is_over.wait(self.EVERY_S):
            now = time.monotonic()
            alive = {name for name in os.listdir("/proc") if name.isdecimal()}
            for pid in alive:
                first = self._first_seen.setdefault(pid, now)
                if now - first < self._YOUNG_S or now - self._last_read[pid] > 1.0:
                    self._last_read[pid] = now
                    self._read(pid)
            for pid in self._first_seen.keys() - alive:
                del self._first_seen[pid]
                self._last_read.pop(pid, None)

    def _read(self, pid: str) -> None:
        arguments = _of_proc(f"/proc/{pid}/cmdline")
        if not arguments:
            return
        self.arguments.add(arguments)
        program = os.path.basename(arguments.split(b"\0", 1)[0]).decode("utf-8", "replace")
        if program in self._of:
            self.environments.setdefault(program, set()).add(_of_proc(f"/proc/{pid}/environ"))


def _of_proc(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # it ended, or is another's
        return b""


def require(*programs: str) -> None:
    """Skip the test where a program of the story is not installed."""
    import pytest

    if missing := [program for program in programs if shutil.which(program) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
