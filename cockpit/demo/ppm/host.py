"""PPM's host with containers: the shared stand-in of docker's engine, where the container that is up is what serves.

What its images have is what slim images of Python have: a shell and Python, no curl. A health check is run for real,
and with nothing else in reach.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from cockpit.demo.docker_engine import Container, Engine, Image
from cockpit.demo.ppm.hosting import Deployment, Hosting

NAME = IMAGE = "ppm-backend"
PORT = "8000"


class DockerHost:
    """Listens from its making until `close`."""

    def __init__(self, hosting: Hosting, folder: Path, app_url: str) -> None:
        """`app_url`: where the application answers that is published on port 8000."""
        self._hosting, self._app_url = hosting, app_url
        self._programs = folder / "image_bin"
        self._programs.mkdir()
        for name, program in (("sh", shutil.which("sh")), ("python", sys.executable)):
            (self._programs / name).symlink_to(program or name)
        self._deployments: dict[str, Deployment] = {}
        self.engine = Engine("ppm-host", on_start=self._start, on_stop=self._stop, is_healthy=self._is_healthy)
        self.address = self.engine.host

    def close(self) -> None:
        """Answer no longer."""
        self.engine.close()

    def run_before(self, release: str, env: dict[str, str]) -> None:
        """The container that runs before the deployment."""
        self.engine.run(NAME, Image(f"{IMAGE}:{release}"), env, (PORT,))

    def install(self, program: str) -> None:
        """Have a program in every image."""
        (self._programs / program).symlink_to(shutil.which(program) or program)

    def _start(self, container: Container) -> None:
        release = container.image.tag.partition(":")[2]
        deployment = Deployment(container.id, release, container.env, container.log)
        self._deployments[container.id] = deployment
        self._hosting.deployments.append(deployment)
        self._hosting.on_start(deployment)
        if PORT in container.ports:
            self._hosting.serving = deployment

    def _stop(self, container: Container) -> None:
        if self._hosting.serving is self._deployments[container.id]:
            self._hosting.serving = None

    def _is_healthy(self, check: str) -> bool:
        command = check.replace(f"http://localhost:{PORT}", self._app_url)
        env = {"PATH": str(self._programs)}
        return subprocess.run(["/bin/sh", "-c", command], env=env, check=False, capture_output=True).returncode == 0
