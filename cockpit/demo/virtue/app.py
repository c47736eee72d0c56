"""The application of the virtue system, as a stand-in: what answers over HTTP follows the cluster and the database.

Each ready pod holds connections to the database and works as its image does: the old version knows sponsors, the new
one coaches and organizations, and each fails on the other's schema. Without a ready pod everything is 503, as from an
ingress. Beside it stand the monitoring, whose figures are set by the test, and webhooks, which answer whatever the
application does.
"""

from __future__ import annotations

import threading
from typing import Any

import psycopg

from cockpit.demo.kube.cluster import Cluster
from cockpit.demo.serving import Answer, Asked, Server

OLD_IMAGE, NEW_IMAGE = "virtue-app:previous-stable", "virtue-app:organizational-model-v1.0"
CONNECTIONS_PER_POD = 2
PASSWORD = "a-test-password-1"
FIGURES = {
    "login_success_percent": 99.4,
    "response_ms": 240.0,
    "error_percent": 0.2,
    "database_cpu_percent": 34.0,
    "active_users": 118.0,
    "support_tickets": 3.0,
}
_SYNC_S = 0.1


class App:
    """The application and its monitoring on two loopback ports. Threads are daemons: they die with the process."""

    def __init__(self, cluster: Cluster, dsn: str) -> None:
        self.cluster, self._dsn = cluster, dsn
        self.figures = dict(FIGURES)
        self.log_lines: list[str] = []
        """What every pod has in its log."""
        self.broken = False
        """Everything is answered with 500, as by an application that is completely inaccessible."""
        self._lock = threading.Lock()
        self._pods: dict[str, list[psycopg.Connection[Any]]] = {}
        self._ending = threading.Event()
        self._app = Server(self._answer)
        self._beside = Server(self._beside_answer)
        self.url, self.metrics_url = self._app.url, f"{self._beside.url}/api/metrics"
        self.sent: dict[str, list[dict[str, Any]]] = {"mail": [], "alert": []}
        """What webhooks were sent, by the last part of their path."""
        self._sync()
        self._syncing = threading.Thread(target=self._keep_synced, name="virtue-app", daemon=True)
        self._syncing.start()

    def close(self) -> None:
        """Stop answering and let go of the database."""
        self._ending.set()
        self._syncing.join()
        self._app.close()
        self._beside.close()
        for connections in self._pods.values():
            for connection in connections:
                connection.close()

    def webhook(self, name: str) -> str:
        """Where messages of this name are taken."""
        return f"{self._beside.url}/hooks/{name}"

    def log_of(self, pod: str) -> str:
        """A pod's log."""
        return "".join(f"{line}\n" for line in [f"{pod} serves", *self.log_lines])

    # ---- pods hold connections -----------------------------------------------------------------------------------

    def _keep_synced(self) -> None:
        while not self._ending.wait(_SYNC_S):
            self._sync()

    def _sync(self) -> None:
        there = self.cluster.pods(ready=False)
        with self._lock:
            for pod in [pod for pod in self._pods if pod not in there]:
                for connection in self._pods.pop(pod):
                    connection.close()
            for pod in there:
                held = [each for each in self._pods.setdefault(pod, []) if not each.closed]
                try:
                    held += [self._connect() for _ in range(CONNECTIONS_PER_POD - len(held))]
                except psycopg.OperationalError as error:  # too many connections, or the server is away: try again
                    self.log_lines.append(f"ERROR {str(error).splitlines()[0]}")
                self._pods[pod] = held

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._dsn, autocommit=True, application_name="virtue-app", connect_timeout=2)

    # ---- answers -------------------------------------------------------------------------------------------------

    def _answer(self, asked: Asked) -> Answer:
        image = next(iter(self.cluster.pods().values()), "")
        if not image:
            return Answer(503, {"error": "no healthy upstream"})
        if self.broken:
            return Answer(500, {"error": "internal"})
        config, flags = self.cluster.data("app-config"), self.cluster.data("feature-flags")
        is_closed = config["MAINTENANCE_MODE"] == "true"
        is_new = image == NEW_IMAGE
        try:
            if asked.path == "/api/health":
                self._one("select 1")
                shown = {name: value == "true" for name, value in sorted(flags.items())} if is_new else {}
                told = {"status": "ok", "version": image.split(":")[1], "maintenance": is_closed, "features": shown}
                return Answer(200, told)
            if is_closed:
                return Answer(503, {"error": "maintenance"})
            if asked.path == "/api/auth/signin" and asked.method == "POST":
                return self._sign_in(asked.json)
            return self._dashboard(asked.path, asked.bearer, is_new, flags)
        except psycopg.Error as error:
            self.log_lines.append(f"ERROR {str(error).splitlines()[0]}")
            return Answer(500, {"error": "internal"})

    def _beside_answer(self, asked: Asked) -> Answer:
        if asked.method == "POST":
            self.sent[asked.path.rsplit("/", 1)[-1]].append(asked.json)
            return Answer(200, {})
        return Answer(200, dict(self.figures))

    def _sign_in(self, given: dict[str, str]) -> Answer:
        row = self._one("select id::text, role from profiles where email = %s", given.get("email", ""))
        if row is None or given.get("password") != PASSWORD:
            return Answer(401, {"error": "wrong email or password"})
        return Answer(200, {"token": f"token-{given['email']}", "role": row[1]})

    def _dashboard(self, path: str, token: str, is_new: bool, flags: dict[str, str]) -> Answer:
        email = token.removeprefix("token-")
        row = self._one("select id::text, role from profiles where email = %s", email)
        if row is None:
            return Answer(401, {"error": "no valid token"})
        profile, role = row
        if path == "/api/practitioner/dashboard":
            count = self._one("select count(*) from virtue_progress where practitioner_id = %s", profile)
            return Answer(200, {"role": role, "progress": count[0] if count else 0})
        supervisor, flag = ("coach", "ORGANIZATIONAL_COACH") if is_new else ("sponsor", "")
        if path == f"/api/{supervisor}/dashboard":
            if flag and "true" not in (flags.get(flag), flags.get("ORGANIZATIONAL_MODEL")):
                return Answer(403, {"error": f"{flag} is off"})
            if role != supervisor:
                return Answer(403, {"error": f"{role} is no {supervisor}"})
            column = "supervisor_id" if is_new else "sponsor_id"
            query = f"select count(*) from practitioner_assignments where {column} = %s"
            count = self._one(query, profile)
            return Answer(200, {"role": role, "practitioners": count[0] if count else 0})
        if path == "/api/organization" and is_new:
            if "true" not in (flags.get("ORGANIZATIONAL_ADMIN"), flags.get("ORGANIZATIONAL_MODEL")):
                return Answer(403, {"error": "ORGANIZATIONAL_ADMIN is off"})
            found = self._one("select o.name from organizations o join profiles p on p.organization_id = o.id limit 1")
            return Answer(200, {"organization": found[0]}) if found else Answer(404, {"error": "no organization"})
        return Answer(404, {"error": "not found"})

    def _one(self, query: str, *params: str) -> tuple[Any, ...] | None:
        """The first row, through the connection of any pod."""
        with self._lock:
            held = [each for connections in self._pods.values() for each in connections if not each.closed]
            if not held:
                raise psycopg.OperationalError("no connection to the database")
            found: tuple[Any, ...] | None = held[0].execute(query.encode(), params or None).fetchone()
            return found
