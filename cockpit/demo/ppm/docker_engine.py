"""A stand-in of Docker's engine on a Unix socket, for the real `docker`: images, containers, their logs, nothing else.

What runs in a container is PPM's application of the stand-in: the container that is up is what serves. A name and a
published port belong to one container at a time, as they do there.
"""

from __future__ import annotations

import json
import socketserver
import struct
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from cockpit.demo.ppm.hosting import Deployment, Hosting

NAME, IMAGE, PORT = "ppm-backend", "ppm-backend", "8000"


class Container(Struct):
    """One container."""

    deployment: Deployment
    name: str
    image: str
    ports: tuple[str, ...] = ()
    is_running: bool = False


class DockerEngine:
    """Listens from its making until `close`."""

    def __init__(self, hosting: Hosting, socket_path: Path) -> None:
        self._hosting = hosting
        self.containers: list[Container] = []
        self.images: set[str] = set()
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                raw = self._body()
                url = urlsplit(self.path)
                query = {name: found[-1] for name, found in parse_qs(url.query).items()}
                path = [part for part in url.path.split("/") if part]
                path = path[1:] if path and path[0].startswith("v1.") else path
                status, content = engine.answer(self.command, path, query, raw)
                self.send_response(status)
                self.send_header("Api-Version", "1.43")
                self.send_header("OSType", "linux")
                self.send_header("Content-Length", str(len(content)))
                if content[:1] in (b"{", b"["):
                    self.send_header("Content-Type", "application/json")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_POST = do_DELETE = do_HEAD = do_GET

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                found = b""
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    found += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return found

            def address_string(self) -> str:
                return "docker"

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = _Quiet(str(socket_path), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="docker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def run_before(self, release: str, env: dict[str, str]) -> None:
        """The container that runs before the deployment."""
        self.images.add(f"{IMAGE}:{release}")
        container = self._create(NAME, f"{IMAGE}:{release}", env, (PORT,))
        self._start(container)

    def answer(self, method: str, path: list[str], query: dict[str, str], raw: bytes) -> tuple[int, bytes]:
        """One request of docker's."""
        match [method, *path]:
            case ["GET" | "HEAD", "_ping"]:
                return 200, b"OK"
            case ["GET", "version"]:
                return 200, _json({"Version": "stand-in", "ApiVersion": "1.43", "MinAPIVersion": "1.24", "Os": "linux"})
            case ["GET", "info"]:
                return 200, _json({"Name": "stand-in", "OSType": "linux"})
            case ["POST", "build"]:
                self.images.add(query["t"])
                return 200, _json({"stream": f"Successfully tagged {query['t']}\n"})
            case ["GET", "images", name, "json"]:
                return (
                    (200, _json({"Id": name, "RepoTags": [name]})) if name in self.images else _missing("image", name)
                )
            case ["POST", "images", "create"]:
                return _missing("image", query.get("fromImage", ""))
            case ["POST", "containers", "create"]:
                return self._created(query.get("name", ""), json.loads(raw))
            case ["GET", "containers", "json"]:
                return 200, _json([self._told(each) for each in self.containers if each.is_running or "all" in query])
        if path[:1] == ["containers"] and len(path) > 1:
            return self._on_container(method, path[1], path[2:], query)
        return 404, _json({"message": f"the stand-in does not know {method} /{'/'.join(path)}"})

    def _on_container(self, method: str, name: str, rest: list[str], query: dict[str, str]) -> tuple[int, bytes]:
        container = self.container(name)
        if container is None:
            return _missing("container", name)
        match [method, *rest]:
            case ["GET", "json"]:
                return 200, _json(self._told(container))
            case ["POST", "start"] if container.is_running:
                return 304, b""
            case ["POST", "start"]:
                taken = any(set(each.ports) & set(container.ports) for each in self.containers if each.is_running)
                if taken:
                    said = f"driver failed: Bind for 0.0.0.0:{PORT} failed: port is already allocated"
                    return 500, _json({"message": said})
                self._start(container)
                return 204, b""
            case ["POST", "stop"]:
                container.is_running = False
                if self._hosting.serving is container.deployment:
                    self._hosting.serving = None
                return 204, b""
            case ["POST", "rename"]:
                if self.container(query["name"]) is not None:
                    return 409, _json({"message": f"the name {query['name']} is in use"})
                container.name = query["name"]
                return 204, b""
            case ["GET", "logs"]:
                return 200, b"".join(_frame(line) for line in container.deployment.log)
            case ["DELETE"]:
                if container.is_running:
                    return 409, _json({"message": "you cannot remove a running container"})
                self.containers.remove(container)
                return 204, b""
        return 404, _json({"message": f"the stand-in does not know {method} {rest}"})

    def container(self, name: str) -> Container | None:
        """By name or id."""
        name = name.removeprefix("/")
        return next((each for each in self.containers if name in (each.name, each.deployment.id)), None)

    def _created(self, name: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        image = str(asked["Image"])
        tagged = image if ":" in image else f"{image}:latest"
        if tagged not in self.images:
            return _missing("image", image)
        if name and self.container(name) is not None:
            said = f'Conflict. The container name "/{name}" is already in use'
            return 409, _json({"message": said})
        env = dict(pair.split("=", 1) for pair in asked.get("Env") or [])
        bindings = (asked.get("HostConfig") or {}).get("PortBindings") or {}
        ports = tuple(each["HostPort"] for found in bindings.values() for each in found)
        container = self._create(name, tagged, env, ports)
        return 201, _json({"Id": container.deployment.id, "Warnings": []})

    def _create(self, name: str, image: str, env: dict[str, str], ports: tuple[str, ...]) -> Container:
        deployment = Deployment(f"{len(self.containers):064x}", image.partition(":")[2], env)
        self._hosting.deployments.append(deployment)
        container = Container(deployment, name or f"unnamed_{len(self.containers)}", image, ports)
        self.containers.append(container)
        return container

    def _start(self, container: Container) -> None:
        container.is_running = True
        self._hosting.on_start(container.deployment)
        self._hosting.serving = container.deployment

    def _told(self, container: Container) -> dict[str, object]:
        state = "running" if container.is_running else "exited"
        return {
            "Id": container.deployment.id,
            "Name": f"/{container.name}",
            "Names": [f"/{container.name}"],
            "Image": container.image,
            "State": {"Status": state, "Running": container.is_running},
            "Config": {"Image": container.image, "Tty": False},
        }


class _Quiet(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that are killed are meant."""


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def _missing(what: str, name: str) -> tuple[int, bytes]:
    return 404, _json({"message": f"No such {what}: {name}"})


def _frame(line: str) -> bytes:
    """A line as docker's multiplexed streams carry it."""
    content = f"{line}\n".encode()
    return struct.pack(">BxxxL", 1, len(content)) + content
