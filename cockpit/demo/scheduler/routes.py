"""The application's routes, of both versions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
from msgspec import Struct

from cockpit.demo.scheduler import database, tokens
from cockpit.demo.scheduler.engine import Container
from cockpit.demo.scheduler.faults import Faults
from cockpit.demo.serving import Answer, Asked

_EMAIL = re.compile(r"[^@\s\"']+@[^@\s\"']+\.[a-z]+")
_SLUG = re.compile(r"[a-z0-9-]{3,40}")
_PAGE = 50


class Call(Struct, frozen=True):
    """A request, and what the application answers it from."""

    request: Asked
    connection: psycopg.Connection[tuple[object, ...]]
    container: Container
    is_new: bool
    faults: Faults

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Rows of a query; none if it gives none."""
        cursor = self.connection.execute(query.encode(), params or None)
        return cursor.fetchall() if cursor.description else []

    def secret(self, kind: str) -> str:
        """What tokens of a kind are signed with."""
        name = "JWT_SECRET" if kind == "access" else "JWT_REFRESH_SECRET"
        return self.container.env.get(name, "secret")

    def claims(self) -> dict[str, Any] | None:
        """Who asks, by their access token; None if nobody valid does."""
        token = self.request.headers.get("authorization", "").removeprefix("Bearer ")
        return tokens.verified(token, self.secret("access")) if token else None


def respond(asked: Call) -> Answer:
    """Find the route, and who may use it."""
    method, path = asked.request.method, asked.request.path
    for on_method, pattern, route in _ROUTES:
        if method == on_method and (match := re.fullmatch(pattern, path)):
            return route(asked, *match.groups())
    return _not_found()


def _not_found() -> Answer:
    return Answer(404, {"statusCode": 404, "message": "Not Found"})


def _invalid(*what: str) -> Answer:
    return Answer(400, {"statusCode": 400, "message": list(what)})


def _denied(asked: Call, *, admin: bool) -> Answer | None:
    claims = asked.claims()
    if claims is None:
        return Answer(401, {"statusCode": 401, "message": "Unauthorized"})
    if admin and asked.is_new and claims["role"] != "admin":
        return Answer(403, {"statusCode": 403, "message": "Forbidden resource"})
    return None


def _health(asked: Call) -> Answer:
    # The process lives, and that is all this says: it answers while the database is away.
    return Answer(200, {"status": "ok", "version": asked.container.image.tag.split(":")[1]})


def _ready(asked: Call) -> Answer:
    if not asked.is_new:
        return _not_found()
    try:
        asked.rows('select "approvedAt" from organizations limit 1')
    except psycopg.Error:
        return Answer(503, {"status": "error", "database": "up", "schema": "old"})
    return Answer(200, {"status": "ok", "database": "up", "schema": "current"})


def _login(asked: Call) -> Answer:
    given = asked.request.json
    email, password = str(given.get("email", "")), str(given.get("password", ""))
    if asked.is_new and not _EMAIL.fullmatch(email):
        return _invalid("email must be an email")
    found = asked.rows(
        'select u.id, u."passwordHash", u.role, u."organizationId", coalesce(o.enabled, true) from users u '
        'left join organizations o on o.id = u."organizationId" where u.email = %s',
        email,
    )
    is_right = bool(found) and found[0][1] == database.hashed(password)
    asked.rows("insert into login_attempts (email, succeeded) values (%s, %s)", email, is_right)
    if not is_right:
        return Answer(401, {"statusCode": 401, "message": "Invalid credentials"})
    who, _, role, organization, enabled = found[0]
    if not enabled:
        return Answer(403, {"statusCode": 403, "message": "Organization awaits approval"})
    claims = {"sub": who, "role": role, "organizationId": organization}
    lifetimes = (asked.faults.access_s, 7 * 86_400) if asked.is_new else (30 * 86_400, 365 * 86_400)
    pair = [tokens.issued(claims, asked.secret(kind), each) for kind, each in zip(_KINDS, lifetimes, strict=True)]
    return Answer(200, {"accessToken": pair[0], "refreshToken": pair[1], "expiresIn": 900})


_KINDS = ("access", "refresh")


def _register(asked: Call) -> Answer:
    given = asked.request.json
    slug, email = given.get("slug"), given.get("email")
    if not (isinstance(slug, str) and _SLUG.fullmatch(slug) and isinstance(email, str) and _EMAIL.fullmatch(email)):
        return _invalid("slug must match [a-z0-9-]{3,40}", "email must be an email")
    invitation = str(given.get("invitation", ""))
    if asked.is_new:
        mode = asked.rows("select value from settings where key = 'registration'")[0][0]
        used = "update invitations set used = true where code = %s and not used returning stage"
        invited = asked.rows(used, invitation) if mode != "open" else [("open",)]
        if not invited:
            return Answer(403, {"statusCode": 403, "message": f"Registration is {mode}"})
        query = 'insert into organizations (name, slug, "launchStage") values (%s, %s, %s) on conflict do nothing '
        query += "returning id"
        made = asked.rows(query, str(given.get("organization", slug)), slug, invited[0][0])
        if made and asked.faults.enables_at_once:
            asked.rows("update organizations set enabled = true where id = %s", made[0][0])
    else:
        query = "insert into organizations (name, slug) values (%s, %s) on conflict do nothing returning id"
        made = asked.rows(query, str(given.get("organization", slug)), slug)
    if not made:
        return Answer(409, {"statusCode": 409, "message": "slug is taken"})
    insert = 'insert into users (email, "passwordHash", "organizationId") values (%s, %s, %s)'
    asked.rows(insert, email, database.hashed(str(given.get("password", ""))), made[0][0])
    return Answer(201, {"organizationId": made[0][0]})


def _available(asked: Call, slug: str) -> Answer:
    if asked.is_new:
        found = asked.rows("select 1 from organizations where slug = %s", slug)
    else:
        found = asked.rows(f"select 1 from organizations where slug = '{slug}'")  # as 0.9 does it
    return Answer(200, {"slug": slug, "available": not found})


def _clients(asked: Call, organization: str) -> Answer:
    if denied := _denied(asked, admin=False):
        return denied
    claims = asked.claims() or {}
    if not asked.is_new:
        found = asked.rows('select to_jsonb(c) from clients c where "organizationId" = %s', int(organization))
        return Answer(200, [each[0] for each in found])
    if claims["role"] != "admin" and claims["organizationId"] != int(organization):
        return Answer(403, {"statusCode": 403, "message": "Forbidden resource"})
    query = 'select id, identifier, name from clients where "organizationId" = %s order by id limit %s'
    items = [
        {"id": i, "identifier": code, "name": name} for i, code, name in asked.rows(query, int(organization), _PAGE)
    ]
    total = asked.rows('select count(*) from clients where "organizationId" = %s', int(organization))[0][0]
    return Answer(200, {"items": items, "total": total, "page": 1})


def _organizations(asked: Call) -> Answer:
    if denied := _denied(asked, admin=True):
        return denied
    approved = ', "approvedAt" is not null' if asked.is_new else ", true"
    found = asked.rows(f"select id, slug, enabled{approved} from organizations order by id limit {_PAGE}")
    items = [{"id": i, "slug": slug, "enabled": on, "approved": yes} for i, slug, on, yes in found]
    return Answer(200, {"items": items, "total": len(items)})


def _approve(asked: Call, organization: str) -> Answer:
    if denied := _denied(asked, admin=True):
        return denied
    query = 'update organizations set enabled = true, "approvedAt" = now() where id = %s returning id'
    return Answer(200, {"approved": True}) if asked.rows(query, int(organization)) else _not_found()


def _create_admin(asked: Call) -> Answer:
    if asked.is_new and not asked.faults.keeps_admin_route:
        return _not_found()
    given = asked.request.json
    email = given.get("email")
    if not (isinstance(email, str) and _EMAIL.fullmatch(email)):
        return _invalid("email must be an email")
    insert = "insert into users (email, \"passwordHash\", role) values (%s, %s, 'admin')"
    asked.rows(insert, email, database.hashed(str(given.get("password", ""))))
    return Answer(201, {"email": email})


def _documentation(asked: Call) -> Answer:
    return Answer(200, {"openapi": "3.0.0", "info": {"title": "Scheduler", "version": asked.container.image.tag}})


_ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", "/health", _health),
    ("GET", "/health/ready", _ready),
    ("GET", "/docs-json", _documentation),
    ("POST", "/api/auth/login", _login),
    ("POST", "/api/auth/register", _register),
    ("GET", "/api/organizations/available/(.+)", _available),
    ("GET", r"/api/organizations/(\d+)/clients", _clients),
    ("GET", "/api/admin/organizations", _organizations),
    ("POST", r"/api/admin/organizations/(\d+)/approve", _approve),
    ("POST", "/api/admin/create", _create_admin),
)
