"""Names of the edge functions' secrets that are missing, empty or still a placeholder. Values are never known here.

The platform lists the SHA-256 of each value: of what people leave standing, that is known beforehand.
"""

import hashlib
import json
import os
import shutil
import subprocess

LEFT_STANDING = [
    "",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "secret",
    "test",
    "todo",
    "xxx",
    "re_xxx",
    "re_123",
    "re_xxxxxxxxx",
    "your-api-key",
    "your_api_key",
    "<your-api-key>",
    "your-resend-api-key",
    "your_resend_api_key",
    "re_your_api_key",
]
KNOWN = {hashlib.sha256(text.encode()).hexdigest() for text in LEFT_STANDING}

if __name__ == "__main__":
    if shutil.which("supabase") is None:
        raise SystemExit("there is no supabase here: install the platform's command line")
    listed = subprocess.run(
        ["supabase", "secrets", "list", "--project-ref", os.environ["PROJECT"], "-o", "json"],
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        raise SystemExit(
            f"{listed.stderr.strip()[:300]}: a new GO_LIVE_MANAGEMENT_TOKEN is made on the platform's account page"
        )
    digests = {each["name"]: each["value"] for each in json.loads(listed.stdout)}
    names = os.environ["REQUIRED"].split()
    wrong = [f"{name} is not set" for name in names if name not in digests]
    wrong += [f"{name} is a placeholder" for name in names if digests.get(name) in KNOWN]
    if wrong:
        raise SystemExit(f"{', '.join(wrong)}: supabase secrets set --env-file")
    print(f"{len(names)} set")
