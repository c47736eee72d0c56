"""What a stand-in needs of this host and does not find: named before anything is started, with where to get it."""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec import Struct

from cockpit.demo import postgres_server
from cockpit.demo.standing import Kind

_WHERE = {
    "curl": "your distribution has it: apt install curl",
    "docker": "https://docs.docker.com/engine/install/",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
    "npm": "https://nodejs.org/en/download",
}
"""Where programs come from that stand-ins need."""


class Obstacle(Struct, frozen=True):
    """What is missing, and what to do."""

    what: str
    instead: str


def obstacle(kind: Kind, data_path: Path) -> Obstacle | None:
    """The first thing that is missing; None if the system can be started."""
    for program in kind.programs:
        if shutil.which(program) is None:
            return Obstacle(f"there is no `{program}` on PATH", f"install it: {_WHERE.get(program, program)}")
    if why := postgres_server.obstacle(data_path):
        return Obstacle(f"it needs PostgreSQL, and {why}", "install it: pip install 'cockpit[demo]'")
    return None
