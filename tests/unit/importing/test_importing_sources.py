"""Bytes of every sort become lines that keep their numbers, or one sentence says why they do not."""

from __future__ import annotations

import gzip
import io
import os
import resource
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.errors import ImportRefused
from cockpit.importing.imported import imported
from cockpit.importing.source import LARGEST_BYTES, MOST_LINES, read_file, read_source, read_stdin
from cockpit.profile.fields import _DECEIVING


def lines_of(content: bytes) -> tuple[str, ...]:
    return read_source(content, "R.md").lines


def said(content: bytes) -> list[tuple[int, str]]:
    return [(note.line, note.text) for note in read_source(content, "R.md").notes]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "end"])
def test_lines_end_as_editors_count_them(end: str, last: str):
    assert lines_of(f"# A{end}{end}- [ ] b{end}{last}".encode()) == ("# A", "", "- [ ] b", *([last] if last else []))


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_how_to_read(codec: str):
    assert lines_of("# Über\n- [ ] ✅".encode(codec)) == ("# Über", "- [ ] ✅")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_is_read_and_said(codec: str):
    content = ("# Deploy\n- [ ] " + "look " * 20).encode(codec)
    assert lines_of(content)[0] == "# Deploy"
    assert said(content) == [(1, "it was in UTF-16, and did not say so")]


def test_windows_bytes_are_read_and_the_first_of_them_is_named():
    content = "# Plan\n\ncaf\xe9 \x93quoted\x94 \x80\n".encode("latin-1") + "✅ right\n".encode()
    assert lines_of(content) == ("# Plan", "", "café “quoted” €", "✅ right")
    assert said(content) == [(3, "it holds bytes that are no UTF-8; they were read as Windows-1252")]


def test_repaired_lines_are_counted_in_one_note():
    content = "\n".join(["âœ… a", "plain", "âœ… b", "âœ… c", "right é"]).encode()
    assert said(content) == [(1, "text that had been decoded wrongly was repaired (3 lines: 1, 3-4)")]


@pytest.mark.parametrize(
    ("text", "left", "why"),
    [
        ("a\0b", "ab", "control characters"),
        ("a\x1b[31mred\x1b[0m", "ared", "escape sequences"),
        ("a\x1b]8;;http://x\x07link\x1b]8;;\x07", "alink", "escape sequences"),
        ("a\u202egnp.exe", "agnp.exe", "direction"),
        ("a\u2066b\u2069", "ab", "direction"),
        ("pass\u200bword", "password", "invisible"),
        ("a\U000e0041b", "ab", "invisible"),
        ("a\u2028b\x0cc", "a b c", "spaces"),
        ("a\x7f", "a", "control characters"),
    ],
)
def test_what_acts_is_taken_out_and_said(text: str, left: str, why: str):
    content = f"first\n{text} and more words so that it is text\n".encode()
    assert lines_of(content) == ("first", f"{left} and more words so that it is text")
    assert any(line == 2 and why in note for line, note in said(content))


@pytest.mark.parametrize("text", ["⚠️ 👩‍💻 🏴", "می‌خواهم", "tab\there"])
def test_what_emoji_and_scripts_are_written_with_stays(text: str):
    assert lines_of(text.encode()) == (text,)
    assert said(text.encode()) == []


@given(st.text(max_size=60))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_whatever_is_read_holds_nothing_that_a_profile_may_not(text: str):
    try:
        source = read_source(text.encode("utf-8", "surrogatepass"), "R.md")
    except ImportRefused:
        return
    assert not any(_DECEIVING.search(line) or "\n" in line for line in source.lines)
    source.text.encode()


@given(st.binary(max_size=200))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_any_bytes_give_lines_or_one_sentence(content: bytes):
    try:
        source = read_source(content, "R.md")
    except ImportRefused as refused:
        told = str(refused)
    else:
        told = "".join(source.lines[:1])
    assert "\n" not in told


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is a PNG picture"),
        (gzip.compress(b"x" * 100, mtime=0), "is compressed (gzip)"),
        (b"\x7fELF" + bytes(100), "is a program"),
        (b"PK\x03\x04" + bytes(100), "is an archive or an office document (zip)"),
        (b"%PDF-1.7\n", "is a PDF"),
        (bytes(range(256)) * 8, "is no text"),
        (bytes(1000), "is no text"),
        (b"# x\n" * (LARGEST_BYTES // 4) + b"y", "is larger than 4 MiB"),
        (b"- x\n" * 100_001, "has more than 100,000 lines"),
    ],
    ids=["nothing", "blanks", "mark", "picture", "gzip", "program", "zip", "pdf", "bytes", "zeros", "large", "long"],
)
def test_what_is_no_text_is_refused_in_one_sentence(content: bytes, why: str):
    with pytest.raises(ImportRefused) as refused:
        read_source(content, "R\x1b.md")
    assert refused.value.message == f"R␛.md {why}"
    assert refused.value.hint


def test_fifty_megabytes_are_refused_without_being_read(tmp_path: Path):
    big = tmp_path / "big.md"
    with big.open("wb") as file:
        file.truncate(50 << 20)
    assert len(read_file(str(big))) == LARGEST_BYTES + 1
    assert len(read_stdin(io.BytesIO(bytes(5 << 20)))) == LARGEST_BYTES + 1


@pytest.mark.parametrize(
    "unit",
    ["- [ ] step with words, forty letters long\n", "X\n", "é", "â", "\u202e\n", "ðŸ", "√", "x\x1b]y", "x\x1b[0"],
)
def test_four_megabytes_of_one_sort_are_read_within_seconds_and_bounded_memory(unit: str, pytestconfig):
    """Half a megabyte, and four with --many: time and memory grow as the text does."""
    size = LARGEST_BYTES if pytestconfig.getoption("--many") else LARGEST_BYTES // 8
    count = size // len(unit.encode())
    content = (unit * (min(count, MOST_LINES) if unit.endswith("\n") else count)).encode()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    assert lines_of(content)
    assert time.process_time() - begun < 8.0 * size / LARGEST_BYTES + 0.5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 800_000 * size / LARGEST_BYTES + 50_000


def test_a_fifo_is_refused_and_nobody_waits_for_its_writer(tmp_path: Path):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    told: list[str] = []

    def read() -> None:
        try:
            read_file(str(fifo))
        except ImportRefused as refused:
            told.append(str(refused))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(5.0)
    assert told == [f"{fifo} is no file; give what a program writes by standard input, as `-`"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("nowhere.md", "cannot be read: No such file or directory"), ("/dev/null", "is no file"), ("a\0b", "holds a NUL")],
)
def test_what_cannot_be_read_is_said_with_its_reason(name: str, why: str):
    with pytest.raises(ImportRefused, match=why):
        read_file(name)


def test_a_folder_is_refused(tmp_path: Path):
    with pytest.raises(ImportRefused, match="is a folder"):
        read_file(str(tmp_path))


def test_a_file_whose_name_holds_what_acts_is_named_visibly_in_the_profile():
    made = imported([read_source(b"# Plan\n\n- [ ] look\n", "we\u202eird\x1b.md")])
    assert made.profile.phases[0].steps[0].source == "we‹U+202E›ird␛.md:3"
    assert not _DECEIVING.search(made.toml)
