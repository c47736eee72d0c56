"""What the keeper tells a shim, once, through its standard input: JSON, ended by closing the pipe.

Never by arguments or environment, since secrets are in it. Half of it is no JSON: a keeper that dies while it writes
has started nothing.
"""

from __future__ import annotations

import json
from typing import NamedTuple


class Spec(NamedTuple):
    """One command."""

    argv: list[str]
    env: dict[str, str]
    """All of the child's environment."""
    cwd: str
    umask: int
    timeout_s: float
    grace_s: float
    """Between SIGTERM and SIGKILL."""
    log: str
    """Path of the output file, absolute, as all paths here."""
    status: str
    """Path of the file that says who the shim is; it must not exist yet."""
    exit: str
    """Path of the file that says how it ended."""
    cancel: str
    """Path; once such a file exists, the command is stopped."""
    secrets: dict[str, str]
    """By name: what is taken out of the output."""
    private: dict[str, str]
    """Files by path, written 0600 before the start and removed at the end."""
    head_bytes: int
    tail_bytes: int
    """Of the output file: what is kept of more."""
    folder: str
    """Path of the profile's folder."""
    fixed: dict[str, str]
    """By name from there: the SHA-256 (hex) that each file must have for the command to be started."""


def encoded(spec: Spec) -> bytes:
    """As it goes through the pipe."""
    return json.dumps(spec._asdict()).encode("ascii")


def decoded(written: bytes) -> Spec:
    """Raises ValueError or TypeError if it is not all of a spec."""
    try:
        return Spec(**json.loads(written))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
