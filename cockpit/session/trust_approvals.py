"""Approvals of a profile: who read what it executes, and signed for exactly that.

    FILE.approvals      beside the profile, text that git can merge: for each approval the text and its signature

    cockpit-profile-v1
    profile virtue
    environment production
    digest 9f2c…                     64 hex digits, as `cockpit check FILE` shows it
    approver ana
    -----BEGIN SSH SIGNATURE-----
    …
    -----END SSH SIGNATURE-----

Owns the text that is signed, the file, and the question which of its approvals count. Invariant: a signature covers the
five lines above it and nothing else, and `ssh-keygen -Y verify -n cockpit-profile@v1` alone says whether it is good,
for keys that count now: an approval lapses with its key. One person counts once, and so does one key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from cockpit.audit.reading import open_log
from cockpit.audit.sshsig import Trust, checked
from cockpit.errors import LogUnreadable, TrustError
from cockpit.patterns import late
from cockpit.session.trust_digest import Executed
from cockpit.text import shortened, visible

NAMESPACE = "cockpit-profile@v1"
LIMIT_BYTES = 1 << 20
MOST = 40
"""Of approvals of one digest that are looked at: each costs two processes."""
_ORIGIN = "cockpit-profile-v1"
_BLOCK = late(
    r"^(cockpit-profile-v1\nprofile ([^\n]*)\nenvironment ([^\n]*)\ndigest ([0-9a-f]{64})\napprover ([^\n]*)\n)"
    r"(-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]{1,16000}-----END SSH SIGNATURE-----)$",
    re.MULTILINE,
)


class Approval(Struct, frozen=True):
    """One approval as it stands in the file; whether it counts is not known yet."""

    text: str
    """What was signed."""
    profile: str
    environment: str
    digest: str
    approver: str
    signature: str


class Counted(Struct, frozen=True):
    """Which approvals of a profile count, and why the others do not."""

    approvers: tuple[tuple[str, str], ...] = ()
    """Name and key (`SHA256:…`) of each."""
    why_not: tuple[str, ...] = ()
    """A sentence for each that does not count."""

    @property
    def named(self) -> tuple[str, ...]:
        """`ana SHA256:…`, for the log."""
        return tuple(f"{name} {key}" for name, key in self.approvers)


def approvals_path(profile: Path) -> Path:
    """Where the approvals of a profile are kept."""
    return profile.with_name(profile.name + ".approvals")


def approval_text(executed: Executed, approver: str) -> str:
    """What an approver signs: five lines, each with its newline."""
    profile, environment = visible(executed.profile), visible(executed.environment)
    return (
        f"{_ORIGIN}\nprofile {profile}\nenvironment {environment}\ndigest {executed.digest}\n"
        f"approver {visible(approver)}\n"
    )


def read_approvals(path: Path) -> tuple[Approval, ...]:
    """The approvals in a file, in its order; what is none is stepped over; none if there is no file.

    Raises TrustError if it cannot be read.
    """
    try:
        with open(open_log(path, os.O_RDONLY), "rb") as file:
            raw = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        return ()
    except (LogUnreadable, OSError) as error:
        if not os.path.lexists(path):
            return ()
        said = f"{visible(str(path))} cannot be read: {shortened(str(error), 200)}"
        raise TrustError(said, hint="mend it, or take it away") from error
    if len(raw) > LIMIT_BYTES:
        raise TrustError(f"{visible(str(path))} has more than {LIMIT_BYTES} bytes", hint="take old approvals out")
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return tuple(
        Approval(match[1], match[2], match[3], match[4], match[5], match[6]) for match in _BLOCK.finditer(text)
    )


def add_approval(path: Path, executed: Executed, text: str, signature: str) -> None:
    """Write an approval into the file, in the place of the same approver's earlier one. Raises TrustError."""
    own = f"approver {text.rsplit('approver ', 1)[1]}"
    of_it = (f"profile {visible(executed.profile)}\nenvironment {visible(executed.environment)}\n", own)
    kept = [each for each in read_approvals(path) if not all(part in each.text for part in of_it)]
    blocks = [*(f"{each.text}{each.signature}\n" for each in kept), f"{text}{signature.strip()}\n"]
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644), "w") as file:
            file.write("\n".join(blocks))
        part.replace(path)
    except OSError as error:
        raise TrustError(f"{visible(str(path))} cannot be written: {error.strerror}") from error


def counted(
    approvals: tuple[Approval, ...], executed: Executed, trust: Trust, at: datetime, *, but: tuple[str, ...] = ()
) -> Counted:
    """Which approvals count for what is executed, at a moment. `but`: names and keys of whoever may not approve.

    Blocks for some milliseconds an approval.
    """
    fitting = [each for each in approvals if each.text == approval_text(executed, each.approver)]
    good: list[tuple[str, str]] = []
    why_not = list(_strangers(approvals, executed)) if not fitting else []
    for each in fitting[:MOST]:
        name = shortened(each.approver, 60)
        worth = checked(each.text.encode(), f"{each.signature}\n", trust, (each.approver,), NAMESPACE, at)
        key = worth.key.split(" ")[-1]
        if not worth.by:
            why_not.append(f"the approval by {name} does not count: {worth.why_not}")
        elif worth.by in but or worth.by.partition("@")[0] in but or key in but:
            why_not.append(f"the approval by {name} does not count: it is of whoever starts the run")
        elif any(worth.by == known or key == used for known, used in good):
            why_not.append(f"the approval by {name} counts once: the person or the key is there already")
        else:
            good.append((worth.by, key))
    return Counted(tuple(good), tuple(why_not))


def _strangers(approvals: tuple[Approval, ...], executed: Executed) -> Iterator[str]:
    """Why approvals that are there are of something else."""
    own = (visible(executed.profile), visible(executed.environment))
    for each in approvals[:MOST]:
        name = shortened(each.approver, 60)
        if (each.profile, each.environment) != own:
            of = shortened(f"{each.profile} {each.environment}", 80)
            yield f"the approval by {name} is of {of}"
        elif each.digest != executed.digest:
            yield f"the approval by {name} is of {each.digest[:12]}, and this is {executed.digest[:12]}"
