"""A condition that would take too long or too much is an error of its reading, and the keeper goes on."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import pytest

from cockpit.probes.reading import Judge
from cockpit.profile.conditions import compile_condition, compile_value
from cockpit.profile.effort import TOO_MANY_TURNS, TOO_MUCH_MEMORY
from cockpit.profile.kinds import installed
from cockpit.profile.model import Probe

NAMES = {"json": "dyn", "text": "string"}
LIST = list(range(9000))
TEXT = "a" * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "json.map(x, text + text).size() == 0",
        "json.map(x, json).size() == 0",
        "[text]" + ".map(a, a + a)" * 14 + ".size() == 0",
        "json.map(x, {'a': text + text}).size() == 0",
    ],
    ids=["texts", "lists", "doubling", "maps"],
)
def test_what_builds_up_memory_without_end_is_an_error(text: str) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    # Short enough to be begun; in a child, so that its peak is its own.
    code = f"""
from pathlib import Path
from cockpit.profile.conditions import compile_condition
found = compile_condition({text!r}, {NAMES!r}).evaluate({{"json": list(range(9000)), "text": "a" * 20_000}})
# Not getrusage(2): it counts what the process had before it executed this program, which is the tests' own.
print(found, int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    said, _, peak_mib = done.stdout.strip().rpartition(" ")
    assert said in (TOO_MUCH_MEMORY, "False"), done
    assert int(peak_mib) < 400
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_the_process_may_take_as_much_as_before_after_a_condition_that_took_too_much() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    found = compile_condition("json.map(x, text + text).size() == 0", NAMES).evaluate(
        {"json": LIST, "text": "a" * 20000}
    )
    assert found == TOO_MUCH_MEMORY
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert compile_value("text + text", NAMES).evaluate({"text": "ab"}) == ("abab", "")


@pytest.mark.parametrize(
    "text",
    [
        "json.all(x, !text.matches('(a|aa)+b'))",
        "json.exists(x, json.exists(y, text.contains('b')))",
        "json.filter(x, text.contains(string(x))).size() > 0",
    ],
    ids=["pattern", "nested", "filter"],
)
def test_what_goes_through_a_long_text_again_and_again_is_an_error_at_once(text: str) -> None:
    began = time.process_time()
    found = compile_condition(text, NAMES).evaluate({"json": LIST, "text": TEXT})
    assert isinstance(found, str)
    assert found.startswith("too much to look through: a list of 9000 with a text of 1000000 characters")
    assert time.process_time() - began < 1.0


def test_turns_of_lists_within_lists_end_by_a_budget() -> None:
    found = compile_condition("json.all(x, json.all(y, json.all(z, z >= 0)))", NAMES).evaluate({"json": LIST})
    assert found == TOO_MANY_TURNS


def test_lists_and_texts_of_the_usual_size_are_judged() -> None:
    facts = {"json": [{"name": f"n{i}", "ok": True} for i in range(3000)], "text": "x" * 60_000}
    assert compile_condition("json.all(e, e.ok && e.name.startsWith('n'))", NAMES).evaluate(facts) is True
    assert compile_condition("json.filter(e, !e.ok).map(e, e.name).size() == 0", NAMES).evaluate(facts) is True
    assert compile_condition("text.matches('^x+$') && json.size() == 3000", NAMES).evaluate(facts) is True


def test_a_reading_that_would_take_too_much_is_an_error_with_the_reason() -> None:
    probe = Probe(id="api", kind="http", pass_when=("json.all(x, text.contains('a'))",), settings={"url": "http://x"})
    judgement = Judge(probe, installed().probes["http"]).judge(
        {"json": LIST, "text": TEXT, "latency_ms": 1.0}, 0.0, 1.0
    )
    assert judgement.reading.status == "error"
    assert "too much to look through" in judgement.reading.detail
