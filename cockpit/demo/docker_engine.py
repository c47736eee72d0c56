"""A container engine that stands in: what the real `docker` client needs of the Engine API, and nothing is isolated.

Images are read from the Dockerfile that a build sends (`USER`, `ENV` and `HEALTHCHECK`, nothing is run); a container
that runs is an entry here, and what it serves is the business of the stand-in system that starts the engine. A name and
a published port belong to one container at a time, as they do there. What is asked and answered: the Engine API's
reference, version 1.47.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import re
import struct
import tarfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from cockpit.demo.serving import Answer, Asked, Server

API = "1.47"
HOST_MEMORY = 16 * 2**30


@dataclass
class Image:
    """What a Dockerfile says of a container."""

    tag: str
    user: str = ""
    env: tuple[str, ...] = ()
    health_check: str = ""
    """The shell command of its health check; empty if it has none."""
    digest: str = ""
    """Of what it was built from."""

    @property
    def id(self) -> str:
        """As docker writes it."""
        return f"sha256:{self.digest or hashlib.sha256(self.tag.encode()).hexdigest()}"


@dataclass
class Container:
    """One container, running or not."""

    id: str
    name: str
    image: Image
    env: dict[str, str]
    user: str = ""
    memory: int = 0
    nano_cpus: int = 0
    ports: tuple[str, ...] = ()
    """Of the host, published."""
    state: str = "created"
    exit_code: int = 0
    ends_gracefully: bool = True
    """Whether it ends by itself when it is asked to; else it is killed after its time."""
    labels: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self.state == "running"


def _nothing(container: Container) -> None:
    """What starts and stops where nobody listens."""


class Engine:
    """The engine on a loopback port. `docker` finds it by `DOCKER_HOST`."""

    def __init__(
        self,
        name: str,
        *,
        on_start: Callable[[Container], None] = _nothing,
        on_stop: Callable[[Container], None] = _nothing,
        is_healthy: Callable[[str], bool] = bool,
    ) -> None:
        """`name`: of the host. `is_healthy` runs the command of a health check."""
        self._name, self._on_start, self._on_stop, self._is_healthy = name, on_start, on_stop, is_healthy
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self.images: dict[str, Image] = {}
        self.containers: dict[str, Container] = {}
        self.memory_share = 0.31
        """How much of its limit every container uses."""
        self._server = Server(self._answer)
        self.host = f"tcp://127.0.0.1:{self._server.port}"

    def close(self) -> None:
        """Answer nothing more."""
        self._server.close()

    def run(self, name: str, image: Image, env: dict[str, str], ports: tuple[str, ...] = ()) -> Container:
        """A container that runs already."""
        with self._lock:
            self.images[image.tag] = image
            container = self._add(name, image, env)
            container.ports = ports
            self._start(container)
        return container

    def container(self, name: str) -> Container | None:
        """By name or id."""
        with self._lock:
            return next((each for each in self.containers.values() if name in (each.id, each.name)), None)

    def seen(self) -> list[tuple[str, str, str]]:
        """Name, image and state of every container, for tests that compare."""
        with self._lock:
            return sorted((each.name, each.image.tag, each.state) for each in self.containers.values())

    # ---- the API -------------------------------------------------------------------------------------------------

    def _answer(self, request: Asked) -> Answer:
        path = re.sub(r"^/v[0-9.]+", "", request.path)
        with self._lock:
            if path == "/_ping":
                headers = {"Api-Version": API, "Ostype": "linux", "Builder-Version": "1", "Content-Type": "text/plain"}
                return Answer(200, b"OK", headers)
            if path == "/info":
                told = {"Name": self._name, "ID": self._name, "OSType": "linux", "MemTotal": HOST_MEMORY, "NCPU": 4}
                return Answer(200, told)
            if path == "/version":
                return Answer(200, {"Version": "stand-in", "ApiVersion": API, "MinAPIVersion": "1.24", "Os": "linux"})
            if path == "/build":
                return self._build(request)
            if path == "/images/create":
                return _no("image", request.query.get("fromImage", ""))
            if match := re.fullmatch(r"/images/(.+)/json", path):
                return self._image(unquote(match[1]))
            if match := re.fullmatch(r"/images/(.+)", path):
                return self._remove_image(unquote(match[1]))
            if path == "/containers/create":
                return self._create(request)
            if match := re.fullmatch(r"/containers/([^/]+)(?:/(\w+))?", path):
                return self._on_container(request, match[1], match[2] or "")
            return Answer(404, {"message": f"the stand-in has no {request.method} {path}"})

    def _build(self, request: Asked) -> Answer:
        tag = _tagged(request.query.get("t", ""))
        with tarfile.open(fileobj=io.BytesIO(request.body)) as context:
            found = context.extractfile(request.query.get("dockerfile", "Dockerfile"))
            text = found.read().decode() if found else ""
        lines = re.sub(r"\\\n\s*", "", text).splitlines()
        words = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
        user = next((rest for word, rest in reversed(words) if word == "USER"), "")
        env = tuple(rest for word, rest in words if word == "ENV")
        check = next((rest.partition("CMD ")[2] for word, rest in reversed(words) if word == "HEALTHCHECK"), "")
        self.images[tag] = Image(tag, user, env, check, hashlib.sha256(request.body).hexdigest())
        said = [{"stream": f"Step {n}/{len(lines)} : {line}\n"} for n, line in enumerate(lines, 1)]
        said += [{"stream": f"Successfully tagged {tag}\n"}]
        return Answer(200, "".join(json.dumps(each) + "\r\n" for each in said).encode())

    def _image(self, tag: str) -> Answer:
        image = self.images.get(_tagged(tag))
        if image is None:
            return _no("image", tag)
        config = {"User": image.user, "Env": list(image.env)}
        return Answer(200, {"Id": image.id, "RepoTags": [image.tag], "Config": config, "Os": "linux"})

    def _remove_image(self, tag: str) -> Answer:
        if self.images.pop(_tagged(tag), None) is None:
            return _no("image", tag)
        return Answer(200, [{"Untagged": tag}])

    def _create(self, request: Asked) -> Answer:
        given: dict[str, Any] = request.json
        name, tag = request.query.get("name", ""), str(given["Image"])
        if name and self.container(name) is not None:
            return _taken(name)
        image = self.images.get(_tagged(tag))
        if image is None:
            return _no("image", tag)
        env = dict(each.partition("=")[::2] for each in given.get("Env") or [])
        container = self._add(name, image, env)
        host = given.get("HostConfig") or {}
        container.user = str(given.get("User") or "") or image.user
        container.memory, container.nano_cpus = host.get("Memory", 0), host.get("NanoCpus", 0)
        bindings = host.get("PortBindings") or {}
        container.ports = tuple(str(each["HostPort"]) for found in bindings.values() for each in found)
        return Answer(201, {"Id": container.id, "Warnings": []})

    def _add(self, name: str, image: Image, env: dict[str, str]) -> Container:
        number = next(self._numbers)
        container = Container(f"{number:064x}", name or f"unnamed_{number}", image, env, user=image.user)
        self.containers[container.id] = container
        return container

    def _start(self, container: Container) -> None:
        container.state, container.exit_code = "running", 0
        self._on_start(container)

    def _stop(self, container: Container) -> None:
        container.state, container.exit_code = "exited", 0 if container.ends_gracefully else 137
        self._on_stop(container)

    def _on_container(self, request: Asked, name: str, what: str) -> Answer:
        container = self.container(name)
        if container is None:
            return _no("container", name)
        if request.method == "DELETE":
            return self._remove(container, by_force=request.query.get("force") == "1")
        if what == "start":
            return self._started(container)
        if what == "stop":
            if not container.is_running:
                return Answer(304)
            self._stop(container)
            return Answer(204)
        if what == "wait":
            return Answer(200, {"StatusCode": container.exit_code})
        if what == "rename":
            if self.container(request.query["name"]) is not None:
                return _taken(request.query["name"])
            container.name = request.query["name"]
            return Answer(204)
        return self._look(container, what)

    def _remove(self, container: Container, *, by_force: bool) -> Answer:
        if container.is_running and not by_force:
            return Answer(409, {"message": f"container {container.name} is running: stop it first, or force"})
        if container.is_running:
            self._stop(container)
        del self.containers[container.id]
        return Answer(204)

    def _started(self, container: Container) -> Answer:
        if container.is_running:
            return Answer(304)
        taken = {port for each in self.containers.values() if each.is_running for port in each.ports}
        for port in sorted(taken & set(container.ports)):
            said = f"driver failed: Bind for 0.0.0.0:{port} failed: port is already allocated"
            return Answer(500, {"message": said})
        self._start(container)
        return Answer(204)

    def _look(self, container: Container, what: str) -> Answer:
        if what == "json":
            return Answer(200, self._told(container))
        if what == "logs":
            return Answer(200, b"".join(map(_frame, container.log)), {"Content-Type": "application/octet-stream"})
        if what == "top" and container.is_running:
            uid = {"": "0", "root": "0", "node": "1000"}.get(container.user, container.user)
            return Answer(200, {"Titles": ["UID", "PID", "CMD"], "Processes": [[uid, "4711", "node dist/main.js"]]})
        if what == "stats":
            return Answer(200, self._used(container))
        return Answer(409, {"message": f"container {container.name} is not running"})

    def _told(self, container: Container) -> dict[str, object]:
        state: dict[str, object] = {
            "Status": container.state,
            "Running": container.is_running,
            "ExitCode": container.exit_code,
        }
        if container.image.health_check and container.is_running:
            state["Health"] = {
                "Status": "healthy" if self._is_healthy(container.image.health_check) else "unhealthy",
            }
        return {
            "Id": container.id,
            "Name": f"/{container.name}",
            "Image": container.image.id,
            "State": state,
            "Config": {"Image": container.image.tag, "User": container.user, "Tty": False},
            "HostConfig": {"Memory": container.memory, "NanoCpus": container.nano_cpus},
        }

    def _used(self, container: Container) -> dict[str, object]:
        limit = container.memory or HOST_MEMORY
        used = int(self.memory_share * (container.memory or 512 * 2**20)) if container.is_running else 0
        cpu = {"cpu_usage": {"total_usage": 1}, "system_cpu_usage": 1, "online_cpus": 4}
        return {
            "id": container.id,
            "name": f"/{container.name}",
            "memory_stats": {"usage": used, "limit": limit, "stats": {}},
            "pids_stats": {"current": 1},
            "cpu_stats": cpu,
            "precpu_stats": cpu,
        }


def _tagged(tag: str) -> str:
    return tag if ":" in tag else f"{tag}:latest"


def _no(what: str, name: str) -> Answer:
    return Answer(404, {"message": f"No such {what}: {name}"})


def _taken(name: str) -> Answer:
    return Answer(409, {"message": f'Conflict. The container name "/{name}" is already in use.'})


def _frame(line: str) -> bytes:
    """A line as docker's multiplexed streams carry it."""
    content = f"{line}\n".encode()
    return struct.pack(">BxxxL", 1, len(content)) + content
