"""A container engine that stands in: what the real `docker` client needs of the Engine API, and nothing is isolated.

Images are read from the Dockerfile that a build sends (`USER` and `ENV`, nothing is run); a container that runs is an
entry here, and the application serves what its image and its environment say. What is asked and answered: the Engine
API's reference, version 1.47.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import tarfile
import threading
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote

from cockpit.demo.serving import Answer, Asked, Server

NAME = "scheduler-host"
API = "1.47"
HOST_MEMORY = 16 * 2**30
RUNNING = "scheduler-api"
OLD_IMAGE, NEW_IMAGE = "scheduler-api:0.9.0", "scheduler-api:1.0.0"


@dataclass
class Image:
    """What a Dockerfile says of a container."""

    tag: str
    user: str = ""
    env: tuple[str, ...] = ()


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
    state: str = "created"
    exit_code: int = 0
    ends_gracefully: bool = True
    """Whether it ends by itself when it is asked to; else it is killed after its time."""
    labels: dict[str, str] = field(default_factory=dict)


class Engine:
    """The engine on a loopback port, with one old version running. `docker` finds it by `DOCKER_HOST`."""

    def __init__(self, old_env: dict[str, str]) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self.images = {OLD_IMAGE: Image(OLD_IMAGE, user="", env=("NODE_ENV=production",))}
        self.containers: dict[str, Container] = {}
        self.memory_share = 0.31
        """How much of its limit every container uses."""
        old = self._add(RUNNING, self.images[OLD_IMAGE], old_env)
        old.state = "running"
        self._server = Server(self._answer)
        self.host = f"tcp://127.0.0.1:{self._server.port}"

    def close(self) -> None:
        """Answer nothing more."""
        self._server.close()

    def running(self, name: str = RUNNING) -> Container | None:
        """The container of a name, if it runs."""
        with self._lock:
            found = next((each for each in self.containers.values() if each.name == name), None)
            return found if found is not None and found.state == "running" else None

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
                return Answer(200, {"Name": NAME, "ID": NAME, "OSType": "linux", "MemTotal": HOST_MEMORY, "NCPU": 4})
            if path == "/version":
                return Answer(200, {"Version": "stand-in", "ApiVersion": API, "MinAPIVersion": "1.24", "Os": "linux"})
            if path == "/build":
                return self._build(request)
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
        tag = request.query.get("t", "")
        with tarfile.open(fileobj=io.BytesIO(request.body)) as context:
            found = context.extractfile(request.query.get("dockerfile", "Dockerfile"))
            lines = found.read().decode().splitlines() if found else []
        words = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
        user = next((rest for word, rest in reversed(words) if word == "USER"), "")
        env = tuple(rest for word, rest in words if word == "ENV")
        self.images[tag] = Image(tag, user, env)
        said = [{"stream": f"Step {n}/{len(lines)} : {line}\n"} for n, line in enumerate(lines, 1)]
        said += [{"stream": f"Successfully tagged {tag}\n"}]
        return Answer(200, "".join(json.dumps(each) + "\r\n" for each in said).encode())

    def _image(self, tag: str) -> Answer:
        image = self.images.get(tag)
        if image is None:
            return Answer(404, {"message": f"No such image: {tag}"})
        config = {"User": image.user, "Env": list(image.env)}
        return Answer(200, {"Id": f"sha256:{tag}", "RepoTags": [tag], "Config": config, "Os": "linux"})

    def _remove_image(self, tag: str) -> Answer:
        if self.images.pop(tag, None) is None:
            return Answer(404, {"message": f"No such image: {tag}"})
        return Answer(200, [{"Untagged": tag}])

    def _create(self, request: Asked) -> Answer:
        given = cast("dict[str, object]", json.loads(request.body))
        name, tag = request.query.get("name", ""), str(given["Image"])
        if any(each.name == name for each in self.containers.values()):
            return Answer(409, {"message": f'Conflict. The container name "/{name}" is already in use.'})
        if tag not in self.images:
            return Answer(404, {"message": f"No such image: {tag}"})
        env = dict(each.partition("=")[::2] for each in cast("list[str]", given.get("Env") or []))
        container = self._add(name, self.images[tag], env)
        limits = cast("dict[str, int]", given.get("HostConfig") or {})
        container.user = str(given.get("User") or "") or container.image.user
        container.memory, container.nano_cpus = limits.get("Memory", 0), limits.get("NanoCpus", 0)
        return Answer(201, {"Id": container.id, "Warnings": []})

    def _add(self, name: str, image: Image, env: dict[str, str]) -> Container:
        container = Container(f"{next(self._numbers):064x}", name, image, env, user=image.user)
        self.containers[container.id] = container
        return container

    def _on_container(self, request: Asked, name: str, what: str) -> Answer:
        container = next((each for each in self.containers.values() if name in (each.id, each.name)), None)
        if container is None:
            return Answer(404, {"message": f"No such container: {name}"})
        if request.method == "DELETE":
            if container.state == "running" and request.query.get("force") != "1":
                return Answer(409, {"message": f"container {name} is running: stop it first, or force"})
            del self.containers[container.id]
            return Answer(204)
        if what == "start":
            container.state, container.exit_code = "running", 0
            return Answer(204)
        if what == "stop":
            if container.state != "running":
                return Answer(304)
            container.state, container.exit_code = "exited", 0 if container.ends_gracefully else 137
            return Answer(204)
        if what == "wait":
            return Answer(200, {"StatusCode": container.exit_code})
        if what == "rename":
            return self._rename(container, request.query["name"])
        return self._look(container, what)

    def _rename(self, container: Container, name: str) -> Answer:
        if any(each.name == name for each in self.containers.values()):
            return Answer(409, {"message": f'Conflict. The container name "/{name}" is already in use.'})
        container.name = name
        return Answer(204)

    def _look(self, container: Container, what: str) -> Answer:
        is_running = container.state == "running"
        if what == "json":
            state = {"Status": container.state, "Running": is_running, "ExitCode": container.exit_code}
            return Answer(
                200,
                {
                    "Id": container.id,
                    "Name": f"/{container.name}",
                    "Image": f"sha256:{container.image.tag}",
                    "State": state,
                    "Config": {"Image": container.image.tag, "User": container.user},
                    "HostConfig": {"Memory": container.memory, "NanoCpus": container.nano_cpus},
                },
            )
        if what == "top" and is_running:
            uid = {"": "0", "root": "0", "node": "1000"}.get(container.user, container.user)
            return Answer(200, {"Titles": ["UID", "PID", "CMD"], "Processes": [[uid, "4711", "node dist/main.js"]]})
        if what == "stats":
            limit = container.memory or HOST_MEMORY
            used = int(self.memory_share * (container.memory or 512 * 2**20)) if is_running else 0
            memory = {"usage": used, "limit": limit, "stats": {}}
            cpu = {"cpu_usage": {"total_usage": 1}, "system_cpu_usage": 1, "online_cpus": 4}
            told = {
                "id": container.id,
                "name": f"/{container.name}",
                "memory_stats": memory,
                "pids_stats": {"current": 1},
            }
            return Answer(200, {**told, "cpu_stats": cpu, "precpu_stats": cpu})
        return Answer(409, {"message": f"container {container.name} is not running"})
