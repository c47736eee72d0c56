"""What is fuzzed, by name: a function that takes bytes and raises if a claim does not hold, and what to begin with.

A name is a module and its functions, imported only when it is wanted: one engine has to see the imports.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
FOUND = HERE / "found"
"""Inputs that once broke a claim: `found/TARGET/NAME`. Each is tried again by every run of the tests."""
CORPUS = HERE / "corpus"
"""Small inputs that reach what the seeds do not, as coverage found them: `corpus/TARGET/NAME`."""


class Target(NamedTuple):
    """One of them."""

    module: str
    function: str
    seeds: str = ""
    """A function of the module that returns some; empty: the files in `files` are."""
    files: tuple[str, ...] = ()
    """Patterns, from the checkout."""
    words: tuple[bytes, ...] = ()
    """What the format is made of."""
    most_bytes: int = 4096

    @property
    def fuzz(self) -> Callable[[bytes], None]:
        """The function itself."""
        found: Callable[[bytes], None] = getattr(import_module(self.module), self.function)
        return found

    def given(self) -> list[bytes]:
        """What to begin with, as it stands in the checkout."""
        if self.seeds:
            made: list[bytes] = getattr(import_module(self.module), self.seeds)()
            return made
        root = HERE.parents[1]
        return [path.read_bytes() for pattern in self.files for path in sorted(root.glob(pattern))]


def kept(name: str, where: Path) -> list[Path]:
    """The files that are kept of a target."""
    return sorted(path for path in (where / name).glob("*") if path.is_file() and path.suffix != ".txt")


_TOML = (
    b"[[probes]]\n", b"[[phases]]\n", b"[[phases.steps]]\n", b"[[variables]]\n", b"[[rollbacks]]\n", b"[[triggers]]\n",
    b"[window]\n", b'id = "a"\n', b'extends = "base.toml"\n', b"partial = true\n", b'kind = "http"\n', b'gate = ["a == 1"]\n',
    b'pass = ["status == 200"]\n', b"secret = true\n", b'env = "A"\n', b"${a}", b"$$", b'"""', b"'''", b"{", b"}", b"\\u0000",
    b'timezone = "Europe/Berlin"\n', b'start = "22:00"\n', b'estimate = "5m"\n', b'argv = ["true"]\n', b"\xff", b"\xe2\x80\xae",
)  # fmt: skip
_CEL = (
    b"status", b"json", b".a", b"[0]", b"['x']", b" == ", b" < ", b" && ", b" || ", b"!", b"size(", b".matches(", b".exists(i, ",
    b".all(i, ", b"has(json.a)", b"duration('1s')", b"timestamp(", b"double(", b"int(", b"1u", b"0x7f", b"1e400", b"b'\\xff'",
    b"r'\\d'", b"'''", b"? :", b" in ", b"{'a': 1}", b"dyn(", b"null", b"-9223372036854775808", b"\xf0\x9f\x92\xa9",
)  # fmt: skip
_HTTP = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n", b"content-length: ", b"transfer-encoding: chunked\r\n", b"\r\n\r\n", b"0\r\n",
    b"ffffffffffffffff\r\n", b"location: ", b"//evil.example", b"/\x00", b"connection: close\r\n", b"content-encoding: gzip\r\n",
    b'{"ok":', b"true", b"[", b"1e999", b'"\\ud800"', b"\x1b[31m", b"100", b"304", b"set-cookie: a=b\r\n", b"\n ", b": ",
)  # fmt: skip
_SQL = (
    b"$$", b"$a$", b"'", b"''", b"E'", b'"', b"/*", b"*/", b"--", b";", b"(", b")", b"begin atomic", b"end", b"case", b"create function ",
    b":a", b":'a'", b':"a"', b"\\i x\n", b"copy t from stdin;\n", b"\\.\n", b"U&'", b"\\", b"::", b"select ", b"do $$", b"\xc3\xa9",
)  # fmt: skip
_MARKDOWN = (
    b"# ", b"- [ ] ", b"- [x] ", b"1. ", b"```bash\n", b"```sql\n", b"```\n", b"| a | b |\n|-|-|\n", b"> ", b"<details>", b"---\n", b"<!--",
    b"-->", b"$ curl http://a/b\n", b"${", b"**", b"[a](b)", b"wait 5 minutes", b"> 5 %", b"rollback", b"\xef\xbb\xbf", b"\xe2\x80\xae",
)  # fmt: skip
_SIGNERS = (
    b'namespaces="',
    b'valid-after="',
    b"cert-authority",
    b"ssh-ed25519 ",
    b"AAAAC3NzaC1lZDI1NTE5AAAAI",
    b"*",
    b"!",
    b",",
    b"20260101Z",
    b'"',
)
_BLOB = (b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----", b"U1NIU0lH", b"AAAA")
_MOMENT = (
    b"22:41",
    b"2026-11-21",
    b"T",
    b"Z",
    b"+01:00",
    b"+1h",
    b"(?i)",
    b"[[:alpha:]]",
    b"{1,1000}",
    b"\\pN",
    b"Europe/Berlin",
)
_JSON = (
    b'{"',
    b'":',
    b"[",
    b"]",
    b"null",
    b"1e999",
    b'"\\ud800"',
    b'"pid"',
    b'"argv"',
    b'"code"',
    b'"stage"',
    b"9" * 30,
)

TARGETS: dict[str, Target] = {
    "profile": Target("fuzz_profiles", "profile", words=_TOML, most_bytes=8192,
                      files=("profiles/*/*.toml", "tests/broken/*.toml", "tests/importing_corpus/*.toml")),
    "condition": Target("fuzz_profiles", "condition", "condition_seeds", words=_CEL, most_bytes=1024),
    "log": Target("fuzz_logs", "raw_log", "seeds", words=(b'"class":"fact"', b'"prev":"', b"\n", b'{"v":1,"run":"', b"\xff"),
                  most_bytes=1 << 16),
    "chained_log": Target("fuzz_logs", "chained_log", "chained_seeds", most_bytes=512),
    "runbook": Target("fuzz_runbooks", "runbook", "seeds", words=_MARKDOWN, most_bytes=8192),
    "http": Target("fuzz_http", "http_answer", "http_seeds", words=_HTTP),
    "prometheus": Target("fuzz_http", "prometheus_answer", "prometheus_seeds", words=_HTTP + _JSON),
    "probe_rows": Target("fuzz_sql", "probe_rows", "answer_seeds", most_bytes=1024),
    "step_rows": Target("fuzz_sql", "step_rows", "answer_seeds", most_bytes=1024),
    "sql": Target("fuzz_sql", "sql_text", "text_seeds", words=_SQL, most_bytes=4096),
    "signers": Target("fuzz_parts", "signers", "signer_seeds", words=_SIGNERS, most_bytes=2048),
    "signature": Target("fuzz_parts", "signature", "signature_seeds", words=_BLOB, most_bytes=2048),
    "checkpoint": Target("fuzz_parts", "checkpoint", "checkpoint_seeds", words=(b"cockpit/", b"\n", b"\xe2\x80\xa8"), most_bytes=512),
    "text": Target("fuzz_parts", "text", "text_seeds", most_bytes=512),
    "search": Target("fuzz_parts", "search", "search_seeds", words=_MOMENT, most_bytes=256),
    "handed": Target("fuzz_parts", "handed", "handed_seeds", words=_JSON, most_bytes=2048),
}  # fmt: skip
