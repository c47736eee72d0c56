"""What this machine, and this user, ask of a profile before it may be run.

    /etc/cockpit/policy.toml              the machine's, of root
    $XDG_CONFIG_HOME/cockpit/policy.toml  the user's own

Owns the answer to "who has to have agreed?". Invariant: it stands outside of the profiles that it judges, so that who
changes a profile changes nothing here. Where both speak, the stricter counts; a file that others could have written, or
that cannot be read or understood, is no policy but an error: nothing is run then.
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from cockpit.errors import TrustError
from cockpit.text import shortened

MACHINE = Path("/etc/cockpit/policy.toml")
LIMIT_BYTES = 64 * 1024
_T = TypeVar("_T")
Reviewed = Literal["none", "production", "all"]
FirstUse = Literal["ask", "note"]
_REVIEWED: tuple[Reviewed, ...] = ("none", "production", "all")
_FIRST_USE: tuple[FirstUse, ...] = ("note", "ask")
"""The laxest first."""


class Written(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file as written; None: it says nothing of that."""

    reviewed: Reviewed | None = None
    approvers: int | None = None
    allowed_signers: str | None = None
    revoked_keys: str | None = None
    four_eyes: bool | None = None
    emergency: bool | None = None
    first_use: FirstUse | None = None
    production: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether it asks for approvals."""
        return self.reviewed not in (None, "none")


class Policy(Struct, frozen=True, kw_only=True):
    """What counts here."""

    reviewed: Reviewed = "none"
    """Which profiles need approvals before they are run."""
    approvers: int = 1
    """How many different people have to have approved."""
    allowed_signers: Path | None = None
    """Whose approvals count (ssh-keygen(1), ALLOWED SIGNERS): the machine's, else the user's."""
    revoked_keys: Path | None = None
    signers_owners: tuple[int, ...] = msgspec.field(default_factory=lambda: _owners(False))
    revoked_owners: tuple[int, ...] = msgspec.field(default_factory=lambda: _owners(False))
    """Who may have written these lists (user ids): root alone, where the machine decides on them."""
    four_eyes: bool = True
    """Whether whoever starts a run does not count among its profile's approvers."""
    emergency: bool = True
    """Whether a person may begin without approvals, by a typed word and a reason, as a deviation."""
    first_use: FirstUse = "ask"
    production: tuple[str, ...] = ()
    """Environments that are production whatever their profiles say: `ENVIRONMENT` or `PROFILE/ENVIRONMENT`, globs."""
    sources: tuple[Path, ...] = ()
    """The files that it was read from."""

    def is_production(self, profile: str, environment: str) -> bool:
        """Whether an environment counts as production, beyond what its profile says."""
        names = (environment, f"{profile}/{environment}")
        return any(fnmatchcase(name, pattern) for pattern in self.production for name in names)

    def wants_review(self, profile: str, environment: str, *, production: bool) -> bool:
        """Whether a profile needs approvals."""
        if self.reviewed == "production":
            return production or self.is_production(profile, environment)
        return self.reviewed == "all"


def policy(environ: Mapping[str, str] | None = None, machine: Path = MACHINE) -> Policy:
    """The policy of this machine and user. Raises TrustError if a file of it cannot be used."""
    own_path = user_policy_path(environ)
    theirs, own = _read(machine, (0,)), _read(own_path, (0, os.geteuid()))
    found = [(path, each) for path, each in ((machine, theirs), (own_path, own)) if each is not None]
    written = [each for _, each in found]
    return Policy(
        reviewed=_strictest([each.reviewed for each in written], _REVIEWED.index, "none"),
        approvers=_strictest([each.approvers for each in written], lambda count: count, 1),
        # What the machine asks for, its own list answers: a user who names one instead would approve for themselves.
        allowed_signers=_first(found[:1] if theirs is not None and theirs.asks else found, "allowed_signers"),
        revoked_keys=_first(found, "revoked_keys"),
        signers_owners=_owners(theirs is not None and (theirs.asks or theirs.allowed_signers is not None)),
        revoked_owners=_owners(theirs is not None and theirs.revoked_keys is not None),
        four_eyes=_strictest([each.four_eyes for each in written], int, True),
        emergency=_strictest([each.emergency for each in written], lambda allowed: not allowed, True),
        first_use=_strictest([each.first_use for each in written], _FIRST_USE.index, "ask"),
        production=tuple(pattern for each in written for pattern in each.production),
        sources=tuple(path for path, _ in found),
    )


def user_policy_path(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME/cockpit/policy.toml`, else `~/.config/cockpit/policy.toml`."""
    config = (os.environ if environ is None else environ).get("XDG_CONFIG_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    home = Path(config) if os.path.isabs(config) else Path.home() / ".config"
    return home / "cockpit" / "policy.toml"


def _strictest(said: list[_T | None], strictness: Callable[[_T], int], default: _T) -> _T:
    known = [each for each in said if each is not None]
    return max(known, key=strictness) if known else default


def _owners(machine_decides: bool) -> tuple[int, ...]:
    return (0,) if machine_decides else (0, os.geteuid())


def _first(found: list[tuple[Path, Written]], key: str) -> Path | None:
    """A file that one of the policies names, relative to it; the machine's before the user's."""
    named = [(path, getattr(each, key)) for path, each in found]
    return next((path.parent / name for path, name in named if name), None)


def _read(path: Path, owners: tuple[int, ...]) -> Written | None:
    try:
        raw = owned_file(path, owners, LIMIT_BYTES)
    except FileNotFoundError:
        return None
    try:
        given: dict[str, Any] = tomllib.loads(raw.decode())
        written = msgspec.convert(given, Written)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        said = shortened(f"{path} cannot be understood: {error}", 300)
        raise TrustError(said, hint="correct it: nothing is run by a policy that cannot be read") from error
    if written.approvers is not None and not 1 <= written.approvers <= 20:
        raise TrustError(f"{path} asks for {written.approvers} approvers; expected 1 to 20", hint="correct it")
    return written


def owned_file(path: Path, owners: tuple[int, ...], limit_bytes: int) -> bytes:
    """A small file that nobody but one of `owners` (user ids) can have written.

    Raises FileNotFoundError; TrustError for anything else that is wrong with it.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(str(path)) from error
    except OSError as error:
        raise TrustError(f"{path} cannot be read: {error.strerror}", hint="mend it: nothing is run without") from error
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise TrustError(f"{path} is no file", hint="put a file there, or take it away")
        if status.st_uid not in owners or status.st_mode & 0o022:
            who = f"belongs to user {status.st_uid}" if status.st_uid not in owners else "can be written by others"
            raise TrustError(f"{path} {who}, so that it decides nothing", hint=f"chown and chmod go-w {path}")
        raw = file.read(limit_bytes + 1)
    if len(raw) > limit_bytes:
        raise TrustError(f"{path} has more than {limit_bytes} bytes", hint="nothing is run by it: shorten it")
    return raw
