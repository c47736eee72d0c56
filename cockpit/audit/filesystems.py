"""Which file system a folder is on, and whether its locks and syncs can be believed.

Invariant: a type that is not known to lie is taken at its word; one of FUSE must be known to be honest, since what its
locks and syncs do is up to a program. The kernel says on which mount an open folder is (`mnt_id`, proc(5)), so that
bind mounts and folders mounted over one another are told apart.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct

from cockpit.patterns import late

MOUNTS = Path("/proc/self/mountinfo")
_NFS = (
    "its locks are a server's and are lost with the connection, two hosts that append overwrite each other (open(2)), "
    "and a failed write may show only later"
)
_SMB = (
    "its locks are a server's and are lost with the connection, and what a sync leaves on the disk is up to the server"
)
_CLUSTER = "a client that the others lose sight of loses its locks without being told, and with them the keeper's"
_SHARED = "it is a folder of another machine: its locks are not seen there, and what a sync does is up to it"
_PROGRAM = "a program answers for it: whether locks hold between processes, and a sync syncs, is not known"
_DOUBTS = {
    **dict.fromkeys(("nfs", "nfs4", "afs", "coda", "ncpfs", "ncp"), _NFS),
    **dict.fromkeys(("cifs", "smb3", "smbfs"), _SMB),
    **dict.fromkeys(
        ("ceph", "lustre", "beegfs", "gpfs", "pvfs2", "orangefs", "glusterfs", "panfs", "wekafs"), _CLUSTER
    ),
    **dict.fromkeys(("9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs"), _SHARED),
}
_HONEST_FUSE = frozenset(
    {
        "fuseblk", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.bindfs", "fuse.fuse-overlayfs", "fuse.mergerfs",
        "fuse.gocryptfs", "fuse.encfs", "fuse.lxcfs", "fuse.zfs", "fuse.fuse2fs",
    }
)  # fmt: skip
"""They pass locks on, or the kernel keeps them, and pass a sync on to a disk of this machine."""
_ESCAPED = late(r"\\([0-7]{3})")


class FileSystem(Struct, frozen=True):
    """What a folder is on."""

    kind: str
    """As the kernel calls it: `ext4`, `nfs4`, `fuse.sshfs`."""
    source: str
    """What was mounted: a device, `nas:/export`."""

    @property
    def doubt(self) -> str:
        """Why its locks and syncs cannot be trusted; empty if nothing speaks against it."""
        if self.kind.startswith("fuse") and self.kind not in _HONEST_FUSE and self.kind != "fusectl":
            return _PROGRAM
        return _DOUBTS.get(self.kind, "")

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


def file_system(folder: Path | str, mounts: Path | None = None) -> FileSystem | None:
    """What an existing folder is on; None if the kernel does not say (no /proc). `mounts`: another mountinfo."""
    try:
        fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            told = Path(f"/proc/self/fdinfo/{fd}").read_text(encoding="ascii")
        finally:
            os.close(fd)
        mount = re.search(r"^mnt_id:\s*([0-9]+)$", told, re.MULTILINE)
        lines = (mounts or MOUNTS).read_bytes().decode(errors="replace").splitlines()
    except OSError:
        return None
    begin = f"{mount[1]} " if mount else ""
    for line in lines if begin else ():
        if line.startswith(begin):
            kind, source = line.partition(" - ")[2].split(" ")[:2]
            return FileSystem(kind=_unescaped(kind), source=_unescaped(source))
    return None


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
