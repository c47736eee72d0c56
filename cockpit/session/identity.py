"""Who sits here, as the system knows it: the user of the process, the host, and how they came.

Nothing here is asked of the person, and nothing is believed that the person could not also have typed: `via` helps
people to recognise each other, it proves nothing. Signatures do that.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping

from cockpit.run.events import Actor
from cockpit.text import shortened

_LIMIT = 64


def actor(environ: Mapping[str, str] | None = None) -> Actor:
    """The user of the real uid on this host; `via` is like `ssh 192.0.2.7, sudo by ana`."""
    return Actor(user=_user(), host=shortened(os.uname().nodename, _LIMIT), via=_via(environ or os.environ))


def _user() -> str:
    uid = os.getuid()
    try:
        return shortened(pwd.getpwuid(uid).pw_name, _LIMIT)
    except KeyError:  # a container may run as a number without a name
        return str(uid)


def _via(environ: Mapping[str, str]) -> str:
    ways: list[str] = []
    client = (environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or "").split()
    if client:
        ways.append(f"ssh {shortened(client[0], _LIMIT)}")
    sudo_user = environ.get("SUDO_USER", "").strip()
    if sudo_user:
        ways.append(f"sudo by {shortened(sudo_user, _LIMIT)}")
    return ", ".join(ways)
