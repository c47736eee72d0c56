"""What is fuzzed, by name: a function that takes bytes and raises where a claim does not hold, and what to begin with.

A name is a module and its functions, imported only when it is wanted: one engine has to see the imports.
"""

from __future__ import annotations

import ast
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
    seeds: str
    """A function of the module, too: what to begin with."""
    words: str = ""
    """What the format is made of: a file in `words/`, as libFuzzer takes it."""
    most_bytes: int = 4096

    @property
    def fuzz(self) -> Callable[[bytes], None]:
        """The function itself."""
        found: Callable[[bytes], None] = getattr(import_module(self.module), self.function)
        return found

    def given(self) -> list[bytes]:
        """What to begin with, as it stands in the checkout."""
        made: list[bytes] = getattr(import_module(self.module), self.seeds)()
        return made

    @property
    def dictionary(self) -> Path | None:
        """The file of `words`."""
        return HERE / "words" / f"{self.words}.dict" if self.words else None

    def vocabulary(self) -> list[bytes]:
        """The words themselves."""
        lines = self.dictionary.read_text("ascii").splitlines() if self.dictionary is not None else []
        return [ast.literal_eval(f"b{line}") for line in lines]


def kept(name: str, where: Path) -> list[Path]:
    """The files that are kept of a target."""
    return sorted(path for path in (where / name).glob("*") if path.is_file() and path.suffix != ".txt")


TARGETS: dict[str, Target] = {
    "profile": Target("fuzz_profiles", "profile", "seeds", words="toml", most_bytes=8192),
    "condition": Target("fuzz_profiles", "condition", "condition_seeds", words="cel", most_bytes=1024),
    "values": Target("fuzz_profiles", "values", "value_seeds", words="toml", most_bytes=1024),
    "log": Target("fuzz_logs", "raw_log", "seeds", words="log", most_bytes=1 << 16),
    "chained_log": Target("fuzz_logs", "chained_log", "chained_seeds", most_bytes=512),
    "runbook": Target("fuzz_runbooks", "runbook", "seeds", words="markdown", most_bytes=8192),
    "http": Target("fuzz_http", "http_answer", "http_seeds", words="http"),
    "prometheus": Target("fuzz_http", "prometheus_answer", "prometheus_seeds", words="json"),
    "probe_rows": Target("fuzz_sql", "probe_rows", "answer_seeds", most_bytes=1024),
    "step_rows": Target("fuzz_sql", "step_rows", "answer_seeds", most_bytes=1024),
    "sql": Target("fuzz_sql", "sql_text", "text_seeds", words="sql"),
    "signers": Target("fuzz_parts", "signers", "signer_seeds", words="signers", most_bytes=2048),
    "signature": Target("fuzz_parts", "signature", "signature_seeds", words="signature", most_bytes=2048),
    "checkpoint": Target("fuzz_parts", "checkpoint", "checkpoint_seeds", words="checkpoint", most_bytes=512),
    "text": Target("fuzz_parts", "text", "text_seeds", most_bytes=512),
    "masking": Target("fuzz_secrets", "masking", "masking_seeds", most_bytes=256),
    "trust": Target("fuzz_secrets", "trust", "trust_seeds", words="trust", most_bytes=2048),
    "search": Target("fuzz_parts", "search", "search_seeds", words="search", most_bytes=256),
    "shim": Target("fuzz_places", "shim", "shim_seeds", most_bytes=1024),
    "door": Target("fuzz_places", "door", "door_seeds", words="json", most_bytes=4096),
    "marks": Target("fuzz_places", "marks", "mark_seeds", words="json", most_bytes=1024),
    "agent": Target("fuzz_host", "agent", "agent_seeds", words="signers", most_bytes=2048),
    "terminal": Target("fuzz_host", "terminal", "terminal_seeds", words="terminal", most_bytes=2048),
    "kubectl": Target("fuzz_host", "kubectl", "kubectl_seeds", most_bytes=256),
    "host": Target("fuzz_host", "host", "host_seeds", words="host", most_bytes=2048),
    "probed_file": Target("fuzz_host", "probed_file", "probed_file_seeds", words="search"),
    "dsn": Target("fuzz_host", "dsn", "dsn_seeds", words="dsn", most_bytes=512),
    "store": Target("fuzz_store", "store", "seeds", most_bytes=512),
    "webhook": Target("fuzz_webhook", "webhook", "seeds", words="http"),
    "command_output": Target("fuzz_command", "command_output", "seeds", words="json"),
    "handed": Target("fuzz_parts", "handed", "handed_seeds", words="json", most_bytes=2048),
}
