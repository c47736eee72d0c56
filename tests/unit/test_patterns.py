"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import cockpit
from cockpit.patterns import late

ROOT = Path(cockpit.__file__).parent
ROOMS = sorted(
    ".".join(("cockpit", *path.relative_to(ROOT).with_suffix("").parts))
    for path in ROOT.rglob("*.py")
    if "import late\n" in path.read_text(encoding="utf-8")
)


def test_a_late_pattern_finds_what_one_of_re_finds() -> None:
    made, given = late(r"(?P<name>a+)|b", re.IGNORECASE), re.compile(r"(?P<name>a+)|b", re.IGNORECASE)
    for text in ("", "AAb", "xb"):
        assert made.findall(text) == given.findall(text)
        assert made.sub(r"<\g<name>>", text) == given.sub(r"<\g<name>>", text)
    assert late(rb"\d").split(b"a1b") == [b"a", b"b"]
    assert (made.pattern, made.flags, made.groupindex) == (given.pattern, given.flags, given.groupindex)


def test_a_late_pattern_is_compiled_at_its_first_use_and_then_stands_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(re, "compile", lambda *given, real=re.compile: compiled.append(given[0]) or real(*given))
    pattern = late("a+")
    assert compiled == []
    search = pattern.search
    assert search("a") is not None
    assert pattern.search is search
    assert compiled == ["a+"]


def test_every_late_pattern_of_the_cockpit_can_be_compiled() -> None:
    found = 0
    for room in ROOMS:
        for name, value in vars(import_module(room)).items():
            if type(value) is type(late("")):
                found += 1
                assert isinstance(value.pattern, str | bytes), f"{room}.{name}"
    assert found > 100
