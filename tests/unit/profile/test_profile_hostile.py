"""Whatever is in the file, examining it ends in problems, never in an exception, and what is printed cannot act."""

from __future__ import annotations

import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_kinds import KINDS

from cockpit.profile.check import check_json, check_text
from cockpit.profile.load import examine
from cockpit.text import visible

BROKEN = Path(__file__).parents[2] / "broken"
CORPUS = [path.read_bytes() for path in sorted(BROKEN.glob("*.toml"))]
KEYS = "id environment title window variables roles probes phases steps gate kind url headers pass value interval"
LATER = (
    "targets rollbacks triggers templates channels contacts tasks requires undo argv choices template since when due"
)
MORE = "start end timezone days estimate risk extends remove before after partial prompt env secret pattern"
keys = st.sampled_from([*KEYS.split(), *MORE.split(), *LATER.split()])
words = ["api", "http", "${a}", "status == 200", "22:00", "5s", "a.toml", ".", "/dev/zero", "\x00", "a(b"]
scalars = (
    st.text(max_size=8) | st.integers() | st.floats() | st.booleans() | st.datetimes() | st.dates() | st.times()
    | st.sampled_from(words)
)  # fmt: skip
documents = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(keys | st.text(), below, max_size=4),
        max_leaves=12,
    ),
)


def examined(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.toml"
        path.write_bytes(content)
        loaded, problems = examine(path, KINDS)
    assert loaded is not None or any(problem.severity == "error" for problem in problems)
    assert all(visible(line) == line for line in check_text(problems).splitlines())
    assert check_json(problems)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


@settings(max_examples=300, deadline=None)
@given(documents)
def test_any_document_is_a_profile_or_a_list_of_problems(document: dict[str, object]) -> None:
    examined(tomli_w.dumps(document).encode("utf-8", "replace"))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_profile_or_a_list_of_problems(content: bytes) -> None:
    examined(content)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CORPUS), st.randoms(use_true_random=False))
def test_any_change_to_a_profile_leaves_a_profile_or_a_list_of_problems(content: bytes, chance: random.Random) -> None:
    lines = content.splitlines(keepends=True) or [b""]
    for _ in range(chance.randrange(1, 4)):
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
        del lines[chance.randrange(len(lines))]
    text = bytearray(b"".join(lines))
    if text and chance.random() < 0.5:
        text[chance.randrange(len(text))] = chance.randrange(256)
    examined(bytes(text))


@pytest.mark.parametrize(
    "content",
    [
        "a = " + "[" * 300 + "]" * 300,
        "a = " + "{ a = " * 200 + "1" + " }" * 200,
        "a" + ".a" * 500_000 + " = 1",
        "[" + "a." * 500_000 + "a]",
        "".join(f"[[probes]]\nid = 'p{i}'\nkind = 'http'\nurl = 'http://a'\npass = 'statu'\n" for i in range(5_000)),
        "".join(f"k{i} = 1\n" for i in range(20_000)),
        "[[phases]]\nid = 'a'\n" + "".join(f"[[phases.steps]]\nid = 's{i}'\ntitle = '${{x}}'\n" for i in range(5_000)),
        "description = '" + "${x}" * 100_000 + "'",
        "id = '" + "a" * 900_000 + "'",
        "[[phases]]\n[[phases.steps]]\ncommand = '" + "psql " * 100_000 + "'",
        "[[probes]]\nkind = 'http'\npass = '" + "text.matches(" * 300 + "'",
        "id = [" + "'a'.\"b\" . " * 60_000 + "]",
        "[[probes]]\nid = 'p'\n" + "".join(f"[[probes]]\nid = 'p{i}'\nbefore = 'p'\n" for i in range(20_000)),
    ],
    ids=[
        *("arrays", "tables", "dotted key", "dotted table", "probes", "keys", "steps"),
        *("references", "id", "psql", "cel", "quotes", "placed"),
    ],
)
def test_a_hostile_profile_is_answered_in_seconds(content: str) -> None:
    began = time.process_time()  # whatever else the machine does
    examined(content.encode())
    assert time.process_time() - began < 10
