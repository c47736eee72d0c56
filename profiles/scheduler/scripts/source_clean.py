"""Fails if tonight's secrets, or a file of environment variables, lie in the checked-out source; never says a secret.

Reads SOURCE, and the secrets from the other variables that the probe gives it: of a URL, the password. What git keeps
for itself and what npm installed is not looked at.
"""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

NAMES = ("JWT_SECRET", "JWT_REFRESH_SECRET", "DATABASE_URL", "APP_DATABASE_URL", "ADMIN_PASSWORD")
LEFT_OUT = {".git", "node_modules"}
SHORTEST = 8  # of fewer characters, a word of any text


def wanted():
    """The secrets as bytes, by the variable that holds each."""
    found = {}
    for name in NAMES:
        value = os.environ.get(name, "")
        secret = unquote(urlsplit(value).password or "") if name.endswith("_URL") else value
        if len(secret) >= SHORTEST:
            found[name] = secret.encode()
    return found


if __name__ == "__main__":
    source, secrets, told, files = Path(os.environ["SOURCE"]), wanted(), [], 0
    for folder, inner, names in os.walk(source):
        inner[:] = [each for each in inner if each not in LEFT_OUT]
        for path in (Path(folder) / name for name in names):
            where, files = path.relative_to(source), files + 1
            if path.name.startswith(".env") and not path.name.endswith((".example", ".sample", ".template")):
                told.append(f"{where} is there: keep it out of the checkout, or the image has it")
            if path.is_file():
                text = path.read_bytes()
                told += [f"{where} holds SCHEDULER_{name}" for name, secret in secrets.items() if secret in text]
    if not files:
        told.append(f"there is no file in {source}: SCHEDULER_SOURCE")
    if told:
        raise SystemExit("; ".join(told))
    print(f"{files} files")
