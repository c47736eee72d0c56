"""The administrator logs in and sees all organizations; prints how many. Reads APP_URL, ADMIN_EMAIL, ADMIN_PASSWORD."""

import json
import os

from asking import ask, logged_in

if __name__ == "__main__":
    token = logged_in(os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])["accessToken"]
    status, _, found = ask("GET", "/api/admin/organizations", token=token)
    print(json.dumps({"status": status, "organizations": (found or {}).get("total", 0)}))
