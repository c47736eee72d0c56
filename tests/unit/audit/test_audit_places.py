"""Where a run may be kept and who may change it: refused before anything is written, with what mends it."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import fuse_place
import pytest
from looks import HANGS_S

from cockpit.audit import filesystems, layout, places
from cockpit.audit.files import FileStore
from cockpit.audit.filesystems import FileSystem, file_system
from cockpit.audit.line import draft
from cockpit.audit.locks import HeldLock, holder_alive
from cockpit.audit.opening import opened
from cockpit.audit.tail import Tail
from cockpit.errors import LogError, LogUnreadable, PlaceRefused
from cockpit.run.events import Actor, NoteAdded
from cockpit.session.secrets import want, wanted

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
SOMEBODY = 40007
ANA = Actor(user="ana", host="bastion-1")


@pytest.fixture(autouse=True)
def private_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of the host that runs the tests may decide: no setting, and a loose umask."""
    monkeypatch.delenv("COCKPIT_GROUP", raising=False)
    before = os.umask(0o002)
    yield
    os.umask(before)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    run_dir = tmp_path / "runs" / "R1"
    with closing(FileStore.create(run_dir, "R1")) as store:
        store.append(None, draft(NoteAdded(text="before"), ANA))
    layout.origin_path(run_dir).touch(mode=0o600)
    return run_dir


def note(run_dir: Path, text: str = "after") -> None:
    with closing(FileStore.open(run_dir)) as store:
        store.append(None, draft(NoteAdded(text=text), ANA))


def texts(run_dir: Path) -> list[str]:
    with closing(Tail(run_dir)) as tail:
        return [entry.event.body.text for entry in tail.read()]  # type: ignore[attr-defined] # notes only


def refusal(run_dir: Path) -> str:
    with pytest.raises(PlaceRefused) as refused:
        FileStore.open(run_dir)
    assert texts(run_dir) == ["before"], "it can be read, and nothing was written"
    return str(refused.value)


def modes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): f"{stat.S_IMODE(path.lstat().st_mode):o}" for path in folder.rglob("*")}


# ---- modes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_files_are_0600_and_folders_0700_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    os.umask(umask)
    run_dir = tmp_path / "state" / "runs" / "R1"
    with closing(FileStore.create(run_dir, "R1")) as store:
        store.append(None, draft(NoteAdded(text="before"), ANA))
    lock = HeldLock.take(layout.seat_lock(run_dir, "a"))
    want(run_dir, ["token"])
    assert lock is not None
    lock.release()
    assert wanted(run_dir) == ("token",)
    found = modes(tmp_path)
    assert {name: mode for name, mode in found.items() if (tmp_path / name).is_dir()} == {
        "state": "700", "state/runs": "700", "state/runs/R1": "700", "state/runs/R1/outputs": "700",
        "state/runs/R1/locks": "700",
    }  # fmt: skip
    assert {mode for name, mode in found.items() if (tmp_path / name).is_file()} == {"600"}


@pytest.mark.parametrize("name", ["", "audit.jsonl", "outputs", "outputs/a.log", "locks", "origin"])
def test_what_is_open_to_others_is_named_with_the_line_that_mends_it(run_dir: Path, name: str) -> None:
    path = run_dir / name
    if name == "outputs/a.log":
        path.touch(mode=0o600)
    path.chmod(path.stat().st_mode | 0o044)
    said = refusal(run_dir)
    assert said.startswith(
        f"this is open to others (mode 0{path.stat().st_mode & 0o777:o}): {path}; nothing was written; "
    )
    subprocess.run(said.rpartition("; ")[2], shell=True, check=True)
    note(run_dir)
    assert texts(run_dir) == ["before", "after"]


def test_a_mark_that_others_may_read_harms_nobody_but_one_that_they_may_write_does(run_dir: Path) -> None:
    layout.append_lock(run_dir).chmod(0o644)
    FileStore.open(run_dir).close()
    layout.append_lock(run_dir).chmod(0o646)
    assert f"open to others (mode 0646): {layout.append_lock(run_dir)}" in refusal(run_dir)


# ---- the kind of file --------------------------------------------------------------------------------------------


def to_link(path: Path) -> None:
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    path.symlink_to(aside)


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def to_socket(path: Path) -> None:
    path.unlink()
    folder = os.open(path.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"/proc/self/fd/{folder}/{path.name}")  # an address has 108 bytes, and pytest's paths have more
    os.close(folder)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(0o700)


@pytest.mark.parametrize("change", [to_link, to_pipe, to_socket, to_folder])
@pytest.mark.parametrize("name", ["locks/append", "locks/turn", "origin"])
def test_a_link_a_pipe_or_a_socket_in_place_of_a_file_is_refused_without_waiting(
    run_dir: Path, name: str, change: Callable[[Path], None]
) -> None:
    change(run_dir / name)
    if change is to_folder and name == "origin":
        return  # nothing is ever written to it
    began = time.monotonic()
    with pytest.raises(LogError) as refused:
        FileStore.open(run_dir)
    assert name in str(refused.value)
    assert re.search("symbolic link|pipe|socket|directory", str(refused.value))
    assert time.monotonic() - began < HANGS_S
    assert texts(run_dir) == ["before"]


@pytest.mark.parametrize("change", [to_pipe, to_socket, to_folder])
def test_a_log_that_is_no_file_is_neither_written_nor_read(run_dir: Path, change: Callable[[Path], None]) -> None:
    change(run_dir / "audit.jsonl")
    with pytest.raises(LogError):
        FileStore.open(run_dir)
    with pytest.raises(LogUnreadable):
        Tail(run_dir)


@pytest.mark.parametrize("name", ["audit.jsonl", "locks", "outputs", ""])
def test_a_link_in_place_of_the_log_or_a_folder_is_read_through_but_never_written_through(
    run_dir: Path, name: str
) -> None:
    to_link(run_dir / name)
    assert "is a symbolic link" in refusal(run_dir)


def test_the_name_of_where_a_run_goes_on_is_no_link_that_anybody_follows(run_dir: Path) -> None:
    layout.continued_mark(run_dir).symlink_to("/elsewhere/R1")
    places.require_run(run_dir)


def test_a_pipe_that_takes_the_place_of_a_mark_later_is_told_and_not_waited_for(run_dir: Path) -> None:
    for path in (layout.keeper_lock(run_dir), layout.keeper_wants(run_dir), layout.keeper_beat(run_dir)):
        os.mkfifo(path, 0o600)
    with pytest.raises(OSError, match="it is no regular file"):
        holder_alive(layout.keeper_lock(run_dir))
    assert wanted(run_dir) == ()


def test_a_link_is_not_followed_to_make_a_file_beside_the_run(run_dir: Path, tmp_path: Path) -> None:
    (run_dir / "locks" / "seat-x").symlink_to(tmp_path / "made")
    with pytest.raises(OSError, match="it is a symbolic link"):
        HeldLock.take(layout.seat_lock(run_dir, "x"))
    to_link(run_dir / "outputs")
    with pytest.raises(OSError, match="it is a symbolic link"):
        opened(run_dir / "outputs" / "a.log", os.O_WRONLY | os.O_CREAT)
    assert not (tmp_path / "made").exists()


# ---- owners, and the way to the runs -----------------------------------------------------------------------------


@AS_ROOT
def test_what_belongs_to_somebody_else_is_named_with_its_owner(run_dir: Path) -> None:
    os.chown(run_dir / "outputs", SOMEBODY, SOMEBODY)
    assert (
        f"this belongs to {SOMEBODY}, and the run to root: {run_dir}/outputs; nothing was written; sudo chown root"
        in refusal(run_dir)
    )


@AS_ROOT
def test_root_writes_to_anybodys_run_and_what_it_makes_there_belongs_to_them(run_dir: Path) -> None:
    for path in (run_dir, *run_dir.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY)
    note(run_dir)
    lock = HeldLock.take(layout.seat_lock(run_dir, "a"))
    assert lock is not None
    lock.release()
    assert {(path.stat().st_uid, path.stat().st_gid) for path in run_dir.rglob("*")} == {(SOMEBODY, SOMEBODY)}


@pytest.mark.parametrize(("mode", "said"), [(0o777, "everybody may"), (0o775, "the group")])
def test_a_folder_above_that_others_may_write_to_is_refused_and_mended(run_dir: Path, mode: int, said: str) -> None:
    run_dir.parent.chmod(mode)
    os.chown(run_dir.parent, -1, 45001) if os.geteuid() == 0 else None
    refused = refusal(run_dir)
    assert refused.startswith(said)
    with pytest.raises(PlaceRefused):
        FileStore.create(run_dir.with_name("R2"), "R2")
    assert not run_dir.with_name("R2").exists()
    subprocess.run(refused.split("; ")[2].split(",")[0], shell=True, check=True)
    note(run_dir)


def test_a_sticky_folder_such_as_tmp_is_no_obstacle(run_dir: Path) -> None:
    run_dir.parent.chmod(0o1777)
    note(run_dir)


@AS_ROOT
def test_a_folder_or_a_link_above_that_somebody_could_replace_is_refused(run_dir: Path, tmp_path: Path) -> None:
    link = tmp_path / "way"
    link.symlink_to(run_dir.parent)
    note(link / "R1")  # root's own
    os.chown(link, SOMEBODY, SOMEBODY, follow_symlinks=False)
    with pytest.raises(
        PlaceRefused, match=f"this symbolic link belongs to {SOMEBODY}, who could lead it elsewhere: .*way"
    ):
        FileStore.open(link / "R1")
    os.chown(run_dir.parent, SOMEBODY, SOMEBODY)
    with pytest.raises(PlaceRefused, match=f"this folder belongs to {SOMEBODY}, who could put another .*runs"):
        FileStore.open(run_dir)


def test_links_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(PlaceRefused, match="leads in a circle"):
        FileStore.create(tmp_path / "a" / "R1", "R1")


# ---- a group -----------------------------------------------------------------------------------------------------


def test_a_group_that_does_not_exist_is_named_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_GROUP", "no-such-group")
    with pytest.raises(PlaceRefused, match="COCKPIT_GROUP names the group no-such-group, which does not exist here"):
        FileStore.create(tmp_path / "runs" / "R1", "R1")
    assert not (tmp_path / "runs").exists()


@AS_ROOT
def test_a_shared_run_is_0660_and_2770_of_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_GROUP", "45001")
    run_dir = tmp_path / "runs" / "R1"
    FileStore.create(run_dir, "R1").close()
    found = [run_dir.parent, *run_dir.parent.rglob("*")]
    assert {f"{stat.S_IMODE(path.stat().st_mode):o}" for path in found if path.is_dir()} == {"2770"}
    assert {f"{stat.S_IMODE(path.stat().st_mode):o}" for path in found if path.is_file()} == {"660"}
    assert {path.stat().st_gid for path in found} == {45001}


# ---- file systems ------------------------------------------------------------------------------------------------


@pytest.fixture
def on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Have the kernel say that everything here is on another file system: its own words, one mount changed."""

    def put(kind: str, source: str) -> None:
        (tmp_path / "mountinfo").write_text(fuse_place.as_if_mounted(tmp_path, kind, source))
        monkeypatch.setattr(filesystems, "MOUNTS", tmp_path / "mountinfo")

    return put


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs"])
def test_local_file_systems_are_believed(kind: str) -> None:
    assert FileSystem(kind=kind, source="/dev/x").doubt == ""


@pytest.mark.parametrize(
    "kind",
    ["nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "virtiofs", "lustre", "fuse", "fuse.sshfs", "fuse.unheard-of"],
)
def test_a_file_system_of_another_machine_or_of_a_program_is_doubted(kind: str) -> None:
    assert FileSystem(kind=kind, source="nas:/x").doubt


def test_a_run_is_not_begun_and_not_gone_on_with_where_it_cannot_be_trusted(
    run_dir: Path, on: Callable[[str, str], None]
) -> None:
    on("nfs4", r"nas:/export\040of/home")
    assert file_system(run_dir) == FileSystem(kind="nfs4", source="nas:/export of/home")
    said = refusal(run_dir)
    assert said.startswith(f"no run can be kept safely on nfs4 nas:/export of/home ({run_dir}): its locks are a")
    assert said.endswith("or take the risk: --despite-place REASON")
    with pytest.raises(PlaceRefused):
        FileStore.create(run_dir.with_name("R2"), "R2")
    assert not run_dir.with_name("R2").exists()


def test_a_place_that_was_accepted_is_accepted_for_every_writer_until_it_is_another(
    run_dir: Path, on: Callable[[str, str], None]
) -> None:
    on("cifs", "//nas/x")
    system = places.doubt_of(run_dir)
    assert system is not None
    places.accept(run_dir, system)
    note(run_dir)
    assert texts(run_dir) == ["before", "after"]
    on("cifs", "//another/x")
    with pytest.raises(PlaceRefused, match="//another/x"):
        FileStore.open(run_dir)


@pytest.mark.skipif(bool(fuse_place.obstacle()), reason=fuse_place.obstacle())
def test_a_real_mount_of_another_kind_is_recognised_and_nothing_is_made_there(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir(mode=0o700)
    try:
        with fuse_place.mounted(folder, "fuse.sshfs", "ana@nas:/export") as asked:
            with pytest.raises(PlaceRefused, match=r"no run can be kept safely on fuse\.sshfs ana@nas:/export"):
                FileStore.create(folder / "R1", "R1")
            assert set(asked) <= {26, 3, 1}, "it was looked at, and nothing else"
    except OSError as error:
        pytest.skip(f"nothing can be mounted here: {error}")


def test_asking_costs_no_more_than_a_few_milliseconds(run_dir: Path) -> None:
    for number in range(200):
        os.close(opened(run_dir / "outputs" / f"{number}.log", os.O_WRONLY | os.O_CREAT))
    spent = []
    for _ in range(20):
        began = time.perf_counter()
        places.require_run(run_dir)
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.005, f"{min(spent) * 1000:.2f} ms with 200 outputs"
