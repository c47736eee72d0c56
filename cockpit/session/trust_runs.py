"""Whether a run that somebody else began, or that began on another host, may be executed from here.

Its profile comes out of its log, and a keeper that is started here runs it with the hands of whoever sits here. Invariant:
what counts is the profile in the log itself, whatever the log says of how it was trusted there.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from cockpit.audit.layout import log_path
from cockpit.audit.tail import Tail
from cockpit.errors import LogError
from cockpit.profile.executing import executions
from cockpit.run.events import Event, RunStarted
from cockpit.session.identity import account
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


def foreign(run_dir: Path) -> RunStarted | None:
    """How a run began, if another user or another host began it; None if it began here, or never."""
    first = _first(run_dir)
    if first is None or not isinstance(first.body, RunStarted):
        return None
    here = account()
    return None if (first.actor.user, first.actor.host) == (here.user, here.host) else first.body


def objection(run_dir: Path) -> str:
    """Why no keeper may be started here for a run, one sentence; empty if one may. Raises TrustError."""
    started = foreign(run_dir)
    if started is None or policy().first_use == "note":
        return ""
    done = executed_by(started)
    if remembered(done.profile, done.environment).of(done.digest) is not None:
        return ""
    return f"the run {run_dir.name} was begun elsewhere, and nobody here has confirmed what its profile executes"


def _first(run_dir: Path) -> Event | None:
    try:
        tail = Tail(log_path(run_dir), is_waited_for=False)
    except (LogError, OSError):
        return None
    try:
        entries = tail.read()
        return entries[0].event if entries else None
    except (LogError, OSError):
        return None
    finally:
        tail.close()
