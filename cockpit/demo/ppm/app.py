"""PPM's application and Supabase's API, as stand-ins over the real database.

What answers depends on the deployment that serves: one whose environment is not what it needs does not start, one that
is told to be broken says so of itself. Supabase's API registers users and logs them in; of tables it knows those of the
schema `public` alone, as the real one does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from cockpit.demo.ppm.database import ADMIN
from cockpit.demo.ppm.hosting import Deployment, Hosting
from cockpit.demo.serving import Answer, Asked, Server

JWT_SECRET = "7Qm2xV9rTz4LkW8pNc3Bf6YhJs1Gd5Aa"
PASSWORD = "a-test-password"
MUST_BE = {"DISABLE_BOOTSTRAP": "true", "ENABLE_DEVELOPMENT_MODE": "false"}
NEEDED = ("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_ANON_KEY", "JWT_SECRET")
_STATUS = """
select (select count(*) from auth.users), (select count(*) from public.user_profiles),
       (select count(*) from auth.users u
         where not exists (select from public.user_profiles p where p.user_id = u.id)),
       exists (select from pg_trigger where tgname = 'on_auth_user_created' and tgrelid = 'auth.users'::regclass
                and tgenabled in ('O', 'A'))
"""


def token(role: str, *, expires: timedelta = timedelta(days=30), **claims: object) -> str:
    """A JSON Web Token as Supabase signs it (HS256)."""
    expiry = int((datetime.now(UTC) + expires).timestamp())
    parts = [
        _encoded(json.dumps(part).encode()) for part in ({"alg": "HS256"}, {"role": role, "exp": expiry, **claims})
    ]
    signed = ".".join(parts)
    return f"{signed}.{_encoded(hmac.digest(JWT_SECRET.encode(), signed.encode(), hashlib.sha256))}"


def refusal(given: str) -> str:
    """Why a token does not count; empty if it does."""
    signed, _, signature = given.rpartition(".")
    expected = _encoded(hmac.digest(JWT_SECRET.encode(), signed.encode(), hashlib.sha256))
    if not signed or not hmac.compare_digest(signature, expected):
        return "invalid JWT"
    payload = signed.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return "JWT expired" if claims["exp"] < datetime.now(UTC).timestamp() else ""


def _hashed(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class App:
    """Three servers on loopback: the application, Supabase, webhooks."""

    def __init__(self, hosting: Hosting, dsn: str) -> None:
        self._hosting, self._dsn = hosting, dsn
        self.broken_releases: set[str] = set()
        """Releases that say of themselves that they are not well."""
        self.database_is_away = False
        """The application cannot reach its database."""
        self.sent: list[dict[str, Any]] = []
        """What the webhook was sent."""
        self._lock = threading.Lock()
        self._connection = psycopg.connect(dsn, autocommit=True, application_name="ppm-backend")
        hosting.on_start = self._start
        self._servers = [Server(answer) for answer in (self._app, self._supabase, self._hook)]
        self.url, self.supabase_url, self.hook_url = (server.url for server in self._servers)

    def close(self) -> None:
        """Stop answering and let go of the database."""
        for server in self._servers:
            server.close()
        self._connection.close()

    # ---- the application -----------------------------------------------------------------------------------------

    def _start(self, deployment: Deployment) -> None:
        """What an instance does before it serves: look at its environment, and tell its log."""
        env = deployment.env
        wrong = [name for name in NEEDED if not env.get(name) or env[name].startswith("your-")]
        wrong += [name for name, value in MUST_BE.items() if env.get(name) != value]
        deployment.log.append(f"starting release {deployment.release}")
        if wrong:
            deployment.log.append(f"❌ Pre-startup tests failed: {', '.join(wrong)}")
            return
        deployment.log.append("✅ Pre-startup tests passed")
        if self._row(_STATUS)[3]:
            deployment.log.append("✅ Migration verification passed")
        deployment.log.append("🚀 Starting FastAPI server...")
        deployment.is_up = True

    def _app(self, asked: Asked) -> Answer:
        serving = self._hosting.serving
        if serving is None or not serving.is_up:
            return Answer(503, {"error": "no deployment is up"})
        database = "unreachable" if self.database_is_away else "connected"
        is_well = not self.database_is_away and serving.release not in self.broken_releases
        told: dict[str, object] = {
            "status": "healthy" if is_well else "unhealthy",
            "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "database": database,
        }
        if asked.path == "/health":
            return Answer(200 if is_well else 503, told)
        if asked.path != "/admin/users/health-check":
            return Answer(404, {"detail": "Not Found"})
        if why := refusal(asked.bearer):
            return Answer(401, {"detail": why})
        users, profiles, missing, is_active = self._row(_STATUS)
        told["user_sync"] = {
            "status": "degraded" if missing else "healthy",
            "total_auth_users": users,
            "total_profiles": profiles,
            "missing_profiles": missing,
            "sync_percentage": round(100.0 * (users - missing) / max(users, 1), 2),
        }
        told["services"] = {
            "supabase": "connected",
            "auth": "operational",
            "triggers": "active" if is_active else "inactive",
        }
        return Answer(200, told)

    # ---- Supabase ------------------------------------------------------------------------------------------------

    def _supabase(self, asked: Asked) -> Answer:
        given = asked.json
        if why := refusal(asked.headers.get("apikey", "")):
            return Answer(401, {"message": why})
        if asked.path == "/auth/v1/signup":
            row = self._row(
                "insert into auth.users (email, encrypted_password) values (%s, %s) returning id",
                given["email"],
                _hashed(given["password"]),
            )
            return Answer(200, {"id": row[0], "email": given["email"]})
        if asked.path.startswith("/auth/v1/token"):
            email, password = str(given.get("email")), str(given.get("password"))
            hashes = (_hashed(password), "not a hash" if password == PASSWORD else "")
            query = "select count(*) from auth.users where email = %s and encrypted_password in (%s, %s)"
            if not self._row(query, email, *hashes)[0]:
                return Answer(400, {"error_code": "invalid_credentials", "msg": "Invalid login credentials"})
            return Answer(200, {"access_token": token("authenticated", email=given["email"]), "token_type": "bearer"})
        table = asked.path.removeprefix("/rest/v1/")
        if table == "user_profiles":
            return Answer(200, [{"count": self._row("select count(*) from public.user_profiles")[0]}])
        return Answer(
            404, {"code": "PGRST205", "message": f"Could not find the table 'public.{table}' in the schema cache"}
        )

    def _hook(self, asked: Asked) -> Answer:
        self.sent.append(asked.json)
        return Answer(200, {})

    def _row(self, query: str, *params: str) -> tuple[Any, ...]:
        with self._lock:
            row: tuple[Any, ...] | None = self._connection.execute(query.encode(), params or None).fetchone()
        assert row is not None
        return row

    @property
    def admin_token(self) -> str:
        """Of somebody who may ask how the users are."""
        return token("authenticated", email=ADMIN)
