"""A registration from beginning to end, as JSON: registered, kept out, approved by the administrator, let in.

Reads APP_URL, ADMIN_EMAIL, ADMIN_PASSWORD and INVITATION from the environment. What it registers is called
`cockpit-check`; the step after it takes that away.
"""

import json
import os

from asking import ask, logged_in

EMAIL, PASSWORD, SLUG = "check@cockpit-check.invalid", "a-password-for-one-check", "cockpit-check"

if __name__ == "__main__":
    wanted = {"organization": "Check", "slug": SLUG, "email": EMAIL, "password": PASSWORD}
    uninvited = ask("POST", "/api/auth/register", given=wanted)[0]
    invited = {**wanted, "invitation": os.environ["INVITATION"]}
    registered, _, made = ask("POST", "/api/auth/register", given=invited)
    before = ask("POST", "/api/auth/login", given={"email": EMAIL, "password": PASSWORD})[0]
    admin = logged_in(os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])["accessToken"]
    number = (made or {}).get("organizationId", 0)
    approved = ask("POST", f"/api/admin/organizations/{number}/approve", token=admin)[0]
    after = ask("POST", "/api/auth/login", given={"email": EMAIL, "password": PASSWORD})[0]
    steps = {"uninvited": uninvited, "registered": registered, "before": before, "approved": approved, "after": after}
    print(json.dumps(steps))
