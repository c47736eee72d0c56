"""Compressed logs are read as if they were not, and what is wrong with their compression is told."""

from __future__ import annotations

import gzip
import os
import signal
import stat
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.audit import packed, scratch
from cockpit.audit.packed import unpacked
from cockpit.errors import LogUnreadable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LOG = (Path(__file__).parents[2] / "logs" / "v1" / "night.jsonl").read_bytes() * 20
"""About 700 KB of lines; what they say is not looked at here."""


def zstd_checked(content: bytes) -> bytes:
    return zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: 1})


PACKINGS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd_checked}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies are made; nothing may be left in it."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("name", ["that-night.jsonl.gz", "that-night.ZST", "that-night"])
@pytest.mark.parametrize("packing", PACKINGS)
def test_a_compressed_log_is_known_by_its_bytes_whatever_its_name(
    tmp_path: Path, own_folder: Path, packing: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(PACKINGS[packing](LOG))
    with unpacked(path) as log:
        assert log.path.read_bytes() == LOG
        assert (log.given, log.trouble, log.is_copy) == (path, "", True)
        assert log.path.name in ("that-night", "that-night.jsonl")
        assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700
    assert not list(own_folder.iterdir())


def test_what_is_not_compressed_is_given_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LOG)
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "a.jsonl", tmp_path, tmp_path / "empty", tmp_path / "pipe", tmp_path / "none"):
        with unpacked(path) as log:
            assert (log.path, log.is_copy) == (path, False)


@pytest.mark.parametrize("packing", PACKINGS)
def test_members_and_frames_one_after_the_other_and_padding_are_one_log(tmp_path: Path, packing: str) -> None:
    pack = PACKINGS[packing]
    path = tmp_path / "log"
    path.write_bytes(pack(LOG[:100_000]) + pack(b"") + pack(LOG[100_000:]) + bytes(100_000))
    with unpacked(path) as log:
        assert log.path.read_bytes() == LOG
        assert not log.trouble


@pytest.mark.parametrize("kept", [12, 200, 0.5, -9, -1])
@pytest.mark.parametrize("packing", PACKINGS)
def test_a_stream_that_was_cut_off_gives_what_comes_before_and_says_so(
    tmp_path: Path, own_folder: Path, packing: str, kept: float
) -> None:
    whole = PACKINGS[packing](LOG)
    path = tmp_path / "log"
    path.write_bytes(whole[: int(len(whole) * kept) if isinstance(kept, float) else int(kept)])
    with unpacked(path) as log:
        told = log.path.read_bytes()
        assert LOG.startswith(told)
        assert log.trouble.startswith(f"its {packing} stream was cut off after {len(told)} bytes")
        if kept == -1:
            assert told == LOG
    assert not list(own_folder.iterdir())


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_damaged_stream_gives_every_byte_before_the_fault(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "log"
    first, second = PACKINGS[packing](LOG[:123_457]), bytearray(PACKINGS[packing](LOG))
    second[3 if packing == "gzip" else 4] |= 0xE8  # reserved bits of the second header
    path.write_bytes(first + second)
    with unpacked(path) as log:
        assert log.path.read_bytes() == LOG[:123_457]
        assert f"its {packing} stream is damaged" in log.trouble
        assert "after 123457 bytes" in log.trouble


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_flipped_bit_anywhere_in_the_stream_is_told(tmp_path: Path, packing: str) -> None:
    whole = PACKINGS[packing](LOG[:20_000])
    path = tmp_path / "log"
    for at in range(12, len(whole), 97):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        path.write_bytes(damaged)
        with unpacked(path) as log:
            assert log.trouble, at


def test_a_stream_that_needs_much_memory_is_left_to_a_person(tmp_path: Path) -> None:
    path = tmp_path / "log"
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 30})
    path.write_bytes(packer.compress(LOG) + packer.flush())
    with unpacked(path) as log:
        assert "needs more than 128 MiB of memory to be undone: do it by hand, zstd -d --long=31" in log.trouble


def test_bytes_behind_a_stream_are_told_and_never_read_as_a_log(tmp_path: Path) -> None:
    for packing, pack in PACKINGS.items():
        path = tmp_path / "log"
        path.write_bytes(pack(LOG) + LOG)
        with unpacked(path) as log:
            assert log.path.read_bytes() == LOG
            assert f"its {packing} stream is followed by something else" in log.trouble


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("begins", [b"", b"hello\n", LOG[:10_000]])
def test_a_bomb_is_unpacked_no_further_than_any_reader_goes(
    tmp_path: Path, packing: str, begins: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "LINE_BYTES", 8_000_000)
    path = tmp_path / "bomb"
    path.write_bytes(PACKINGS[packing](begins + bytes(60_000_000)))
    tracemalloc.start()
    with unpacked(path) as log:
        assert log.path.stat().st_size <= packed.LINE_BYTES + 2 * packed.LOOK_BYTES
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


def test_a_log_that_would_take_more_than_half_of_the_room_is_refused_with_sizes(
    tmp_path: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(LOG + b"{}\n" * 10_000_000, 1))
    monkeypatch.setattr(packed, "_free_bytes", lambda _: 20_000_000)
    with pytest.raises(LogUnreadable, match="too large to unpack here: it holds more than 13 MB") as refused:
        unpacked(path).__enter__()
    assert str(own_folder) in str(refused.value)
    assert "gzip -dk bomb.jsonl.gz" in str(refused.value)
    assert not list(own_folder.iterdir())


def test_room_that_others_take_meanwhile_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LOG * 15, 1))
    room = iter([10**9, 10**9, 10**8, 10**8])
    monkeypatch.setattr(packed, "_free_bytes", lambda _: next(room))
    with pytest.raises(LogUnreadable, match="half are kept free"):
        unpacked(path).__enter__()


def test_a_disk_that_takes_nothing_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LOG))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packed, "_copy", full)
    with pytest.raises(LogUnreadable, match=r"cannot be unpacked into .*: the disk is full"):
        unpacked(path).__enter__()


def test_an_error_of_the_reader_leaves_nothing_behind(tmp_path: Path, own_folder: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LOG))
    with pytest.raises(ZeroDivisionError), unpacked(path):
        raise ZeroDivisionError
    assert not list(own_folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, own_folder: Path, number: signal.Signals) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LOG))
    program = (
        "import sys, time; from pathlib import Path; from cockpit.audit.packed import unpacked\n"
        "with unpacked(Path(sys.argv[1])) as log: print(log.path, flush=True); time.sleep(60)"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(own_folder)},
    )
    with reader:
        assert reader.stdout is not None
        assert Path(reader.stdout.readline().strip()).parent.parent == own_folder
        reader.send_signal(number)
        assert reader.wait(60) == 128 + number
    assert not list(own_folder.iterdir())


def test_what_a_killed_reader_left_is_gone_with_the_next_one(
    tmp_path: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not what a living one reads, what is not of this kind, and where links lead."""
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LOG))
    left, linked, other = own_folder / "cockpit-unpacked-x", own_folder / "cockpit-unpacked-y", own_folder / "mine"
    for folder in (left, other):
        folder.mkdir(0o700)
        (folder / "audit.jsonl").write_bytes(b"secret")
    linked.symlink_to(other)
    with unpacked(path) as living:
        assert left.exists(), "it is young: its lock may be on the way"
        monkeypatch.setattr(scratch, "YOUNG_S", -1.0)
        with unpacked(path) as second:
            assert not left.exists()
            assert living.path.read_bytes() == second.path.read_bytes() == LOG
    assert (other / "audit.jsonl").exists()
    assert sorted(own_folder.iterdir()) == [linked, other]


def test_without_a_place_for_a_copy_a_compressed_log_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(LOG))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(LogUnreadable, match="cannot be unpacked: No such file"):
        unpacked(path).__enter__()
