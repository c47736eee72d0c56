"""The application and its edge functions, as a stand-in: one address, a pool of two connections behind it.

What is no route of its own is answered with the page of the application, status 200, as single-page applications do.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections import Counter

import psycopg
from psycopg import sql

from cockpit.demo.go_live.database import Pool
from cockpit.demo.go_live.functions import Functions
from cockpit.demo.go_live.people import ANON_KEY, KEYS, SERVICE_KEY, TOKENS
from cockpit.demo.go_live.provider import SECRET, Provider
from cockpit.demo.go_live.vendor import Vendor
from cockpit.demo.serving import Answer, Asked, Server

PAGE = "<!doctype html><title>Pay</title><div id=root></div><script src=/app.js></script>"
ROLE_OF = {ANON_KEY: "anon", SERVICE_KEY: "service_role"}
HOOK = "/functions/v1/webhooks"
_TRAFFIC_S = 0.2


class App:
    """Started with the constructor, ended with `close`."""

    def __init__(self, dsn: str, vendor: Vendor, provider: Provider) -> None:
        self.vendor, self.provider = vendor, provider
        self.pool = Pool(dsn)
        self.functions = Functions(self.pool)
        self.is_down = False
        self.origin = ""
        """Which site may call; empty: its own."""
        self._calls: Counter[tuple[str, int]] = Counter()
        self._ending = threading.Event()
        self._server = Server(self._answer)
        self.url = self._server.url
        self._traffic = threading.Thread(target=self._serve_customers, name="go-live-traffic", daemon=True)
        self._traffic.start()

    def close(self) -> None:
        """Stop answering."""
        self._ending.set()
        self._traffic.join()
        self._server.close()
        self.pool.close()

    # ---- answers -------------------------------------------------------------------------------------------------

    def _answer(self, asked: Asked) -> Answer:
        if self.is_down:
            return Answer(503, {"error": "unavailable"})
        try:
            return self._route(asked)
        except (psycopg.Error, KeyError, TypeError, ValueError):  # what went wrong is for the log, not for the caller
            self.vendor.errors += 1
            return Answer(500, {"error": "internal", "request_id": asked.headers.get("x-request-id", "")})

    def _route(self, asked: Asked) -> Answer:
        if asked.path == "/api/health":
            return Answer(200, {"status": "ok", "open": self._is_open()})
        if asked.path == "/auth/v1/settings":
            return Answer(200, {"mailer_autoconfirm": self.vendor.settings["mailer_autoconfirm"]})
        if asked.path in ("/go-live/controls", "/reports/gap") and "application/json" in asked.headers.get(
            "accept", ""
        ):
            return self._report(asked)
        if (name := asked.path.removeprefix("/rest/v1/rpc/")) != asked.path:
            return self._call(name, asked)
        if (name := asked.path.removeprefix("/functions/v1/")) != asked.path:
            return self._function(name, asked)
        return Answer(200, PAGE)

    def _report(self, asked: Asked) -> Answer:
        if TOKENS.get(asked.bearer) != "root@platform.invalid":
            return Answer(401, {"error": "JWT expired"})
        gaps = self.gaps()
        if asked.path == "/reports/gap":
            return Answer(200, {"open": len(gaps), "gaps": gaps})
        return Answer(200, {"total": 7, "open": len(gaps)})

    def gaps(self) -> list[str]:
        """What the application itself finds missing, each with its area."""
        with self.pool.connection() as connection:
            row = connection.execute(
                """select (select count(*) from pg_proc where pronamespace = 'public'::regnamespace
                              and proname in ('pg_try_advisory_lock', 'pg_advisory_unlock')) = 2 as locks,
                          exists (select from payments where is_test and status = 'refunded') as refund,
                          exists (select from payments where is_test) as payment,
                          exists (select from reconciliations where is_sample and unmatched = 0) as sample"""
            ).fetchone()
        assert row is not None, "a query without a condition"
        enabled = [each["url"] for each in self.provider.endpoints.values() if each["status"] == "enabled"]
        hooks = [url for url in enabled if url.endswith(HOOK)]
        found = {
            "database: no advisory locks": row["locks"],
            "security: addresses confirm themselves": not self.vendor.settings["mailer_autoconfirm"],
            "performance: requests of people are refused": not self.vendor.rejections,
            "payment: the provider sends its events elsewhere": hooks == [f"{self.url}{HOOK}"],
            "payment: no test transaction": row["payment"],
            "payment: no refund": row["refund"],
            "payment: no reconciliation of a sample": row["sample"],
        }
        return [gap for gap, is_closed in found.items() if not is_closed]

    def _call(self, name: str, asked: Asked) -> Answer:
        """A function in `public`, called by name and argument names over a pooled connection: PostgREST in small."""
        role = ROLE_OF.get(asked.headers.get("apikey", ""))
        if role is None:
            return Answer(401, {"message": "No API key found in request"})
        arguments = sql.SQL(", ").join(
            sql.SQL("{} => {}").format(sql.Identifier(key), sql.Literal(value)) for key, value in asked.json.items()
        )
        call = sql.SQL("select {}.{}({}) as answer").format(sql.Identifier("public"), sql.Identifier(name), arguments)
        try:
            with self.pool.connection() as connection:
                connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
                row = connection.execute(call).fetchone()
        except psycopg.errors.UndefinedFunction:
            return Answer(404, {"code": "PGRST202", "message": f"Could not find the function public.{name}"})
        except psycopg.errors.InsufficientPrivilege as error:
            return Answer(401, {"code": "42501", "message": str(error).splitlines()[0]})
        return Answer(200, row["answer"] if row else None)

    def _function(self, name: str, asked: Asked) -> Answer:
        headers = {
            "Access-Control-Allow-Origin": self.origin or self.url,
            "X-RateLimit-Limit": str(self.vendor.limit),
            "X-RateLimit-Remaining": str(self._left(asked.bearer)),
        }
        if name not in self.vendor.versions:
            return Answer(404, {"error": "not found"})
        if asked.method == "OPTIONS":
            return Answer(204, None, headers)
        if name == "webhooks":
            said = self._webhook(asked)
        elif asked.headers.get("apikey") not in KEYS:
            said = Answer(401, {"error": "no API key"})
        elif (person := TOKENS.get(asked.bearer)) is None:
            said = Answer(401, {"error": "JWT expired"})
        else:
            said = self.functions.answer(name, person, asked)
        return Answer(said.status, said.content, {**headers, **said.headers})

    def _left(self, caller: str) -> int:
        """How many calls somebody may still make in this minute."""
        minute = (caller, int(time.monotonic() // 60))
        if self.vendor.is_counting:
            self._calls[minute] += 1
        return max(self.vendor.limit - self._calls[minute], 0)

    def _webhook(self, asked: Asked) -> Answer:
        signature = hmac.new(SECRET.encode(), asked.body, "sha256").hexdigest()
        if not hmac.compare_digest(signature, asked.headers.get("x-signature", "")):
            return Answer(401, {"error": "signature"})  # nothing is kept of what nobody vouches for
        return self.functions.take_event(asked.json)

    # ---- customers -----------------------------------------------------------------------------------------------

    def _is_open(self) -> bool:
        with self.pool.connection() as connection:
            row = connection.execute("select value from platform_settings where key = 'accepting_tenants'").fetchone()
        return row is not None and row["value"] == "true"

    def _serve_customers(self) -> None:
        while not self._ending.wait(_TRAFFIC_S):
            try:
                if not self.is_down and self._is_open():
                    self.functions.log_in()
                    self.functions.pay("owner@kiosk.invalid", 2, 350, is_test=False, request_id="till-1")
            except psycopg.Error:  # the database is gone, or about to
                continue
