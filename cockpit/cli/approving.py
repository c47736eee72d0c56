"""`cockpit approve`: a reviewer says by their SSH key that they read what a profile executes.

Invariant: nothing is signed but the digest of what was shown, after a yes; and nothing is written that would not count.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from cockpit.audit.agent import AgentKey, agent_keys
from cockpit.audit.signing import principals
from cockpit.audit.sshsig import Trust, checked, sign
from cockpit.cli.ending import Refused, say
from cockpit.cli.trusting import is_terminal, whole
from cockpit.errors import SigningError
from cockpit.exits import Exit
from cockpit.profile.executing import changes, listing, summary
from cockpit.session.identity import actor
from cockpit.session.signing import chosen_key
from cockpit.session.trust import signers_of
from cockpit.session.trust_approvals import (
    NAMESPACE,
    Approval,
    add_approval,
    approval_text,
    approvals_path,
    read_approvals,
)
from cockpit.session.trust_digest import Executed, executed
from cockpit.session.trust_memory import Confirmed, Remembered, remember, remembered, trusted_folder
from cockpit.session.trust_policy import policy
from cockpit.text import shortened, visible

REVIEWS = "reviews"
"""The folder beside the trusted ones in which a reviewer's own last readings are kept."""


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--as", "as_name", metavar="NAME", help="Your name in the list of approvers, if it is not your account's."
)
@click.option("--digest", metavar="DIGITS", help="Answer for a script: sign only if this is its digest, all 64 digits.")
def approve(file: str, as_name: str | None, digest: str | None) -> int:
    """Show what the profile in FILE may execute, and sign that you read it.

    Of a profile that you approved before, only what changed is shown. The signature, by a key of your SSH agent, goes
    into FILE.approvals beside it, which belongs into the same repository. It covers this very profile: one character
    more in it, or in a file that it names, and it has to be approved again.
    """
    from cockpit.cli.beginning import runnable

    loaded = runnable(file)
    if loaded is None:
        return Exit.PROBLEMS
    done, path = executed(loaded), approvals_path(loaded.path)
    trust, names = signers_of(loaded, policy()), (as_name,) if as_name else principals(actor())
    approver, key = _key(trust, names)
    _ask(done, digest)
    text = approval_text(done, approver)
    signature = sign(text.encode(), key, NAMESPACE)
    _require_worth(text, signature, trust, approver)
    add_approval(path, done, text, signature)
    _keep(done, approver)
    what = f"{visible(done.profile)} {visible(done.environment)} {done.digest[:16]}"
    say(f"approved {what} as {visible(approver)}: {visible(str(path))}")
    _tell(path, done)
    return Exit.OK


def _key(trust: Trust | None, names: tuple[str, ...]) -> tuple[str, AgentKey | Path]:
    """Who signs, and with which key. Raises SigningError."""
    if trust is not None:
        for name in names[1:]:
            # The list may know them by host too: whichever name it knows is the one that is signed.
            with_host = _chosen(trust, name)
            if with_host is not None and _chosen(trust, names[0]) is None:
                return name, with_host
        return names[0], chosen_key(trust, names[:1], NAMESPACE)
    keys = agent_keys()
    if not keys:
        raise SigningError("the SSH agent has no key, or is locked", hint="ssh-add FILE, or unlock it: ssh-add -X")
    say("there is no list of approvers here (policy or profile): whether it counts is judged where it is run")
    return names[0], keys[0]


def _chosen(trust: Trust, name: str) -> AgentKey | Path | None:
    try:
        return chosen_key(trust, (name,), NAMESPACE)
    except SigningError:
        return None


def _ask(done: Executed, digest: str | None) -> None:
    """Show it and have it confirmed. Raises Refused."""
    if digest is not None:
        if done.digest != whole(digest):
            raise Refused(
                f"the digest is {done.digest[:16]}, not {shortened(digest, 70)}", hint="it is not what was read"
            )
        return
    if not is_terminal():
        raise Refused("nobody can be asked here", hint=f"read it, then: --digest {done.digest}")
    for line in _shown(done, _reviewed(done)):
        click.echo(line, err=True)
    if not click.confirm("sign that you read this", default=False, err=True):
        raise Refused("nothing was signed")


def _shown(done: Executed, known: Remembered) -> list[str]:
    name = visible(f"{done.profile} {done.environment}")
    if not known.confirmed:
        return [f"{name} may execute", *listing(done.executions), *done.file_lines, summary(done.executions),
                f"digest {done.digest}"]  # fmt: skip
    last = known.confirmed[-1]
    differs = changes(known.keys, done.keys) or ["nothing of what it executes: only texts, titles or times"]
    return [f"{name}: what changed since you approved it, {last.at:%Y-%m-%d %H:%M} UTC", *differs,
            f"digest {done.digest}"]  # fmt: skip


def _require_worth(text: str, signature: str, trust: Trust | None, approver: str) -> None:
    if trust is None:
        return
    worth = checked(text.encode(), signature, trust, (approver,), NAMESPACE, datetime.now(UTC))
    if not worth.by:
        raise SigningError(f"the signature would not count: {worth.why_not}", hint="nothing was written")


def _folder() -> Path:
    return trusted_folder().parent / REVIEWS


def _reviewed(done: Executed) -> Remembered:
    """What this user approved last; never what merely was run here."""
    return remembered(done.profile, done.environment, _folder())


def _keep(done: Executed, approver: str) -> None:
    confirmed = Confirmed(done.digest, datetime.now(UTC), approver, "approved")
    remember(_reviewed(done), confirmed, done.keys, _folder())


def _tell(path: Path, done: Executed) -> None:
    """Who else approved the same, and what to do with the file."""
    others: list[Approval] = [each for each in read_approvals(path) if each.digest == done.digest]
    names = ", ".join(shortened(each.approver, 40) for each in others)
    say(f"in it for this digest: {names}; keep it beside the profile, in the same repository")
