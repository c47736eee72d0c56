"""Being woken when a file or a folder changes."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.audit.inotify import MODIFIED, MOVED_IN, Watch


@contextmanager
def watching(path: Path, events: int) -> Iterator[Watch]:
    watch = Watch(path, events)
    try:
        yield watch
    finally:
        watch.close()


def is_woken(watch: Watch) -> bool:
    return bool(select.select([watch], [], [], 0)[0])


def test_a_watch_wakes_at_a_change_of_its_file_once_and_at_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "naïve \udcff log"
    file.write_text("one")
    with watching(file, MODIFIED) as watch:
        (tmp_path / "other").write_text("x")
        file.read_text()
        assert not is_woken(watch)
        file.write_text("two")
        assert is_woken(watch)
        watch.clear()
        assert not is_woken(watch)
        watch.clear()


def test_a_watch_of_a_folder_wakes_when_a_file_is_moved_in(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "fresh").write_text("")
    with watching(folder, MOVED_IN) as watch:
        (folder / "fresh").write_text("")
        assert not is_woken(watch)
        os.rename(tmp_path / "fresh", folder / "asked")
        assert is_woken(watch)


def test_a_watch_of_what_is_not_there_is_an_error_that_leaves_nothing_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(FileNotFoundError, match="No such file"):
        Watch(tmp_path / "gone", MODIFIED)
    assert os.listdir("/proc/self/fd") == before


def test_a_closed_watch_can_be_closed_again(tmp_path: Path) -> None:
    watch = Watch(tmp_path, MODIFIED)
    watch.close()
    watch.close()
    assert watch.fileno() == -1


def test_following_a_log_starts_no_program_and_spares_what_archives_need(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "sys.addaudithook(lambda name, _: print(name) if name in ('subprocess.Popen', 'os.posix_spawn') else None)\n"
        "from cockpit.audit.tail import Tail\n"
        f"path = pathlib.Path({str(tmp_path / 'audit.jsonl')!r}); path.touch(); Tail(path).close()\n"
        "print([name for name in ('ctypes.util', 'shutil', 'lzma', 'bz2') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
