"""An operator's own signatures: with which key, over what, and whether they count before anybody else sees them.

    $COCKPIT_SIGNING_KEY    a fingerprint (`SHA256:…`) of a key in the agent, or a file: picks one among several

Invariant: what is handed out as a signature was checked against the list that the run fixed at its start. Nothing here
appends. It starts programs and waits for people: never on a screen's loop, never before the first paint.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from cockpit.audit import clock
from cockpit.audit.agent import AgentKey, agent_keys
from cockpit.audit.checkpoints import checkpoint_text
from cockpit.audit.line import Head
from cockpit.audit.reading import open_log
from cockpit.audit.signing import NAMESPACE, PERSON_NAMESPACE, person_text, principals
from cockpit.audit.sshsig import Trust, checked, sign
from cockpit.errors import LogUnreadable, SigningError
from cockpit.profile.signers import KINDS, fits, read_revoked, read_signers
from cockpit.run.events import Actor, OperatorIdentified
from cockpit.run.state import RunState
from cockpit.text import shortened, visible

SETTING = "COCKPIT_SIGNING_KEY"
_KEY_BYTES = 64 * 1024


class Made(Struct, frozen=True):
    """A signature that counts."""

    principal: str
    """Who signed, as the allowed signers name them."""
    key: str
    """Fingerprint of the key, `SHA256:…`."""
    signature: str
    """Armoured."""


def trust_of(state: RunState) -> Trust | None:
    """Whose signatures count in a run, as it fixed that at its start; None if it has no list."""
    if state.started is None or not state.started.signers:
        return None
    return Trust(state.started.signers, state.started.revoked)


def sign_head(
    run: str,
    head: Head,
    trust: Trust,
    actor: Actor,
    at: datetime,
    *,
    key: AgentKey | Path | None = None,
    cancelled: threading.Event | None = None,
) -> Made:
    """Sign a head as the actor. `at` is the time of the fact that asked for it: a key must not have expired by then.

    Raises SigningError with one sentence.
    """
    text = checkpoint_text(run, head).encode("ascii")
    names = principals(actor)
    return _made(text, key or chosen_key(trust, names, NAMESPACE), trust, names, NAMESPACE, at, cancelled)


def prove(state: RunState, seat: str, person: str, actor: Actor, head: Head) -> OperatorIdentified:
    """Prove by a signature that whoever sits at `seat` is `person`: the event to append, by an actor who then says so.

    Its `key` is that actor's `signer`. `head` is the newest one that the seat holds, so that a proof cannot be older
    than what it was shown. Raises SigningError with one sentence.
    """
    trust = trust_of(state)
    if trust is None:
        why = "this run has no list of allowed signers, so that no name can be proven"
        raise SigningError(why, hint="give the profile allowed_signers, and start the next run with it")
    text = person_text(state.run, seat, person, head)
    names = (person, f"{person}@{actor.host}")
    key = chosen_key(trust, names, PERSON_NAMESPACE)
    made = _made(text.encode(), key, trust, names, PERSON_NAMESPACE, clock.now().at, None)
    return OperatorIdentified(seat=seat, person=person, key=made.key, text=text, signature=made.signature)


def _made(
    text: bytes,
    key: AgentKey | Path,
    trust: Trust,
    names: tuple[str, ...],
    namespace: str,
    at: datetime,
    cancelled: threading.Event | None,
) -> Made:
    signature = sign(text, key, namespace, cancelled=cancelled)
    worth = checked(text, signature, trust, names, namespace, at)
    if not worth.by:
        raise SigningError(f"the signature does not count: {worth.why_not}")
    return Made(principal=worth.by, key=worth.key.split(" ")[-1], signature=signature)


# ---- which key ---------------------------------------------------------------------------------------------------


def chosen_key(
    trust: Trust, names: tuple[str, ...], namespace: str, environ: Mapping[str, str] | None = None
) -> AgentKey | Path:
    """The key to sign with: the one that the operator named, else the agent's first that the list gives one of `names`.

    A path is of a private key that the operator named. Raises SigningError.
    """
    environ = os.environ if environ is None else environ
    named = environ.get(SETTING, "").strip()
    if named and not named.startswith("SHA256:"):
        return _of_file(Path(named).expanduser())
    keys = agent_keys(environ)
    if not keys:
        raise SigningError("the SSH agent has no key, or is locked", hint="ssh-add FILE, or unlock it: ssh-add -X")
    if named:
        picked = [key for key in keys if key.fingerprint == named]
        if not picked:
            why = f"the SSH agent has no key {shortened(named, 60)}, which {SETTING} names"
            raise SigningError(why, hint="see its keys: ssh-add -l")
        return picked[0]
    usable = allowed(trust, names, namespace, keys)
    if not usable:
        revoked = set(read_revoked(trust.revoked))
        theirs = {line.blob for line in read_signers(trust.signers) if line.is_of(names, namespace)}
        if gone := [key for key in keys if key.blob in theirs and key.fingerprint in revoked]:
            why = f"the SSH agent's key {gone[0].fingerprint} was revoked"
            raise SigningError(why, hint=_instead(trust, names, namespace))
        count = "the SSH agent's key" if len(keys) == 1 else f"of the SSH agent's {len(keys)} keys none"
        why = f"{count} is {'not ' if len(keys) == 1 else ''}one that this run allows for {shortened(names[0], 60)}"
        raise SigningError(why, hint=_instead(trust, names, namespace))
    return usable[0]


def allowed(trust: Trust, names: tuple[str, ...], namespace: str, keys: tuple[AgentKey, ...]) -> tuple[AgentKey, ...]:
    """Those of an agent's keys that the list gives one of these names, in its order; then certificates that may count.

    Raises SigningError if the list cannot be read.
    """
    lines = [line for line in read_signers(trust.signers) if line.is_of(names, namespace)]
    revoked = set(read_revoked(trust.revoked))
    plain = {line.blob for line in lines if not line.is_authority}
    found = [key for key in keys if key.blob in plain and key.fingerprint not in revoked]
    if any(line.is_authority for line in lines):
        found += [key for key in keys if key.is_certificate and key.fingerprint not in revoked]
    return tuple(found)


def _instead(trust: Trust, names: tuple[str, ...], namespace: str) -> str:
    lines = [line for line in read_signers(trust.signers) if line.is_of(names, namespace) and not line.is_authority]
    revoked = set(read_revoked(trust.revoked))
    usable = [line for line in lines if line.fingerprint not in revoked]
    if usable:
        return f"ssh-add the one that it allows: {usable[0].fingerprint}"
    if lines:
        return "theirs were revoked"
    others = [line for line in read_signers(trust.signers) if any(fits(name, line.principals) for name in names)]
    return "theirs may not sign this" if others else "it has none of theirs: add it to allowed_signers for the next run"


def _of_file(path: Path) -> AgentKey | Path:
    try:
        with open(open_log(path, os.O_RDONLY), "rb") as file:
            raw = file.read(_KEY_BYTES)
    except (LogUnreadable, OSError) as error:
        raise SigningError(f"{SETTING} names a file that is no key: {shortened(str(error), 200)}") from error
    words = raw.split(None, 2)
    kind = words[0].decode("ascii", "replace") if words else ""
    if kind in KINDS or "-cert-v01@" in kind:
        key = AgentKey.of_line(raw.decode("ascii", "replace"))
        if key is not None:
            return key
    elif b"PRIVATE KEY-----" in raw:
        return path.absolute()
    raise SigningError(f"{SETTING} names {visible(str(path))}, which is no SSH key")
