"""The scheduler's host: a container engine that stands in, with one old version running."""

from __future__ import annotations

from cockpit.demo import docker_engine
from cockpit.demo.docker_engine import Container, Image

NAME = "scheduler-host"
RUNNING = "scheduler-api"
OLD_IMAGE, NEW_IMAGE = "scheduler-api:0.9.0", "scheduler-api:1.0.0"

__all__ = ["NAME", "NEW_IMAGE", "OLD_IMAGE", "RUNNING", "Container", "Engine", "Image"]


class Engine(docker_engine.Engine):
    """Listens from its making until `close`."""

    def __init__(self, old_env: dict[str, str]) -> None:
        """`old_env`: of the version that runs."""
        super().__init__(NAME)
        self.run(RUNNING, Image(OLD_IMAGE, env=("NODE_ENV=production",)), old_env)

    def running(self, name: str = RUNNING) -> Container | None:
        """The container of a name, if it runs."""
        found = self.container(name)
        return found if found is not None and found.is_running else None
