"""The application of BN-Aura, as a stand-in: it answers by the release that it was started with, and by the database.

Users log in and work under row security, in the database as the role `authenticated`. It begins to serve what `current`
points to when somebody touches `restart.txt`, and not before.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from cockpit.demo.bn_aura.releases import read, restarted_at
from cockpit.demo.serving import Answer, Asked, Server

API_KEY = "sb_publishable_q7ZrT0vLk3xWm9Yc2HsJdA"
NEXT_STATE = {"requested": "scheduled", "scheduled": "in_treatment", "in_treatment": "completed"}
_SYNC_S = 0.1
_EVENTS_S = 2.0
Row = dict[str, Any]


class App:
    """On a loopback port. Threads are daemons: they die with the process."""

    def __init__(self, releases: Path, dsn: str, log_path: Path) -> None:
        self.releases, self._dsn, self._log_path = releases, dsn, log_path
        self.served = read(releases)
        self.broken_releases: set[str] = set()
        """Releases that answer everything with 500."""
        self.is_realtime_down = False
        """Events reach nobody, but through the fallback of a release that has one."""
        self._events: list[Row] = []
        self._told = threading.Condition()
        self._restarted_at = restarted_at(releases)
        self._ending = threading.Event()
        self.log("INFO", f"{self.served.release} serves")
        self._server = Server(self._answer)
        self.url = self._server.url
        self._syncing = threading.Thread(target=self._keep_synced, name="bn-aura-app", daemon=True)
        self._syncing.start()

    def close(self) -> None:
        """Stop answering."""
        self._ending.set()
        self._syncing.join()
        self._server.close()

    def log(self, level: str, text: str) -> None:
        """A line in the application's log."""
        with self._log_path.open("a") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {level} {text}\n")

    def _keep_synced(self) -> None:
        while not self._ending.wait(_SYNC_S):
            if (asked_at := restarted_at(self.releases)) != self._restarted_at:
                self._restarted_at, self.served = asked_at, read(self.releases)
                self.log("INFO", f"{self.served.release} serves")

    # ---- answers -------------------------------------------------------------------------------------------------

    def _answer(self, asked: Asked) -> Answer:
        if self.served.release in self.broken_releases:
            self.log("ERROR", f"{asked.method} {asked.path}: TypeError: broadcaster is not a function")
            return Answer(500, {"error": "internal"})
        try:
            return self._route(asked)
        except psycopg.Error as error:
            self.log("ERROR", f"{asked.method} {asked.path}: {str(error).splitlines()[0]}")
            return Answer(500, {"error": "internal"})

    def _route(self, asked: Asked) -> Answer:
        if asked.path in ("/api/health", "/api/version"):
            broadcaster = {"fallback": self.served.has_fallback}
            return Answer(200, {"status": "ok", "release": self.served.release, "broadcaster": broadcaster})
        if asked.headers.get("apikey") != API_KEY:
            return Answer(401, {"error": "no API key"})
        if asked.path == "/auth/v1/token":
            return self._sign_in(asked)
        with psycopg.connect(self._dsn, row_factory=dict_row, connect_timeout=2) as connection:
            person = _one(connection, "select user_id::text as id from auth.sessions where id::text = %s", asked.bearer)
            if person is None:
                return Answer(401, {"error": "no valid token"})
            claims = json.dumps({"sub": person["id"], "role": "authenticated"})
            connection.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
            connection.execute("set local role authenticated")
            return self._work(asked, connection, person["id"])

    def _work(self, asked: Asked, connection: psycopg.Connection[Row], person: str) -> Answer:
        match asked.method, asked.path:
            case "GET", "/auth/v1/user":
                return Answer(200, {"id": person})
            case "POST", "/api/customers":
                query = """insert into customers (clinic_id, name)
                           values ((select min(clinic_id) from clinic_staff where user_id = auth.uid()), %s)
                           returning id, customer_code"""
                return Answer(201, _one(connection, query, str(asked.json.get("name", ""))))
            case "POST", "/api/workflows":
                query = """insert into workflow_states (clinic_id, customer_id)
                           select clinic_id, id from customers where id::text = %s returning id, state"""
                created = _one(connection, query, str(asked.json.get("customer_id", "")))
                return Answer(201, created) if created else Answer(404, {"error": "no such customer"})
            case "POST", path if path.startswith("/api/workflows/") and path.endswith("/next"):
                return self._move_on(connection, path.split("/")[3])
            case "GET", "/api/events":
                return Answer(
                    200, self._events_of(asked.query.get("workflow", ""), float(asked.query.get("wait", _EVENTS_S)))
                )
        return Answer(404, {"error": "not found"})

    def _sign_in(self, asked: Asked) -> Answer:
        password = sha256(str(asked.json.get("password", "")).encode()).hexdigest()
        with psycopg.connect(self._dsn, row_factory=dict_row, connect_timeout=2) as connection:
            query = "select id from auth.users where email = %s and encrypted_password = %s"
            person = _one(connection, query, str(asked.json.get("email", "")), password)
            if person is None:
                return Answer(400, {"error": "invalid_grant"})
            connection.execute("update auth.users set last_sign_in_at = now() where id = %s", (person["id"],))
            session = _one(connection, "insert into auth.sessions (user_id) values (%s) returning id", person["id"])
        assert session is not None, "an insert without a row"
        return Answer(200, {"access_token": str(session["id"]), "token_type": "bearer"})

    def _move_on(self, connection: psycopg.Connection[Row], workflow: str) -> Answer:
        query = "select id, clinic_id, customer_id, state from workflow_states where id::text = %s for update"
        found = _one(connection, query, workflow)
        if found is None:
            return Answer(404, {"error": "no such workflow"})
        if (state := NEXT_STATE.get(found["state"])) is None:
            return Answer(409, {"error": f"{found['state']} is the last state"})
        connection.execute("update workflow_states set state = %s where id = %s", (state, found["id"]))
        if state == "completed":
            column, value = ("workflow_id, ", "%(id)s, ") if self.served.links_commissions else ("", "")
            written = f"""insert into sales_commissions ({column}clinic_id, customer_id, cents)
                          values ({value}%(clinic_id)s, %(customer_id)s, 4200)"""
            connection.execute(written.encode(), found)
        self._tell({"workflow": workflow, "state": state})
        return Answer(200, {"id": workflow, "state": state})

    # ---- events --------------------------------------------------------------------------------------------------

    def _tell(self, event: Row) -> None:
        """Deliver an event, or leave it where those who poll find it; without a fallback it is lost."""
        if self.is_realtime_down and not self.served.has_fallback:
            return
        via = "fallback" if self.is_realtime_down else "realtime"
        with self._told:
            self._events.append({**event, "via": via, "at": time.time()})
            self._told.notify_all()

    def _events_of(self, workflow: str, wait_s: float) -> list[Row]:
        """A workflow's events so far; without any, waiting for the first as a subscriber does."""

        def found() -> list[Row]:
            return [event for event in self._events if event["workflow"] == workflow]

        with self._told:
            self._told.wait_for(found, wait_s)
            return found()


def _one(connection: psycopg.Connection[Row], query: str, *params: str) -> Row | None:
    return connection.execute(query.encode(), params or None).fetchone()
