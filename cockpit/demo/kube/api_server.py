"""HTTP in front of the cluster's stand-in: discovery, objects, patches, watches, logs and metrics, as kubectl asks.

Listens on loopback alone, without TLS, over which kubectl sends no credentials: so it asks for none. Its threads are
daemons: they die with the process.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cockpit.demo.kube.cluster import APPS, PLURALS, ApiError, Cluster, Object
from cockpit.demo.web import LOOPBACK

_OBJECTS = re.compile(
    r"/(?:api/v1|apis/apps/v1|apis/metrics\.k8s\.io/v1beta1)/namespaces/(?P<namespace>[^/]+)"
    r"(?:/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+)(?:/(?P<below>[a-z]+))?)?)?"
)
_VERBS = ["get", "list", "watch", "patch", "update"]


def _resource(name: str, kind: str, **more: Any) -> Object:
    return {"name": name, "singularName": "", "namespaced": name != "namespaces", "kind": kind, "verbs": _VERBS, **more}


def _group(name: str, version: str) -> Object:
    found = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [found], "preferredVersion": found}


_SCALE = {"group": "autoscaling", "version": "v1"}
DISCOVERY: dict[str, Object] = {
    "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0-stand-in", "platform": "linux/amd64"},
    "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group("apps", "v1"), _group("metrics.k8s.io", "v1beta1")],
    },
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            *(_resource(plural, kind) for plural, kind in PLURALS.items()),
            _resource("pods/log", "Pod"),
        ],
    },
    "/apis/apps/v1": {
        "kind": "APIResourceList",
        "groupVersion": "apps/v1",
        "resources": [
            _resource("deployments", "Deployment", shortNames=["deploy"]),
            _resource("deployments/scale", "Scale", **_SCALE),
            _resource("replicasets", "ReplicaSet", shortNames=["rs"]),
        ],
    },
    "/apis/metrics.k8s.io/v1beta1": {
        "kind": "APIResourceList",
        "groupVersion": "metrics.k8s.io/v1beta1",
        "resources": [_resource("pods", "PodMetrics")],
    },
}


class ApiServer:
    """Serves one cluster. `log_of` gives a pod's log, `cpu_of` its millicores."""

    def __init__(
        self,
        cluster: Cluster,
        *,
        log_of: Callable[[str], str] = lambda pod: "",
        cpu_of: Callable[[], int] = lambda: 120,
    ) -> None:
        self.cluster, self.log_of, self.cpu_of = cluster, log_of, cpu_of
        api = self

        class Handler(_Handler):
            server_of = api

        self._server = _Quiet((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="kube-api", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are meant: kubectl ends a watch that way."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: ApiServer

    def do_GET(self) -> None:
        self._answer_or_error(self._get)

    def do_PATCH(self) -> None:
        self._answer_or_error(self._patch)

    def log_message(self, *args: object) -> None:
        """Quiet."""

    @property
    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        return unquote(parts.path), {key: values[0] for key, values in parse_qs(parts.query).items()}

    def _answer_or_error(self, answer: Callable[[], None]) -> None:
        try:
            answer()
        except ApiError as error:
            status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
            self._send({**status, "message": str(error), "reason": error.reason, "code": error.status}, error.status)

    def _get(self) -> None:
        path, query = self._asked
        cluster = self.server_of.cluster
        if path in DISCOVERY:
            self._send(DISCOVERY[path])
            return
        plural, name, below = self._place(path)
        if path.startswith("/apis/metrics"):
            self._send(self._metrics(query))
        elif below == "log":
            self._send_bytes(self._log(name, query), "text/plain")
        elif below == "scale":
            self._send(_scale(cluster.get(plural, name)))
        elif name:
            self._send(cluster.get(plural, name))
        elif query.get("watch") in ("true", "1"):
            self._watch(plural, query)
        else:
            found = _selected(cluster.all(plural), query)
            kind = (PLURALS | APPS)[plural]
            version = "apps/v1" if plural in APPS else "v1"
            meta = {"resourceVersion": str(cluster.version)}
            self._send({"kind": f"{kind}List", "apiVersion": version, "metadata": meta, "items": found})

    def _patch(self) -> None:
        path, query = self._asked
        plural, name, below = self._place(path)
        patch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        dry_run = query.get("dryRun") == "All"
        what = f"scale {plural}/{name} to {patch['spec']['replicas']}" if below == "scale" else ""
        after = self.server_of.cluster.change(
            plural, name, patch, self.headers.get_content_type(), dry_run=dry_run, what=what
        )
        self._send(_scale(after) if below == "scale" else after)

    def _place(self, path: str) -> tuple[str, str, str]:
        """Plural, name and subresource. Raises ApiError for what is not there."""
        match = _OBJECTS.fullmatch(path)
        if match is None or (match["plural"] or "namespaces") not in PLURALS | APPS:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        if match["plural"] is None:
            return "namespaces", match["namespace"], ""
        if match["namespace"] != self.server_of.cluster.namespace:
            raise ApiError(404, "NotFound", f'namespaces "{match["namespace"]}" not found')
        return match["plural"], match["name"] or "", match["below"] or ""

    def _metrics(self, query: dict[str, str]) -> Object:
        pods = _selected(self.server_of.cluster.all("pods"), query)
        usage = {"cpu": f"{self.server_of.cpu_of()}m", "memory": "180Mi"}
        items = [
            {
                "metadata": {
                    "name": pod["metadata"]["name"],
                    "namespace": self.server_of.cluster.namespace,
                    "labels": pod["metadata"]["labels"],
                },
                "timestamp": pod["metadata"]["creationTimestamp"],
                "window": "15s",
                "containers": [{"name": "app", "usage": usage}],
            }
            for pod in pods
        ]
        return {"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}

    def _log(self, pod: str, query: dict[str, str]) -> bytes:
        self.server_of.cluster.get("pods", pod)
        lines = self.server_of.log_of(pod).splitlines(keepends=True)
        return "".join(lines[-int(query.get("tailLines", "1000")) :]).encode()

    def _watch(self, plural: str, query: dict[str, str]) -> None:
        """Tell of every change after a resourceVersion, for the time asked or until the client hangs up."""
        cluster, seen = self.server_of.cluster, int(query.get("resourceVersion") or 0)
        give_up = time.monotonic() + float(query.get("timeoutSeconds", "60"))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        while time.monotonic() < give_up:
            with cluster.changed:
                if cluster.version <= seen:
                    cluster.changed.wait(1.0)
                newest = cluster.version
                new = [o for o in _selected(cluster.all(plural), query) if int(o["metadata"]["resourceVersion"]) > seen]
            for found in new:
                self.wfile.write(json.dumps({"type": "MODIFIED", "object": found}).encode() + b"\n")
            self.wfile.flush()
            seen = newest

    def _send(self, content: Object, status: int = 200) -> None:
        self._send_bytes(json.dumps(content).encode(), "application/json", status)

    def _send_bytes(self, body: bytes, media_type: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _scale(found: Object) -> Object:
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    meta = {key: found["metadata"][key] for key in kept}
    spec, status = {"replicas": found["spec"]["replicas"]}, {"replicas": found["status"].get("replicas", 0)}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}


def _selected(found: list[Object], query: dict[str, str]) -> list[Object]:
    labels = [pair.split("=", 1) for pair in query.get("labelSelector", "").split(",") if "=" in pair]
    fields = dict(pair.split("=", 1) for pair in query.get("fieldSelector", "").split(",") if "=" in pair)
    return [
        each
        for each in found
        if all(each["metadata"].get("labels", {}).get(key) == value.lstrip("=") for key, value in labels)
        and fields.get("metadata.name", each["metadata"]["name"]) == each["metadata"]["name"]
    ]


def kubeconfig(url: str, context: str, namespace: str) -> str:
    """A kubeconfig with `context`, and with another one as the current: who does not name the context is lost."""
    lost = "http://127.0.0.1:9"
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "stand-in", "cluster": {"server": url}},
                {"name": "elsewhere", "cluster": {"server": lost}},
            ],
            "users": [{"name": "operator", "user": {}}],
            "contexts": [
                {"name": context, "context": {"cluster": "stand-in", "user": "operator", "namespace": namespace}},
                {"name": "elsewhere", "context": {"cluster": "elsewhere", "user": "operator"}},
            ],
            "current-context": "elsewhere",
        }
    )
