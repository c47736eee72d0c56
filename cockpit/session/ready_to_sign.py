"""Whether the person at this terminal could sign what a profile asks for: a part of `ready`.

Invariant: the agent is asked for its keys and signs nothing, so that nobody has to touch a token for being ready.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cockpit.audit.signing import NAMESPACE, PERSON_NAMESPACE, principals
from cockpit.audit.sshsig import Trust
from cockpit.errors import SigningError
from cockpit.profile.model import Profile
from cockpit.profile.signers import read_signers
from cockpit.profile.trusting import read_trust
from cockpit.run.events import Actor
from cockpit.run.people import name_of
from cockpit.run.readiness import Finding
from cockpit.session.signing import chosen_key
from cockpit.text import shortened, visible

_WHERE = "signatures"


def of_signing(
    profile: Profile, base_dir: Path, actor: Actor, now: datetime, fixed: Trust | None = None
) -> Iterator[Finding]:
    """What is missing for this person to sign, by the list beside the profile or by the one that a run `fixed`.

    Blocks while the agent answers.
    """
    if not profile.allowed_signers or (profile.signing == "off" and actor.user not in profile.shared_accounts):
        return
    if shutil.which("ssh-keygen") is None:
        yield Finding(
            "missing", "there is no ssh-keygen here: nothing can be signed or checked", _WHERE, "install OpenSSH"
        )
        return
    try:
        files = read_trust(profile, base_dir)
    except SigningError as error:
        if fixed is None:
            yield Finding("missing", visible(error.message), _WHERE, visible(error.hint) or "put it there")
            return
        yield Finding("look", f"{visible(error.message)}; this run goes by the list that it fixed", _WHERE)
    else:
        now_there = Trust(files.signers, files.revoked)
        if fixed is not None and fixed != now_there:
            why = "the files say otherwise than when this run began: it goes by what it fixed then"
            yield Finding("look", why, _WHERE, "start another run for them to count")
        fixed = fixed or now_there
    is_shared = profile.signing == "off" or actor.user in profile.shared_accounts
    yield _of_agent(fixed, actor, now, PERSON_NAMESPACE if is_shared else NAMESPACE, is_shared=is_shared)


def _of_agent(trust: Trust, actor: Actor, now: datetime, namespace: str, *, is_shared: bool) -> Finding:
    try:
        names = _everybody(trust) if is_shared else principals(actor)
        key = chosen_key(trust, names, namespace)
    except SigningError as error:
        return Finding("missing", visible(error.message), _WHERE, visible(error.hint))
    who = visible(name_of(actor))
    if isinstance(key, Path):
        return Finding("look", f"{who} signs with the key in {shortened(str(key), 120)}, which was not tried", _WHERE)
    lines = [line for line in read_signers(trust.signers) if line.blob == key.blob]
    named = f"{key.kind} {key.fingerprint}"
    if lines and not any(line.is_valid(now) for line in lines):
        return Finding("missing", f"the key {named} does not count now: it has expired, or not begun", _WHERE,
                       "give the list another")  # fmt: skip
    whose = "whoever it is of" if is_shared else who
    touch = "; have it at hand: it may want to be touched" if key.is_hardware else ""
    return Finding("ok", f"{whose} can sign with {named}{touch}", _WHERE)


def _everybody(trust: Trust) -> tuple[str, ...]:
    """The plain names in a list: on a shared account it is not known yet who sits there."""
    named = (each for line in read_signers(trust.signers) for each in line.principals.split(","))
    return tuple(dict.fromkeys(each for each in named if not set(each) & set("*?!")))
