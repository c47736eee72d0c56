"""The installed kinds: what they declare compiles, and the reference lists all of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cockpit.probes.env.runner import entropy_bits
from cockpit.profile.conditions import compile_condition, compile_value, probe_environment
from cockpit.profile.kinds import ProbeKind, installed

KINDS = installed().probes
DOCUMENT = Path(__file__).parents[3] / "docs" / "probes.md"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_the_defaults_of_a_kind_compile_over_its_own_facts(kind: ProbeKind) -> None:
    environment = probe_environment(kind)
    assert all(compile_condition(text, environment) for text in kind.default_pass)
    assert compile_value(kind.default_value, environment).type_name


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_the_reference_names_every_setting_and_fact_of_a_kind(kind: ProbeKind) -> None:
    section = DOCUMENT.read_text().partition(f"## `{kind.name}`\n")[2].partition("\n## ")[0]
    names = [field.encode_name for field in msgspec.structs.fields(kind.settings)]
    names += [fact.name for fact in kind.facts]
    assert [name for name in names if f"| `{name}` |" not in section] == []


def test_declarations_import_no_driver() -> None:
    code = (
        "import sys; from cockpit.profile.kinds import installed; installed(); "
        "print(*{'httpx', 'httpcore', 'psycopg', 'cryptography', 'textual', 'asyncio'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(("text", "bits"), [("", 0.0), ("aaaa", 0.0), ("abab", 4.0), ("abcdabcd", 16.0)])
def test_entropy_is_that_of_the_characters_times_their_number(text: str, bits: float) -> None:
    assert entropy_bits(text) == bits
