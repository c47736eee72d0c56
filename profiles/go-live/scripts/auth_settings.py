"""New accounts must confirm their address: says so to the authentication service, and reads it back."""

import json
import os

from asking import ask

if __name__ == "__main__":
    url = f"{os.environ['MANAGEMENT_URL']}/v1/projects/{os.environ['PROJECT']}/config/auth"
    status, found = ask("PATCH", url, {"mailer_autoconfirm": False}, Authorization=f"Bearer {os.environ['TOKEN']}")
    if status == 401:
        raise SystemExit("401: a new GO_LIVE_MANAGEMENT_TOKEN is made on the platform's account page")
    if status >= 400:
        raise SystemExit(f"the management API answers {status}: {found}")
    print(json.dumps({"mailer_autoconfirm": found["mailer_autoconfirm"]}))
