"""What every event is made of: the instant, the actor, the body, and the event as everything above the log sees it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from msgspec import Struct


class Instant(Struct, frozen=True):
    """A moment on one host. Order is by sequence and durations by `mono` within one `boot`; `at` is for people."""

    at: datetime
    """Aware, UTC."""
    boot: str
    """The kernel's boot id: `mono` values compare only within one."""
    mono: float
    """Seconds of CLOCK_MONOTONIC."""


class Actor(Struct, frozen=True, omit_defaults=True):
    """Who did it, as the system knows it. What is told beside user and host is claimed, unless `proven` names it."""

    user: str
    """Of the process: the account. Several people may share one."""
    host: str
    via: str = ""
    """How they came, for people: for example `ssh 192.0.2.7`; empty for a local terminal."""
    key: str = ""
    """Fingerprint (`SHA256:…`) of the key that opened the session, where known."""
    login: str = ""
    """The user who logged in, by the kernel's login uid, where it is set and another than `user`."""
    sudo: str = ""
    """The user who became `user` by sudo."""
    tty: str = ""
    """The terminal: `pts/3`."""
    client: str = ""
    """Address of the SSH client."""
    person: str = ""
    """On a shared account: the name that the person picked from the profile's roles."""
    signer: str = ""
    """Fingerprint of the key by which they proved to be that person."""
    proven: tuple[str, ...] = ()
    """Names of the fields above that the system vouches for (`user` always is); the others are merely claimed."""


class Body(Struct, frozen=True, kw_only=True):
    """The base of every event's `data`."""

    type: ClassVar[str]
    is_fact: ClassVar[bool] = True


class Event(Struct, frozen=True):
    """One line of the log, decoded. `prev` and the digest stay with the log; the fold needs neither."""

    seq: int
    id: str
    type: str
    is_fact: bool
    instant: Instant
    actor: Actor
    body: Body
    run: str = ""
    """The run's id, as the line gives it."""


class SourceFile(Struct, frozen=True):
    """A file the profile was made from."""

    name: str
    """As the profile names it; no absolute path of the host."""
    digest: str
    """SHA-256 of its bytes, hex."""
    toml: str
    """Its text."""
