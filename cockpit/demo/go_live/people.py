"""Who is known to go-live's stand-in: keys of programs, tokens of people."""

from __future__ import annotations

ANON_KEY = "sb_publishable_h3Tq81mLwXzK0pVe"
SERVICE_KEY = "sb_secret_Zr7Yc02NfPq5WdUa"
KEYS = (ANON_KEY, SERVICE_KEY)
SUPER_ADMIN = "eyJhbGciOi.super-admin.7f31a0"
OWNER = "eyJhbGciOi.owner-harbour.20be94"
ADMIN = "eyJhbGciOi.admin-harbour.c58d17"
STALE_OWNER = "eyJhbGciOi.owner-kiosk.93ae60"
EXPIRED = "eyJhbGciOi.super-admin.000000"
TOKENS = {
    SUPER_ADMIN: "root@platform.invalid",
    OWNER: "owner@harbour.invalid",
    ADMIN: "admin@harbour.invalid",
    STALE_OWNER: "owner@kiosk.invalid",
}
