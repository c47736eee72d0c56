"""What the edge functions do: roles, second factor, payments, reconciliation, and events of the provider."""

from __future__ import annotations

import json
import uuid
from typing import Any

from psycopg.types.json import Jsonb

from cockpit.demo.go_live.database import Pool
from cockpit.demo.serving import Answer, Asked

MAY = {
    "super_admin": {"tenants.provision", "admins.manage", "payments.create", "payments.refund", "payments.settle"},
    "owner": {"admins.manage", "payments.create", "payments.refund", "payments.settle"},
    "admin": {"payments.create"},
}
"""The pyramid: everybody may what those below may, and a little more."""
STEP_UP = {"tenants.provision", "admins.manage", "payments.refund"}
EXPORT_LIMIT = 50_000
AFTER = {"payments.refund": "refunded", "payments.settle": "settled"}


class Functions:
    """Over a pool of connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.is_failing = False
        """Payments are declined."""
        self.says_details = False
        """Errors tell callers what only the log should know."""
        self.is_lenient = False
        """What somebody may not is only said, and done all the same."""
        self.export_limit = EXPORT_LIMIT
        self._failures: dict[str, int] = {}

    def answer(self, name: str, person: str, asked: Asked) -> Answer:
        """A request of somebody who is known."""
        said, request_id = asked.json, asked.headers.get("x-request-id", "") or str(uuid.uuid4())
        match asked.method, name:
            case "GET", "admin":
                return Answer(200, {"allowed": self._refusal(person, asked.query.get("may", "")) == ""})
            case "POST", "admin" if "action" in said:
                return self._administer(person, said)
            case "POST", "payments":
                action = f"payments.{said.get('action', '')}"
                if refusal := self._refusal(person, action):
                    return Answer(403, {"error": refusal})
                if action == "payments.create":
                    tenant, cents = int(said["tenant"]), int(said["cents"])
                    return Answer(201, self.pay(person, tenant, cents, is_test=True, request_id=request_id))
                return self._change(person, action, int(said["payment"]), request_id)
            case "POST", "reconcile":
                return Answer(201, self._reconcile(said["statement"], said["lines"]))
        detail = 'relation "payment_cards" does not exist at character 15' if self.says_details else "bad request"
        return Answer(400, {"error": detail, "request_id": request_id})

    def pay(self, person: str, tenant: int, cents: int, *, is_test: bool, request_id: str) -> dict[str, Any]:
        """A payment; it succeeds unless they fail."""
        status = "failed" if self.is_failing else "succeeded"
        with self._pool.connection() as connection:
            query = (
                "insert into payments (tenant_id, cents, status, is_test) values (%s, %s, %s, %s) returning id, status"
            )
            made = connection.execute(query, (tenant, cents, status, is_test)).fetchone()
            assert made is not None, "an insert without a row"
            self._note(connection, person, "payments.create", request_id, None, made)
        return made

    def log_in(self) -> None:
        """Somebody gives a second factor."""
        with self._pool.connection() as connection:
            connection.execute("insert into mfa_challenges (passed) values (true)")

    def take_event(self, event: dict[str, Any]) -> Answer:
        """An event of the provider. One that asks for it fails as often as it says, to see that it comes again."""
        name = str(event["id"])
        with self._pool.connection() as connection:
            is_failing = self._failures.get(name, 0) < int(event.get("fail_times", 0))
            self._failures[name] = self._failures.get(name, 0) + 1
            query = """insert into webhook_events (event_id, tenant_id, status, error) values (%s, %s, %s, %s)
                       on conflict (event_id) do update set status = excluded.status, error = excluded.error,
                         attempts = webhook_events.attempts + 1"""
            said = ("failed", "asked to fail") if is_failing else ("processed", None)
            connection.execute(query, (name, event.get("tenant"), *said))
        return Answer(500, {"error": "internal"}) if is_failing else Answer(200, {"received": True})

    # ---- who may ---------------------------------------------------------------------------------------------------

    def _refusal(self, person: str, action: str) -> str:
        """Why somebody may not; empty if they may."""
        with self._pool.connection() as connection:
            query = """select p.role, coalesce(t.require_2fa_for_payments, true) as is_required,
                              coalesce(p.mfa_last_verified_at > now() - coalesce(t.step_up_minutes, 15)
                                  * interval '1 minute', false) as is_fresh
                         from profiles p left join tenant_security_policies t using (tenant_id) where p.email = %s"""
            found = connection.execute(query, (person,)).fetchone()
        if found is None or action not in MAY[found["role"]]:
            return "not allowed"
        return "mfa_required" if action in STEP_UP and found["is_required"] and not found["is_fresh"] else ""

    def _administer(self, person: str, said: dict[str, Any]) -> Answer:
        if said["action"] == "export":
            if int(said["rows"]) > self.export_limit:
                return Answer(413, {"error": f"at most {self.export_limit} rows"})
            return Answer(202, {"export": "under way"})
        if not self.is_lenient and (refusal := self._refusal(person, said["action"])):
            return Answer(403, {"error": refusal})
        return Answer(409, {"error": "no such tenant or admin"})

    # ---- payments ----------------------------------------------------------------------------------------------------

    def _change(self, person: str, action: str, payment: int, request_id: str) -> Answer:
        with self._pool.connection() as connection:
            before = connection.execute("select id, status from payments where id = %s", (payment,)).fetchone()
            if before is None or before["status"] == "failed":
                return Answer(409, {"error": "no such payment, or it failed"})
            query = "update payments set status = %s where id = %s returning id, status"
            after = connection.execute(query, (AFTER[action], payment)).fetchone()
            assert after is not None, "it was there"
            self._note(connection, person, action, request_id, before, after)
        return Answer(200, after)

    def _reconcile(self, statement: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        with self._pool.connection() as connection:
            query = """insert into reconciliations (statement, matched, unmatched, is_sample)
                       select %s, count(p.id), count(*) - count(p.id), true
                         from jsonb_to_recordset(%s) as line (payment bigint, cents int)
                         left join payments p on p.id = line.payment and p.cents = line.cents
                       returning matched, unmatched"""
            made = connection.execute(query, (statement, Jsonb(lines))).fetchone()
            assert made is not None, "an insert without a row"
        return made

    def _note(self, connection: Any, person: str, action: str, request_id: str, before: Any, after: Any) -> None:
        query = """insert into audit_logs (actor, action, ip, user_agent, request_id, before, after)
                   values (%s, %s, '192.0.2.7', 'stand-in', %s, %s::jsonb, %s::jsonb)"""
        connection.execute(query, (person, action, request_id, json.dumps(before or {}), json.dumps(after)))
