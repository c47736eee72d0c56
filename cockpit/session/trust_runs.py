"""Whether a run that somebody else began, or that began on another host, may be executed from here.

Its profile comes out of its log, and a keeper that is started here runs it with the hands of whoever sits here.
Invariant: what counts is the profile in the log itself, whatever the log says of how it was trusted there.
"""

from __future__ import annotations

import hashlib

import msgspec

from cockpit.profile.executing import executions
from cockpit.run.events import RunStarted
from cockpit.session.trust_digest import Executed, hidden_in
from cockpit.session.trust_memory import remembered
from cockpit.session.trust_policy import policy

_TAG = b"cockpit-run-profile-v1\n"


def executed_by(started: RunStarted) -> Executed:
    """What a run may execute, by its log alone."""
    content = msgspec.json.encode((started.profile, sorted(started.files.items())))
    return Executed(
        profile=started.profile.id,
        environment=started.profile.environment,
        production=started.profile.production,
        digest=hashlib.sha256(_TAG + content).hexdigest(),
        executions=executions(started.profile, hidden_in(started.profile)),
        files=started.files,
    )


def objection(run: str, started: RunStarted) -> str:
    """Why no keeper may be started here for a foreign run, one sentence; empty if one may. Raises TrustError."""
    if policy().first_use == "note":
        return ""
    done = executed_by(started)
    if remembered(done.profile, done.environment).of(done.digest) is not None:
        return ""
    return f"the run {run} was begun elsewhere, and nobody here has confirmed what its profile executes"
