"""Where things are inside a run's folder. Nobody else spells these names.

<runs>/<run-id>/            0700
    audit.jsonl             the log, 0600
    outputs/                full command output, keeper logs; of an action:
        <action>.log            what it wrote, masked, 0600
        <action>.status         who watches it; there before it is started
        <action>.exit           how it ended
        <action>.cancel         it is to be stopped
    locks/append            serialises appends
    locks/poisoned          a write or sync failed: nobody appends any more
    locks/continued         a symbolic link to where the run goes on: nobody appends here any more
    locks/place             the file system, of those that cannot be trusted, that was accepted with a reason
    locks/keeper            held by the live keeper
    locks/keeper.beat       its heartbeat
    locks/keeper.here       epochs of the keepers that began on this host, of a run that a database keeps
    locks/keeper.wants      names of the secrets it still waits for
    locks/probe-now/        requests to read probes at once, each a file
    locks/aside             what the keeper saw that is not in the log yet: the database is away
    locks/compare           held by the one process here that compares a copy with its database
    locks/seat-<id>         held by an open screen
    environment.key         of the digests of keepers' environments, 0600; never in the log
    store                   the database that keeps the run, if one does: the log here is a copy, 0600
    store.server            which cluster, at which timeline, this copy was last seen to agree with
    origin                  where the profile's files lay: relative paths of probes start there
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def log_path(run_dir: Path) -> Path:
    """The log."""
    return run_dir / "audit.jsonl"


def outputs_dir(run_dir: Path) -> Path:
    """Full outputs, named by the log with their digests."""
    return run_dir / "outputs"


def action_log(run_dir: Path, action: str) -> Path:
    """The whole output of an action, as bytes: only secrets are taken out, escape sequences are not."""
    return outputs_dir(run_dir) / f"{action}.log"


def action_status(run_dir: Path, action: str) -> Path:
    """Made, once, before a command is started: by its shim, or by a keeper that gives it up."""
    return outputs_dir(run_dir) / f"{action}.status"


def action_exit(run_dir: Path, action: str) -> Path:
    """Appears, whole and durable, when a command and all that it started are over."""
    return outputs_dir(run_dir) / f"{action}.exit"


def action_cancel(run_dir: Path, action: str) -> Path:
    """Whoever makes this file has the command stopped."""
    return outputs_dir(run_dir) / f"{action}.cancel"


def locks_dir(run_dir: Path) -> Path:
    """Locks and marks: apart from the log, so that a reader of the log cannot block a writer."""
    return run_dir / "locks"


def append_lock(run_dir: Path) -> Path:
    """Locked (flock) around every append."""
    return locks_dir(run_dir) / "append"


def turn_lock(run_dir: Path) -> Path:
    """Held (flock) by whoever is next to append, so that nobody appends twice while another waits."""
    return locks_dir(run_dir) / "turn"


def poison_mark(run_dir: Path) -> Path:
    """Its presence stops all writers; its text says why."""
    return locks_dir(run_dir) / "poisoned"


def continued_mark(run_dir: Path) -> Path:
    """A symbolic link, whose text says where the run goes on: it needs no room on a full disk but its name."""
    return locks_dir(run_dir) / "continued"


def unverified_mark(run_dir: Path) -> Path:
    """Its text is the store whose server this host does not verify, and why, as the log was told."""
    return locks_dir(run_dir) / "unverified"


def place_mark(run_dir: Path) -> Path:
    """Its text is a file system that was accepted although its locks and syncs cannot be trusted."""
    return locks_dir(run_dir) / "place"


def keeper_lock(run_dir: Path) -> Path:
    """Locked (OFD) by the live keeper, for as long as it lives."""
    return locks_dir(run_dir) / "keeper"


def keeper_beat(run_dir: Path) -> Path:
    """Text `<epoch> <pid> <mono>`, rewritten by the keeper."""
    return locks_dir(run_dir) / "keeper.beat"


def keeper_here(run_dir: Path) -> Path:
    """An epoch a line, written before a keeper says that it began: the keepers that were on this host."""
    return locks_dir(run_dir) / "keeper.here"


def keeper_wants(run_dir: Path) -> Path:
    """A name a line, rewritten by the keeper: secrets that a person has to type."""
    return locks_dir(run_dir) / "keeper.wants"


def probe_requests(run_dir: Path) -> Path:
    """A folder in which a seat leaves a file to have probes read now."""
    return locks_dir(run_dir) / "probe-now"


def aside_path(run_dir: Path) -> Path:
    """Lines that wait for a database that is away; not there while nothing waits."""
    return locks_dir(run_dir) / "aside"


def seat_lock(run_dir: Path, seat: str) -> Path:
    """Locked (OFD) by an open screen, for as long as it lives."""
    return locks_dir(run_dir) / f"seat-{seat}"


def environment_key(run_dir: Path) -> Path:
    """32 random bytes: without them, nobody can try out what a digest of an environment variable was made from."""
    return run_dir / "environment.key"


def origin_path(run_dir: Path) -> Path:
    """A text file: the absolute folder of the profile. Of this host alone, so beside the log and not in it."""
    return run_dir / "origin"


def store_path(run_dir: Path) -> Path:
    """A text file: the connection string, without a password, of the database that keeps the run."""
    return run_dir / "store"


def compare_lock(run_dir: Path) -> Path:
    """Locked (OFD) by the process that compares this copy with the database, line by line."""
    return locks_dir(run_dir) / "compare"


def store_server(run_dir: Path) -> Path:
    """A text file: which cluster, and which of its timelines, the copy here was last seen to agree with."""
    return run_dir / "store.server"


def may_be_path(token: str) -> bool:
    """Whether what a person calls a run may name a file: not a bare name in a folder that may not be looked into.

    Who became another user by su(1) is still in the home folder of the one before.
    """
    return "/" in token or os.access(os.curdir, os.X_OK)
