"""The targets of fuzzing, for seconds: what they begin with, what once was found, and what Hypothesis makes of it.

`.ci/nightly` gives each ten minutes of atheris, which looks at what the code does with an input.
"""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fuzz_draw import Draw
from fuzz_targets import CORPUS, FOUND, TARGETS, kept
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = tuple(TARGETS)
LONGEST_S = 5.0
"""Of a processor, for any input."""
_SLOW = {"profile": 16, "runbook": 6, "chained_log": 16, "log": 24, "host": 30, "marks": 30}
_EXAMPLES = 60
_SEEDS = {"profile": 5, "runbook": 4, "chained_log": 20, "log": 12}


@cache
def begun_with(name: str) -> tuple[bytes, ...]:
    """The seeds of a target, and what coverage found beyond them."""
    return (*TARGETS[name].given(), *(path.read_bytes() for path in kept(name, CORPUS)))


@cache
def vocabulary(name: str) -> list[bytes]:
    """Words of its format."""
    return TARGETS[name].vocabulary()


def tried(name: str, data: bytes) -> None:
    """One input, in bounded time."""
    began = time.process_time()
    TARGETS[name].fuzz(data)
    took_s = time.process_time() - began
    assert took_s < LONGEST_S, f"{took_s:.1f} s of a processor for {len(data)} bytes"


def changed(data: bytes, draw: Draw, name: str) -> bytes:
    """An input changed in a few places, as an engine changes it."""
    words, made = vocabulary(name), bytearray(data)
    for _ in range(1 + draw.number(5)):
        at, length = draw.number(len(made)), draw.number(64)
        match draw.number(5):
            case 0:
                made[at : at + length] = b""
            case 1 if words:
                made[at:at] = draw.pick(words)
            case 2:
                made[at:at] = draw.bytes(16)
            case 3:
                made[at : at + 1] = bytes([draw.byte()])
            case 4:
                made[at:at] = made[at : at + length] * draw.number(20)
            case _:
                other = draw.pick(begun_with(name))
                begin = draw.number(len(other))
                made[at : at + length] = other[begin : begin + 4 * length]
    return bytes(made[: TARGETS[name].most_bytes])


@st.composite
def inputs(draw: st.DrawFn, name: str) -> bytes:
    """Bytes from nowhere, or what is begun with, changed."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.binary(max_size=min(200, TARGETS[name].most_bytes)))
    return changed(draw(st.sampled_from(begun_with(name))), Draw(draw(st.binary(min_size=8, max_size=60))), name)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_target_begins_with_breaks_no_claim(name: str, request: pytest.FixtureRequest) -> None:
    """All of it with `--many`, else a sample that is the same every time."""
    begun = list(begun_with(name))
    if not request.config.getoption("--many") and len(begun) > (most := _SEEDS.get(name, 40)):
        begun = random.Random(10).sample(begun, most)
    for data in begun:
        tried(name, data)


def _found() -> Iterator[object]:
    for name in NAMES:
        yield from (pytest.param(name, path, id=f"{name}-{path.name}") for path in kept(name, FOUND))


@pytest.mark.parametrize(("name", "path"), list(_found()))
def test_what_fuzzing_once_found_breaks_no_claim_again(name: str, path: Path) -> None:
    """Each in a file whose name says what it was."""
    tried(name, path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_no_input_that_is_made_up_breaks_a_claim(name: str, request: pytest.FixtureRequest) -> None:
    """The same inputs in every run, so that nothing is red by chance; others, and more, with `--many`."""
    many = request.config.getoption("--many")
    examples = _SLOW.get(name, _EXAMPLES)

    @settings(
        max_examples=40 * examples if many else examples,
        derandomize=not many,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(name))
    def any_input(data: bytes) -> None:
        tried(name, data)

    any_input()


@pytest.mark.parametrize("name", NAMES)
def test_a_target_has_something_to_begin_with_and_words_that_can_be_read(name: str) -> None:
    """What is kept of targets is of one that there is."""
    assert begun_with(name)
    assert all(vocabulary(name)) and bool(vocabulary(name)) == bool(TARGETS[name].words)  # noqa: PT018 (one rule)
    assert {path.name for where in (FOUND, CORPUS) for path in where.iterdir()} <= set(NAMES)


@pytest.mark.many
def test_the_engine_of_the_night_keeps_what_breaks_a_claim(tmp_path: Path) -> None:
    """With atheris where it is installed; a target that is broken on purpose."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed here: .ci/nightly installs it")
    copy = tmp_path / "tests"
    shutil.copytree(
        Path(__file__).parents[1], copy, ignore=shutil.ignore_patterns("__pycache__", "integration", "unit")
    )
    target = copy / "fuzz" / "fuzz_parts.py"
    target.write_text(target.read_text().replace("claim(not set(seen) & _ACTS", "claim('a' not in seen"))
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "10", "--keep", str(tmp_path / "kept"), "text"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 found" in done.stdout


def test_a_target_that_breaks_a_claim_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim can fail: text that acts is noticed, an error that is none of ours too."""
    import fuzz_claims
    import fuzz_parts

    monkeypatch.setattr(fuzz_parts, "visible", lambda text, multiline=False: text)
    with pytest.raises(fuzz_claims.Broken):
        tried("text", b"\x1b]0;owned\x07")
    monkeypatch.setattr(fuzz_parts, "parsed", lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tried("signature", b"")
