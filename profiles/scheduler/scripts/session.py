"""What a logged-in user may, as JSON on one line: `python3 -B session.py lifetimes|guards|tenants|lists`.

Reads APP_URL, USER_EMAIL, USER_PASSWORD and, for `lifetimes`, JWT_SECRET and JWT_REFRESH_SECRET from the environment.
It prints facts about tokens and secrets, and never one of them.
"""

import base64
import hashlib
import hmac
import json
import os
import sys

from asking import ask, logged_in


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def lifetime(token, secret):
    """What the token itself says, not the answer that brought it; and whether the secret at hand signed it."""
    signed, _, signature = token.rpartition(".")
    claims = json.loads(decoded(signed.split(".")[1]))
    expected = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return claims["exp"] - claims["iat"], hmac.compare_digest(decoded(signature), expected)


def lifetimes(session):
    access_s, is_ours = lifetime(session["accessToken"], os.environ["JWT_SECRET"])
    refresh_s, is_ours_too = lifetime(session["refreshToken"], os.environ["JWT_REFRESH_SECRET"])
    differ = os.environ["JWT_SECRET"] != os.environ["JWT_REFRESH_SECRET"]
    return {"access_s": access_s, "refresh_s": refresh_s, "signed": is_ours and is_ours_too, "secrets_differ": differ}


def guards(session):
    path, forged = "/api/admin/organizations", session["accessToken"][:-6] + "AAAAAA"
    return {
        "nobody": ask("GET", path)[0],
        "forged": ask("GET", path, token=forged)[0],
        "user": ask("GET", path, token=session["accessToken"])[0],
    }


def own_organization(session):
    return json.loads(decoded(session["accessToken"].split(".")[1]))["organizationId"]


def tenants(session):
    own = own_organization(session)
    return {
        name: ask("GET", f"/api/organizations/{number}/clients", token=session["accessToken"])[0]
        for name, number in (("own", own), ("other", 1 if own != 1 else 2))
    }


def lists(session):
    path = f"/api/organizations/{own_organization(session)}/clients"
    status, _, found = ask("GET", path, token=session["accessToken"])
    items = found["items"] if isinstance(found, dict) else found or []
    total = found.get("total", 0) if isinstance(found, dict) else 0
    return {"status": status, "items": len(items), "total": total, "columns": len(items[0]) if items else 0}


if __name__ == "__main__":
    what = {"lifetimes": lifetimes, "guards": guards, "tenants": tenants, "lists": lists}[sys.argv[1]]
    print(json.dumps(what(logged_in(os.environ["USER_EMAIL"], os.environ["USER_PASSWORD"]))))
